"""One JSON record into one of the open standard, by a mapping."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from kudos.errors import Reason, Rejected
from kudos.register import Feed
from services.ingest.adapters import cells
from services.ingest.adapters.documents import (
    KNOWN,
    MORE_OF_TRANSACTION,
    OF_LINE,
    Document,
    Either,
    Path,
    State,
    either,
)
from services.ingest.adapters.mapping import LINE_FIELDS, TRANSACTION_FIELDS, File, Reads, put
from services.ingest.adapters.money import LARGEST
from services.ingest.adapters.persons import legible, parted
from services.ingest.adapters.reading import numeric, raw_at
from services.ingest.adapters.rows import unsigned

_NOTHING = object()
#: Numbers with more decimals are no amounts and no quantities.
_FINEST = -9
#: What makes a composed number of several.
_JOINS: dict[Reads, str] = {"moment": " ", "version": " "}
#: A document that gives back is another than the sale's, which has the same number.
CREDIT = "-credit"
NO_SALES: frozenset[State] = frozenset({"draft", "test"})
Fields = dict[str, Any]


class Told(Struct, frozen=True):
    """A record's fields: *whole* of the open standard, *more* of the transaction beyond it."""

    state: State
    whole: Fields = {}
    more: Fields = {}
    revoked: frozenset[str] = frozenset()  # the numbers of lines that are taken back
    undated: frozenset[tuple[str, str]] = frozenset()  # of lines without a time of their own
    is_versioned: bool = False


class Translator:
    """Reads records by one mapping."""

    def __init__(self, mapping: Document) -> None:
        self._mapping = mapping
        written = mapping.records
        file = File(
            decimal=written.decimal, thousands=written.thousands, dates=tuple(written.dates)
        )
        self._reads = cells.reads(file)
        self._of_whole = {n: paths for n, paths in mapping.fields.items() if n not in OF_LINE}
        self._of_line = {n: paths for n, paths in mapping.fields.items() if n in OF_LINE}
        self._status = None if mapping.status is None else tuple(either(mapping.status.path))
        self._lines = tuple(either(written.lines)) if written.lines else ()

    def state(self, find: Callable[[Path], Any]) -> State:
        """Return what the record is by its word, or reject a word that the mapping does not have.

        *find* returns what a path leads to, or None.
        """
        if self._status is None or self._mapping.status is None:
            return "sale"
        words, missing = self._mapping.status.words, self._mapping.status.missing
        said = next((word for path in self._status if (word := find(path)) is not None), None)
        if said is None and missing is not None:
            return missing
        state = words.get(_word(said).strip().lower()) if said is not None else None
        if state is None:
            raise Rejected(Reason.INVALID_FIELD, "status: not a word that the mapping knows")
        return state

    def number(self, record: bytes) -> str | None:
        """Return the transaction's number, of which nothing but its own fields is read."""
        parts = []
        for paths in self._mapping.fields.get("transaction", ()):
            raws = (raw_at(record, path.names) for path in paths)
            raw = next((raw for raw in raws if raw is not None and bytes(raw) != b"null"), None)
            part = "" if raw is None else numeric(raw)
            if part is None:
                return None
            parts.append(part.strip())
        said = "-".join(part for part in parts if part)
        try:
            credit = self.state(lambda path: _text_of(raw_at(record, path.names))) == "credit"
        except Rejected:
            credit = False
        return (said + CREDIT if credit else said) or None

    def told(self, record: Mapping[str, Any], feed: Feed) -> Told:
        """Return what *record* says, or reject what the mapping does not find in it."""
        state = self.state(lambda path: _at(record, path.names))
        if state in NO_SALES:
            return Told(state)
        said = self._found(self._of_whole, record, record)
        found = dict(self._mapping.constants) | said
        is_known = any(name.startswith("customer.") for name in said)
        whole: Fields = {}
        for name in TRANSACTION_FIELDS:
            # constants alone are nobody
            if name in found and (is_known or not name.startswith("customer.")):
                put(whole, name, found[name])
        _name(whole, found.pop("customer.name", None))
        if isinstance(whole.get("customer"), dict):
            whole["customer"] = legible(whole["customer"])
        is_versioned = "version" in whole
        whole.setdefault("version", 0)
        number = whole.get("transaction")
        if state == "credit" and isinstance(number, str):
            whole.setdefault("order", number)
            whole["transaction"] = number + CREDIT
        lines = [
            self._line(line, record, place, feed)
            for place, line in enumerate(self._lines_of(record), 1)
        ]
        revoked = frozenset(str(line["line"]) for line in lines if line["kind"] == "revoked")
        _set_kinds(lines, state)
        whole["lines"] = lines
        undated = frozenset((str(x["line"]), str(x["kind"])) for x in lines if "at" not in x)
        more = {name: found[name] for name in found if name in MORE_OF_TRANSACTION}
        return Told(state, whole, more, revoked, undated, is_versioned)

    def _lines_of(self, record: Mapping[str, Any]) -> Sequence[Any]:
        if not self._lines:
            return (record,)
        said = next((x for path in self._lines if (x := _at(record, path.names)) is not None), None)
        if said is None and self._mapping.records.missing_lines == "none":
            return ()
        if not isinstance(said, list) or not all(isinstance(line, dict) for line in said):
            raise Rejected(Reason.INVALID_FIELD, "lines: expected a list of objects")
        return said

    def _line(self, sent: Any, record: Mapping[str, Any], place: int, feed: Feed) -> Fields:
        found = {"line": str(place), "kind": "sale"}
        found |= {n: x for n, x in self._mapping.constants.items() if n in LINE_FIELDS}
        found |= self._found(self._of_line, sent, record)
        article, fee = found.pop("article", None), found.pop("unit_fee", None)
        if "item" not in found and isinstance(article, str) and article in feed.items:
            found["item"] = feed.items[article]
        if fee is not None:
            found["fee"] = _times(fee, found.get("quantity"))
        line: Fields = {}
        for name, value in found.items():
            put(line, name, value)
        return unsigned(line)

    def _found(
        self, fields: Mapping[str, tuple[Either, ...]], inner: Any, record: Mapping[str, Any]
    ) -> Fields:
        found = {}
        for name, several in fields.items():
            value = self._value(name, several, inner, record)
            if value is not _NOTHING:
                found[name] = value
        return found

    def _value(
        self, name: str, several: tuple[Either, ...], inner: Any, record: Mapping[str, Any]
    ) -> Any:
        kind = KNOWN[name]
        said = [_first(paths, inner, record) for paths in several]
        if len(said) == 1:
            return self._read(name, kind, said[0])
        joined: list[str] = []
        for one in said:
            if one is None or one == "":
                continue
            if not _is_text(one):
                return [one]
            joined.append(str(one).strip())
        # a clock without its day says nothing
        if not joined or (kind in _JOINS and said[0] in {None, ""}):
            return _NOTHING
        return self._read(name, kind, _JOINS.get(kind, "-").join(joined))

    def _read(self, name: str, kind: Reads, said: Any) -> Any:
        """Return *said* as the open standard has it; what cannot be read, as what it rejects."""
        if said is None:
            return _NOTHING
        text = _word(said).strip() if type(said) in (str, int, bool, Decimal) else None
        if text is None:
            return [said]
        values = self._mapping.values.get(name, {})
        found = values.get(text, values.get("*")) if text else None
        if found is not None:
            return _NOTHING if found == "" else found
        if not text:
            return "" if name.startswith("customer.") and kind == "text" else _NOTHING
        if type(said) not in _SENT_AS[kind] or (kind == "text" and not _is_text(said)):
            return [said]
        # a JSON number has a point, however the vendor writes numbers as text
        return (self._reads if isinstance(said, str) else _PLAIN)[kind](text)


