"""A mapping of JSON records: where in a vendor's record each field of the open standard stands.

A file of it is shipped for each vendor of whom nothing is public; docs/mapping.md says how an
operator writes a better one.
"""

import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Map
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from kudos.errors import Misconfigured
from services.ingest.adapters.base import About, Label, Transport
from services.ingest.adapters.mapping import (
    COMPOSED,
    FIELDS,
    LINE_FIELDS,
    TRANSACTION_FIELDS,
    Reads,
    check_constants,
    check_given,
    flat,
)

#: What a record is: as it stands, a document that gives back, an order taken back as a whole, an
#: unfinished one, or none of a customer's.
State = Literal["sale", "credit", "revoked", "draft", "test"]

#: Beyond the open standard: what a vendor says in another way.
MORE_OF_TRANSACTION: Map[str, Reads] = {
    "customer.name": "text",  # given and family name in one
    "order_fee": "number",  # of the order as a whole
    "order_discount": "number",
    "total": "number",  # what the lines must come to
    "refunded_at": "moment",
}
MORE_OF_LINE: Map[str, Reads] = {
    "article": "text",  # a number that the register's items may know
    "unit_fee": "number",  # of a piece
}
OF_TRANSACTION: Map[str, Reads] = {**TRANSACTION_FIELDS, **MORE_OF_TRANSACTION}
OF_LINE: Map[str, Reads] = {**LINE_FIELDS, **MORE_OF_LINE}
KNOWN: Map[str, Reads] = {**OF_TRANSACTION, **OF_LINE}
_MOMENTS = frozenset(name for name, reads in KNOWN.items() if reads in {"moment", "version"})


class Path(Struct, frozen=True):
    """The names that lead to a value, from the record or from the line."""

    names: tuple[str, ...]
    of_record: bool = False


#: Paths of which the first that leads to something holds.
Either = tuple[Path, ...]


class Vendor(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose records they are, and how that is known."""

    name: str
    transaction_is: str
    label: Label = "ASSUMED"
    transports: tuple[Transport, ...] = ("push", "import")


class Records(Struct, frozen=True, forbid_unknown_fields=True):
    """How records are written."""

    lines: str  # the path of the list of lines; "": the record is its only line
    pages: tuple[str, ...] = ()  # what a page may name its list of records
    missing_lines: Literal["refused", "none"] = "refused"
    decimal: Literal[".", ","] = "."  # of numbers that are sent as text
    thousands: str = ""
    dates: tuple[str, ...] = ()
    refunds_dated: bool = False  # a refund without a time of its own was when the record was sold
    fees_refunded: bool = False  # where an order or a line is revoked


class Status(Struct, frozen=True, forbid_unknown_fields=True):
    """Which word of the vendor's makes a record what."""

    path: str
    words: dict[str, State]  # in small letters
    missing: State | None = None  # None: a record without the word is refused


class Document(Struct, frozen=True):
    """A mapping that was found to be in order."""

    vendor: Vendor
    about: About
    records: Records
    status: Status | None
    fields: Map[str, tuple[Either, ...]]  # joined, where they are several
    constants: Map[str, Any]
    values: Map[str, Map[str, Any]]  # field → word → value; "*": any other; "": not said


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    vendor: Vendor
    records: Records
    fields: dict[str, Any]
    about: dict[str, Any] = {}
    status: Status | None = None
    constants: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def is_document(text: str) -> bool:
    """Tell whether the mapping in *text* is of JSON records, and not of a delimited file."""
    try:
        return "records" in tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False


def load(text: str) -> Document:
    """Return the mapping in *text*, or raise Misconfigured with the place of what is wrong."""
    try:
        written = msgspec.convert(tomllib.loads(text), _Written)
        found = {
            name: (said,) if isinstance(said, str) else msgspec.convert(said, tuple[str, ...])
            for name, said in flat(written.fields, "fields", KNOWN)
        }
        values = {
            name: msgspec.convert(said, dict[str, str | int | bool])
            for name, said in flat(written.values, "values", KNOWN)
        }
        about = _about(written, found)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(f"mapping: {error}") from None
    constants = dict(flat(written.constants, "constants"))
    check_given(found.keys() | constants.keys(), ("transaction", "sold_at", "quantity"), "path")
    check_constants(constants)
    paths = {name: tuple(_either(name, one) for one in said) for name, said in found.items()}
    for name, several in paths.items():
        if not several or (len(several) > 1 and name not in COMPOSED | _MOMENTS):
            raise Misconfigured(f"mapping: fields: {name} is of one path")
    return Document(
        written.vendor, about, written.records, written.status, paths, constants, values
    )


def _either(name: str, text: str) -> Either:
    paths = tuple(either(text))
    for path in paths:
        if not all(path.names):
            raise Misconfigured(f"mapping: fields: {name}: a path is names with dots between them")
        if path.of_record and name not in OF_LINE:
            raise Misconfigured(f"mapping: fields: {name}: only a line's may be ^ of the record")
    return paths


def either(text: str) -> Iterator[Path]:
    """Yield the paths in *text*, of which the first that leads to something holds."""
    for path in text.split("|"):
        yield Path(tuple(path.removeprefix("^").split(".")), path.startswith("^"))


def _about(written: _Written, fields: Map[str, Any]) -> About:
    """Return what the file says of its vendor; what it maps, is delivered, as sure as the rest."""
    label = written.vendor.label
    delivers = {name: label for name in fields if name in FIELDS}
    delivers |= {name: label for more, name in _MEANT.items() if more in fields}
    told = {"name": written.vendor.name, **_UNSAID, **written.about}
    told["delivers"] = delivers | written.about.get("delivers", {})
    return msgspec.convert(told, About)


#: Of what an operator's own file says nothing.
_UNSAID: Map[str, Any] = dict.fromkeys(
    (
        "money",
        "times",
        "refunds",
        "exchanges",
        "versions",
        "authentication",
        "configure",
    ),
    "Not said.",
) | {"verify": ()}
#: What the fields beyond the open standard end up in.
_MEANT = {
    "customer.name": "customer.family_name",
    "order_fee": "fee",
    "unit_fee": "fee",
    "order_discount": "discount",
}
