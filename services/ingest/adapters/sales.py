"""What is the same of every vendor's sale: taken back, a line stands once, guests, whose time."""

from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Line, Transaction
from services.ingest.adapters.base import Ignored, Origin, Parsed, Sale
from services.ingest.adapters.declared import Status

DRAFT = (Ignored("draft"),)
#: What a purchase of such a status is told as: no sale.
NO_SALES: Mapping[Status, Parsed] = {"draft": DRAFT, "test": (Ignored("test"),)}
#: A notification that only says where the record is: whoever fetches it sends the record.
THIN = (Ignored("thin"),)
EVENT = (Ignored("event"),)
_OTHER_SYSTEM = (Ignored("other_system"),)
_GUEST = (Ignored("guest"),)


def lines_of(sale: Line, status: Status) -> tuple[Line, ...]:
    """Return *sale*, and its refund where it was taken back; of what is no sale nothing.

    The refund bears the sale's number and its price without the fee; nobody tells its time.
    """
    if status in NO_SALES:
        return ()
    if status == "sold":
        return (sale,)
    return sale, replace(sale, kind="refund", fee_minor=0, at=None, at_is_date=False)


def told(transaction: Transaction, customer: Customer | None, origin: Origin) -> Parsed:
    """Return the sale, without the lines that a guest's own feed brings.

    Where no line is left of some, or it was sold when another system was in use, it is ignored:
    what an earlier version of it counted then stands until a version without lines comes.
    """
    lines = transaction.lines
    if len({(line.line, line.kind) for line in lines}) < len(lines):
        raise Rejected(Reason.INVALID_FIELD, "$.lines: a line stands twice")
    if not origin.feed.covers(transaction.sold_at):
        return _OTHER_SYSTEM
    if origin.organisation.guests:
        own = tuple(line for line in lines if not _is_guests(line, origin))
        if lines and not own:
            return _GUEST
        if len(own) < len(lines):
            transaction = replace(transaction, lines=own)
    return (Sale(transaction, customer),)


def numbered(names: list[str | None]) -> list[str]:
    """Return numbers of lines: their *names*, and which of one name it is where several have it.

    So a line keeps its number when another comes or goes.
    """
    seen: Counter[str] = Counter()
    numbers = []
    for found in names:
        name = found or ""
        seen[name] += 1
        numbers.append(name if name and seen[name] == 1 else f"{name}#{seen[name]}")
    return numbers


def one_currency(found: set[str], origin: Origin, at: str) -> str:
    """Return a transaction's currency, the register's where it names none; two are too many."""
    if len(found) > 1:
        raise Rejected(Reason.INVALID_FIELD, f"{at}: of several currencies")
    return next(iter(found), origin.organisation.currency)


def _is_guests(line: Line, origin: Origin) -> bool:
    played = line.performance
    guests = origin.organisation.guests
    return played is not None and (played.venue in guests or played.production in guests)