_PLAIN = cells.reads(File())
#: How JSON may hold each; an amount is never a float here.
_SENT_AS: Mapping[Reads, tuple[type, ...]] = {
    "text": (str, int),
    "number": (str, int, Decimal),
    "count": (str, int, Decimal),
    "moment": (str,),
    "day": (str,),
    "truth": (str, int, bool),
    "version": (str, int),
}


def _word(said: Any) -> str:
    """Return a JSON value as text that a reader or a table of values knows."""
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, Decimal):
        exponent = said.as_tuple().exponent
        fits = isinstance(exponent, int) and exponent >= _FINEST and abs(said) < LARGEST
        return format(said, "f") if fits else "beyond all bounds"
    return said if isinstance(said, str) else str(said) if isinstance(said, int) else ""


def _is_text(said: Any) -> bool:
    """Tell whether *said* is text, or a number of something."""
    return type(said) is str or (type(said) is int and 0 <= said < 1 << 63)


def _text_of(raw: Raw | None) -> str | None:
    return None if raw is None or bytes(raw) == b"null" else numeric(raw) or ""


def _at(record: Any, names: Sequence[str]) -> Any:
    for name in names:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _first(paths: Either, inner: Any, record: Mapping[str, Any]) -> Any:
    """Return what the first of the *paths* leads to that leads to something."""
    for path in paths:
        found = _at(record if path.of_record else inner, path.names)
        if found is not None:
            return found
    return None


def _set_kinds(lines: Sequence[Fields], state: State) -> None:
    """Say of each line whether it is a sale or a refund."""
    kinds = {line["kind"] for line in lines if isinstance(line["kind"], str)}
    if state == "credit" and len(kinds) > 1:
        raise Rejected(Reason.INVALID_FIELD, "lines: of both signs, in what gives back")
    for line in lines:
        if state == "credit":
            line["kind"] = "refund"
        elif line["kind"] == "revoked":
            line["kind"] = "sale"


def _name(whole: Fields, said: Any) -> None:
    """Put a name that came in one as two; what came apart stands."""
    if said is None:
        return
    given, family = parted(said) if isinstance(said, str) else (said, said)
    customer = whole.setdefault("customer", {})
    if isinstance(customer, dict):
        customer.setdefault("given_name", given)
        customer.setdefault("family_name", family)


def _times(fee: Any, quantity: Any) -> Any:
    """Return the fee of *quantity* pieces, exactly; what is none stays as it is."""
    if not isinstance(fee, str) or type(quantity) is not int or abs(quantity) >= 1 << 32:
        return fee
    return format(Decimal(fee) * abs(quantity), "f")
