"""Culture Segments TagTool: one row for each customer that was tagged with a segment.

ASSUMED, all of it: no specification of the export is public. The eight names are those of Morris
Hargreaves McIntyre; a code is taken to be a name's first three letters. The names of the columns,
and other words for segments, the register may correct: ``columns``, ``segments``.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar, get_args

from kudos.errors import Reason, Rejected
from kudos.records import Basis, Consents, Customer, Segment, Stated
from services.ingest.adapters import times
from services.ingest.adapters.base import About, Adapter, Origin, Parsed, Person
from services.ingest.sources.cells import Cells, row, split, text

T = TypeVar("T")

SEGMENTS: tuple[Segment, ...] = get_args(Segment)
_NAMES: Mapping[str, Segment] = {name.casefold(): name for name in SEGMENTS}
_CODES: Mapping[str, Segment] = {name[:3].casefold(): name for name in SEGMENTS}
#: The columns, by what we call them; the register's ``columns`` may name others.
_COLUMNS = (
    "customer_id",
    "email",
    "segment",
    "segment_code",
    "tagged_at",
    "method",
    "confidence",
    "consent",
)
#: Golden questions are the customer's own answers; behaviour is somebody's reckoning.
_METHODS: Mapping[str, Basis] = {
    "": "declared",
    "golden_questions": "declared",
    "self_reported": "declared",
    "behavioural": "inferred",
    "behavioral": "inferred",
}
#: Of a tag that was reckoned and does not say how surely.
_UNSAID = 0.5
_CONFIDENCE = re.compile(r"0(?:[.,][0-9]{1,9})?|1(?:[.,]0{1,9})?")
_TRUTH: Mapping[str, bool | None] = {
    "": None,
    **dict.fromkeys(("ja", "j", "yes", "y", "true", "1"), True),
    **dict.fromkeys(("nei", "n", "no", "false", "0"), False),
}


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the tag in a row; a segment, a method or a consent that is not known is rejected."""
    cells = _named(row(record), origin)
    number, email = text(cells, "customer_id"), text(cells, "email")
    if not number and not email:
        raise _wrong("customer_id: missing, and email")
    agreed = _one_of(_TRUTH, cells, "consent")
    customer = Customer(
        number=number or None, email=email or None, consents=Consents(statistics=agreed)
    )
    basis = _one_of(_METHODS, cells, "method")
    said = Stated(basis, _confidence(cells, basis), _segment(cells, origin))
    return (Person(customer, times.read(text(cells, "tagged_at"), "tagged_at").at, said),)


def _segment(cells: Cells, origin: Origin) -> Segment:
    """Return the segment by its name, else its code; the two may not contradict each other."""
    own = origin.feed.own.get("segments")
    words = own if isinstance(own, dict) else {}
    found: set[Segment] = set()
    for column in ("segment", "segment_code"):
        said = text(cells, column)
        word = str(words.get(said, said)).casefold()
        named = _NAMES.get(word, _CODES.get(word))
        if said and named is None:
            raise _wrong(f"{column}: none of the eight, nor among the register's segments")
        found |= {named} if said and named else set()
    if len(found) != 1:
        raise _wrong("segment: contradicts its code" if found else "segment: missing")
    return found.pop()


def _confidence(cells: Cells, basis: Basis) -> float:
    said = text(cells, "confidence")
    if not said:
        return 1.0 if basis == "declared" else _UNSAID
    if not _CONFIDENCE.fullmatch(said):
        raise _wrong("confidence: expected 0 to 1")
    return float(Decimal(said.replace(",", ".")))


def _one_of(known: Mapping[str, T], cells: Cells, column: str) -> T:
    said = text(cells, column).casefold().replace(" ", "_")
    if said not in known:
        raise _wrong(f"{column}: not a word that is known")
    return known[said]


def _named(cells: Cells, origin: Origin) -> Cells:
    """Return *cells* by our names of the columns."""
    own = origin.feed.own.get("columns")
    names = own if isinstance(own, dict) else {}
    lowered = {name.casefold(): value for name, value in cells.items()}
    return {name: lowered.get(str(names.get(name, name)).casefold()) for name in _COLUMNS}


def _wrong(what: str) -> Rejected:
    return Rejected(Reason.INVALID_FIELD, what)


ABOUT = About(
    name="Culture Segments TagTool",
    delivers={
        "customer.number": "ASSUMED",
        "customer.email": "ASSUMED",
        "customer.consents.statistics": "ASSUMED",
    },
    money="None.",
    times="`tagged_at`, a date or a date and time; of several tags the newest stands. One that is "
    "dated ahead is of when it came in.",
    refunds="None.",
    exchanges="None.",
    versions="None: each tag stands beside the others, by its time.",
    authentication="As the open standard: a signature, or a secret address. Files are imported.",
    configure='`id = "tagtool"`, with `numbers_of`, the vendor whose customer numbers it carries. '
    "A file has a head and is delimited by semicolons, tabs or commas, in UTF-8 or Windows-1252; "
    "the columns are `customer_id`, `email`, `segment`, `segment_code`, `tagged_at`, `method`, "
    '`confidence`, `consent`. Other names of columns: `columns = { customer_id = "custID" }`. '
    'Other words for segments, and numbers: `segments = { "1" = "Essence" }`; a word that '
    "nobody has declared is a dead letter and never a guess. A tag by `golden_questions` or "
    "without a method is declared, a `behavioural` one inferred, so it never stands before what "
    "the customer said; one without a confidence has 1 and 0.5. Who said no in `consent` is left "
    "out.",
    verify=(
        "The export itself: its columns, its delimiter, how dates are written",
        "Whether segments come as names, codes or numbers",
        "Whether consent to statistics is in it, and by what words",
    ),
)

ADAPTER = Adapter(
    label="ASSUMED",
    transports=("import", "push"),
    transaction_is="a row, one customer's tag, which is no sale",
    split=split,
    parse=parse,
    number=lambda _record: None,  # a customer's number names nothing in the clear
    about=ABOUT,
)
