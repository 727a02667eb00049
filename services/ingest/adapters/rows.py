"""The rows of a delimited file as records of the open standard, by a mapping."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct

from kudos.errors import Misconfigured
from services.ingest.adapters.cells import Read, legible, readers
from services.ingest.adapters.mapping import (
    LINE_FIELDS,
    TRANSACTION_FIELDS,
    File,
    Mapping,
    put,
)

_SIGNED = ("quantity", "unit_price", "amount")
_WITH_THEM = (*_SIGNED, "discount", "fee")


class Row(Struct, frozen=True):
    """A row's fields; what is *broken* has other cells than columns."""

    transaction: str | None
    fields: dict[str, Any]
    broken: Sequence[str] | None = None


def records(lines: Iterable[bytes], mapping: Mapping, file: str = "") -> Iterator[bytes]:
    """Yield the transactions in a file's *lines* as JSON, as ``of_cells`` does."""
    return of_cells(_cells(lines, mapping.file), mapping, file)


def of_cells(cells: Iterable[list[str]], mapping: Mapping, file: str = "") -> Iterator[bytes]:
    """Yield the transactions in rows of *cells* as JSON, for the adapter of the open standard.

    *file* is the file's name, where the mapping makes numbers of it. A row that is wrong makes its
    transaction one that the adapter rejects, and harms no other. Misconfigured is raised where the
    file has not the columns that the mapping names. Memory is bounded unless rows are grouped over
    the whole file.
    """
    rows = _rows(iter(cells), mapping, file)
    numbered = mapping.file.row_number in mapping.columns.get("transaction", ())
    for group in _GROUPS["rows" if numbered else mapping.file.group](rows):
        yield msgspec.json.encode(_record(group, mapping))


def _rows(split: Iterator[list[str]], mapping: Mapping, file: str) -> Iterator[Row]:
    written = mapping.file
    names = list(written.names)
    if written.header:
        head = [name.strip() for name in next(split, [])]
        names = names or head
    places = _places(names, mapping)
    reads = readers(mapping)
    for number, cells in enumerate(split, 1):
        own = [cell.strip() for cell in cells]
        width = len(names)
        extra = own[width:]
        broken = [legible(x) for x in own] if len(own) < width or any(extra) else None
        own = [*(own + [""] * width)[:width], str(number), file]
        yield _row(own, places, reads, mapping, broken)


def _row(
    cells: list[str],
    places: dict[str, list[int]],
    reads: dict[str, Read],
    mapping: Mapping,
    broken: Sequence[str] | None,
) -> Row:
    fields = dict(mapping.constants)
    for name, columns in places.items():
        if text := "-".join(filter(None, (cells[place] for place in columns))):
            fields[name] = reads[name](text)
    number = fields.get("transaction")
    return Row(number if isinstance(number, str) else None, fields, broken)


def _places(names: list[str], mapping: Mapping) -> dict[str, list[int]]:
    """Return where each field's columns stand; after the file's own come number and name."""
    written = mapping.file
    known = {name: place for place, name in enumerate(names)}
    virtual = ((written.row_number, len(names)), (written.file_name, len(names) + 1))
    known |= {name: place for name, place in virtual if name is not None}
    for field, columns in mapping.columns.items():
        for column in columns:
            if column not in known:
                raise Misconfigured(f"mapping: columns: {field}: the file has no column {column}")
            if names.count(column) > 1:
                raise Misconfigured(f"mapping: columns: {field}: {column} stands twice in the file")
    return {f: [known[column] for column in columns] for f, columns in mapping.columns.items()}


def _cells(lines: Iterable[bytes], written: File) -> Iterator[list[str]]:
    """Yield the cells of every row that is not empty."""
    texts = _texts(lines, written)
    if written.delimiter == "blanks":
        yield from (cells for text in texts if (cells := text.split()))
        return
    quoting = {"quotechar": written.quote} if written.quote else {"quoting": csv.QUOTE_NONE}
    read: Callable[[Iterable[str]], Iterator[list[str]]] = lambda text: csv.reader(  # noqa: E731
        text, delimiter=written.delimiter, **quoting
    )
    parts = (texts,) if written.lines_in_cells else ((text,) for text in texts)
    for part in parts:
        found = read(part)
        while True:
            try:
                cells = next(found)
            except StopIteration:
                break
            except csv.Error:
                cells = []  # a cell beyond all bounds
                yield cells
                continue
            if any(cell.strip() for cell in cells):
                yield cells


def _texts(lines: Iterable[bytes], written: File) -> Iterator[str]:
    for number, line in enumerate(lines):
        raw = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        yield raw.decode(written.encoding, "surrogateescape")


def _each(rows: Iterator[Row]) -> Iterator[list[Row]]:
    return ([row] for row in rows)


def _consecutive(rows: Iterator[Row]) -> Iterator[list[Row]]:
    seen: set[str] = set()
    for number, group in groupby(rows, lambda row: row.transaction):
        if number is None:
            yield from _each(group)
            continue
        found = list(group)
        if number in seen:
            # a part of it went before: no line of this may pass for the whole
            found = [Row(number, found[0].fields, ["rows of one transaction are apart"])]
        seen.add(number)
        yield found


def _over_all(rows: Iterator[Row]) -> Iterator[list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.transaction is None:
            yield [row]
        else:
            found.setdefault(row.transaction, []).append(row)
    yield from found.values()


_GROUPS: dict[str, Callable[[Iterator[Row]], Iterator[list[Row]]]] = {
    "rows": _each,
    "consecutive": _consecutive,
    "file": _over_all,
}


def _record(rows: Sequence[Row], mapping: Mapping) -> dict[str, Any]:
    """Return the transaction of *rows*; its own fields are those of its first sale."""
    lines = [_line(row, place, mapping) for place, row in enumerate(rows, 1)]
    sales = (place for place, line in enumerate(lines) if line.get("kind") == "sale")
    head = rows[next(sales, 0)].fields
    record: dict[str, Any] = {}
    for name in TRANSACTION_FIELDS:
        if name in head:
            put(record, name, head[name])
    record["version"] = _newest([row.fields.get("version") for row in rows])
    record["lines"] = [
        line if row.broken is None else row.broken for row, line in zip(rows, lines, strict=True)
    ]
    return record


def _newest(versions: list[Any]) -> Any:
    odd = [version for version in versions if not isinstance(version, int)]
    return odd[0] if odd else max(versions)


def _line(row: Row, place: int, mapping: Mapping) -> dict[str, Any]:
    fields = row.fields
    line: dict[str, Any] = {"line": str(place), "kind": "sale"}
    for name in LINE_FIELDS:
        if name in fields:
            put(line, name, fields[name])
    if "at" not in line and mapping.file.group != "rows" and "sold_at" in mapping.columns:
        # each row has its own time
        line["at"] = fields.get("sold_at")
    return unsigned(line)


def unsigned(line: dict[str, Any]) -> dict[str, Any]:
    """Return *line* with its sign in ``kind`` alone: one that is negative is a refund."""
    if any(_is_negative(line.get(name)) for name in _SIGNED):
        line["kind"] = "refund"
        for name in _WITH_THEM:
            if name in line:
                line[name] = _without_sign(line[name])
    return line


def _is_negative(value: Any) -> bool:
    return value < 0 if isinstance(value, int) else isinstance(value, str) and value[:1] == "-"


def _without_sign(value: Any) -> Any:
    if isinstance(value, int):
        return abs(value)
    return value.removeprefix("-") if isinstance(value, str) else value
