"""A mapping: which columns of a delimited file are which fields of the open standard.

An operator writes it as TOML; docs/mapping.md says how.
"""

import codecs
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Map
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from kudos.errors import Misconfigured, Rejected
from kudos.register import Feed, Organisation
from services.ingest.adapters import homemade
from services.ingest.adapters.base import Origin

#: How a cell of each field is read.
Reads = Literal["text", "number", "count", "moment", "day", "truth", "version"]

TRANSACTION_FIELDS: Map[str, Reads] = {
    "transaction": "text",
    "order": "text",
    "version": "version",
    "sold_at": "moment",
    "channel": "text",
    "currency": "text",
    "customer.number": "text",
    "customer.given_name": "text",
    "customer.family_name": "text",
    "customer.email": "text",
    "customer.phone": "text",
    "customer.street": "text",
    "customer.postal_code": "text",
    "customer.country": "text",
    "customer.birth_date": "day",
    "customer.gender": "text",
    "customer.consents.statistics": "truth",
}
LINE_FIELDS: Map[str, Reads] = {
    "line": "text",
    "kind": "text",
    "item": "text",
    "ticket_type": "text",
    "price_category": "text",
    "quantity": "count",
    "unit_price": "number",
    "amount": "number",
    "discount": "number",
    "fee": "number",
    "vat_rate": "number",
    "at": "moment",
    "performance.id": "text",
    "performance.starts_at": "moment",
    "performance.production": "text",
    "performance.venue": "text",
    "performance.genre": "text",
}
FIELDS: Map[str, Reads] = {**TRANSACTION_FIELDS, **LINE_FIELDS}
#: Numbers that may be put together of several columns.
COMPOSED = {"transaction", "order", "line", "customer.number", "performance.id"}


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """How the file is written."""

    delimiter: str = ","  # one character; "blanks": any run of white space
    encoding: str = "utf-8"
    quote: Annotated[str, Meta(max_length=1)] = '"'  # "": none
    lines_in_cells: bool = False  # a quoted cell may hold several lines
    header: bool = True
    names: tuple[str, ...] = ()  # of the columns, in place of a header's
    decimal: Literal[".", ","] = "."
    thousands: str = ""  # characters that stand in numbers and mean nothing
    dates: tuple[str, ...] = ()  # as strptime has them, tried in order; none: ISO 8601
    row_number: str | None = None  # a name by which the row's number is a column
    file_name: str | None = None  # the same of the file's name
    sheet: str | None = None  # of a spreadsheet; none: its first
    group: Literal["rows", "consecutive", "file"] = "file"


class Mapping(Struct, frozen=True):
    """A mapping that was found to be in order."""

    file: File
    columns: Map[str, tuple[str, ...]]  # field → columns, joined by "-"
    constants: Map[str, Any]  # field → what it is where no cell says
    values: Map[str, Map[str, Any]]  # field → cell → value; "*": any other cell


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    file: File = field(default_factory=File)
    columns: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    values: dict[str, Any] = {}


def load(text: str) -> Mapping:
    """Return the mapping in *text*, or raise Misconfigured with the place of what is wrong."""
    try:
        written = msgspec.convert(tomllib.loads(text), _Written)
        columns = {
            name: (found,) if isinstance(found, str) else msgspec.convert(found, tuple[str, ...])
            for name, found in flat(written.columns, "columns")
        }
        values = {
            name: msgspec.convert(found, dict[str, str | int | bool])
            for name, found in flat(written.values, "values")
        }
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(f"mapping: {error}") from None
    constants = dict(flat(written.constants, "constants"))
    _check_file(written.file)
    _check_fields(columns, constants)
    return Mapping(written.file, columns, constants, values)


def flat(
    table: Map[str, Any], where: str, known: Map[str, Reads] = FIELDS, above: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield the *known* fields of a table: ``customer.number = …`` nests in TOML."""
    for name, value in table.items():
        path = above + name
        if path in known:
            yield path, value
        elif isinstance(value, dict) and any(one.startswith(f"{path}.") for one in known):
            yield from flat(value, where, known, f"{path}.")
        else:
            raise Misconfigured(f"mapping: {where}: {path} is no field of the open standard")


def _check_file(file: File) -> None:
    try:
        plain = codecs.decode(b"\n;09", file.encoding) == "\n;09"
    except (LookupError, UnicodeError):
        plain = False
    if not plain:
        raise Misconfigured(f"mapping: file.encoding: {file.encoding} cannot be read by lines")
    if file.delimiter != "blanks" and (len(file.delimiter) != 1 or file.delimiter in '\r\n\0"'):
        raise Misconfigured('mapping: file.delimiter: one character, or "blanks"')
    if file.quote == file.delimiter or file.quote in {"\r", "\n", "\0"}:
        raise Misconfigured("mapping: file.quote: another character than the delimiter, or none")
    if not file.header and not file.names:
        raise Misconfigured("mapping: file.names: without a header the columns need names")


def _check_fields(columns: Map[str, tuple[str, ...]], constants: Map[str, Any]) -> None:
    needed = ("transaction", "version", "sold_at", "quantity")
    check_given(columns.keys() | constants.keys(), needed, "column")
    for name, found in columns.items():
        if not found or (len(found) > 1 and name not in COMPOSED):
            raise Misconfigured(f"mapping: columns: {name} is of one column")
    check_constants(constants)


def check_given(given: AbstractSet[str], needed: tuple[str, ...], source: str) -> None:
    """Raise Misconfigured unless what no transaction is without is *given*, by *source* or not."""
    for name in needed:
        if name not in given:
            raise Misconfigured(f"mapping: {name}: neither a {source} nor a constant")
    if ("unit_price" in given) == ("amount" in given):
        raise Misconfigured("mapping: one of unit_price and amount, and not both")


def check_constants(constants: Map[str, Any]) -> None:
    """Raise Misconfigured unless the *constants* are right in the open standard."""
    try:
        homemade.parse(msgspec.json.encode(_specimen(constants)), _ANYBODY)
    except Rejected as error:
        raise Misconfigured(f"mapping: constants: {error.detail}") from None


_ANYBODY = Origin(Organisation("x", "x", "annet", "03", "x", "0301"), Feed("homemade"))


def _specimen(constants: Map[str, Any]) -> dict[str, Any]:
    """Return a transaction that is right if the constants are."""
    price = {} if "amount" in constants else {"unit_price": 0}
    line = {"line": "1", "kind": "sale", "quantity": 1, **price}
    whole = {"transaction": "1", "version": 1, "sold_at": "2000-01-01", "lines": [line]}
    for name, value in constants.items():
        put(line if name in LINE_FIELDS else whole, name, value)
    return whole


def put(record: dict[str, Any], name: str, value: Any) -> None:
    """Set the field *name* of *record*; dots lead into its parts."""
    *above, last = name.split(".")
    for part in above:
        record = record.setdefault(part, {})
    record[last] = value
