"""JSON into shapes; what does not fit is rejected by its path, and never by its value."""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from services.ingest.adapters import money, times

T = TypeVar("T")

#: How deep a record may be nested; the deepest seen of any vendor is seven.
DEEPEST = 32
#: The regular expression of text without NUL, which no table and no log takes well.
NO_NUL = r"^[^\u0000]*$"
#: Words for people: names, types, places.
Text = Annotated[str, Meta(max_length=1000, extra_json_schema={"pattern": NO_NUL})]
#: A sender's own number of something; it may not be empty.
Number = Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema={"pattern": NO_NUL})]
#: A vendor's number of something that is a JSON number or text; beyond 2⁵³ too.
Numeric = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] | Number
#: What a vendor's document is in; another word is no currency.
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Quantity = Annotated[int, Meta(ge=0, le=(1 << 32) - 1)]

_HOOKS: dict[Any, Callable[[Any], Any]] = {
    money.Amount: money.amount,
    money.Signed: money.signed,
    money.Local: money.local,
    times.Moment: times.moment,
}
_any = msgspec.json.Decoder(Any, float_hook=Decimal).decode
_fields: Callable[[bytes | msgspec.Raw], dict[str, msgspec.Raw]] = msgspec.json.Decoder(
    dict[str, msgspec.Raw]
).decode
_numeric: Callable[[bytes | msgspec.Raw], int | str] = msgspec.json.Decoder(Numeric).decode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_OPEN = ord("[")
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_MISSING = re.compile(r"Object missing required field `(\w+)`")


def reader(shape: type[T]) -> Callable[[bytes], T]:
    """Return what reads JSON as *shape*, or raises Rejected; numbers never become floats."""
    decode = msgspec.json.Decoder(shape, dec_hook=_hook, float_hook=Decimal).decode

    def read(record: bytes) -> T:
        found = _checked(record, decode)
        if b"\\u0000" in record:
            _refuse_nul(found)
        return found

    return read


def fields(record: bytes) -> dict[str, Any]:
    """Return the fields of a JSON object with their names in small letters; reject all else."""
    found = document(record)
    lowered = {name.lower(): value for name, value in found.items()}
    if len(lowered) < len(found):
        raise Rejected(Reason.INVALID_FIELD, "$: a name stands twice")
    return lowered


def document(record: bytes) -> dict[str, Any]:
    """Return a JSON object as it stands, its numbers int or Decimal; reject all else."""
    found: Any = _checked(record, _any)
    if not isinstance(found, dict):
        raise Rejected(Reason.INVALID_FIELD, "$: expected an object")
    return found


def fit(found: dict[str, Any], shape: type[T], record: bytes) -> T:
    """Return what ``fields`` found in *record* as *shape*, with names in small letters."""
    try:
        fitting = msgspec.convert(found, shape, dec_hook=_hook)
    except msgspec.ValidationError as error:
        raise Rejected(Reason.INVALID_FIELD, told(error)) from None
    if b"\\u0000" in record:
        _refuse_nul(fitting)
    return fitting


def _checked(record: bytes, decode: Callable[[bytes], T]) -> T:
    check_depth(record)
    try:
        if not record.isascii():
            # what the shape has no place for is skipped unread
            record.decode()
        return decode(record)
    except msgspec.ValidationError as error:
        raise Rejected(Reason.INVALID_FIELD, told(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected(Reason.UNREADABLE, "not JSON in UTF-8") from None
    except ArithmeticError:
        raise Rejected(Reason.INVALID_FIELD, "$: a number beyond all bounds") from None


def _refuse_nul(found: Any) -> None:
    if path := next(_with_nul(found, "$"), None):
        raise Rejected(Reason.INVALID_FIELD, f"{path}: holds NUL")


def number_of(*names: str) -> Callable[[bytes], str | None]:
    """Return what tells the number in the first of the fields *names* that is there and not null.

    Names are in any case. It reads that field alone, so the rest may be too deep, of a wrong type
    or in a wrong encoding.
    """

    def number(record: bytes) -> str | None:
        try:
            fields = {name.lower(): raw for name, raw in _fields(record).items()}
            sent = (fields[name.lower()] for name in names if name.lower() in fields)
            found = next(raw for raw in sent if bytes(raw) != b"null")
        except (*_BROKEN, StopIteration):
            return None
        return numeric(found)

    return number


def raw_at(record: bytes, names: Sequence[str]) -> msgspec.Raw | None:
    """Return what the *names* lead to in *record*, of which nothing else is read; None: nothing."""
    found = msgspec.Raw(record)
    try:
        for name in names:
            found = _fields(found)[name]
    except (*_BROKEN, LookupError):
        return None
    return found


def numeric(raw: bytes | msgspec.Raw) -> str | None:
    """Return the number that *raw* is as text; None: it is none. It never raises."""
    try:
        said = str(_numeric(raw))
    except _BROKEN:
        return None
    return None if "\0" in said else said


def told(error: msgspec.ValidationError) -> str:
    """Return the path of what is wrong, and what was expected there; no value.

    Of msgspec's messages only those that begin so speak of types and bounds alone: "Invalid enum
    value 'Kari' - at `$.kind`" quotes its input.
    """
    message, found, path = str(error).rpartition(" - at ")
    if not found:
        message, path = path, "`$`"
    path = path.strip("`")
    if missing := _MISSING.fullmatch(message):
        return f"{path}.{missing[1]}: missing"
    return f"{path}: {message[0].lower()}{message[1:]}" if message.startswith("Expected ") else path


def check_depth(record: bytes) -> None:
    """Reject what is nested deeper than DEEPEST, before anything is decoded."""
    if record.count(b"[") + record.count(b"{") <= DEEPEST:
        return
    left = brackets = _STRING.sub(b"", record).translate(_ALIKE, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
    # what is left is deeper, or is not closed and will not decode
    if left and _is_deep(brackets):
        raise Rejected(Reason.TOO_DEEP, "$")


def _is_deep(brackets: bytes) -> bool:
    """Tell whether it is nested too deep anywhere; it looks no further than that."""
    depth = 0
    for byte in brackets:
        depth += 1 if byte == _OPEN else -1
        if depth > DEEPEST:
            return True
    return False


def _hook(shape: Any, sent: Any) -> Any:
    return _HOOKS[shape](sent)


def _with_nul(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of text with NUL in what was read; only our own names are told."""
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, Struct):
        names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        for name, sent in names:
            yield from _with_nul(getattr(value, name), f"{path}.{sent}")
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from _with_nul(item, f"{path}[{place}]")
