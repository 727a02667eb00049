"""Rows of a delimited file with a head as JSON records, a field for each column."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kudos.errors import Reason, Rejected
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.cells import legible
from services.ingest.adapters.reading import Text, reader

_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ";\t,"
_json = splitter()
#: A cell as we make them; who posts rows as JSON may send numbers too.
Cells = Mapping[str, Text | int | None]
row: Callable[[bytes], dict[str, Text | int | None]] = reader(dict[str, Text | int | None])


def split(body: bytes) -> Sequence[bytes]:
    """Return the rows of *body*, UTF-8 or else Windows-1252; of JSON the records.

    Columns are delimited by what the head has most of: semicolons, tabs or commas. A row with
    other cells than columns keeps them under the names that there are, and one beyond.
    """
    text = body.removeprefix(_BOM).lstrip()
    if text.startswith((b"{", b"[")):
        return _json(body)
    rows = csv.reader(io.StringIO(_decoded(text), newline=""), delimiter=_delimiter(text))
    try:
        head = [cell.strip().casefold() for cell in next(rows, [])]
        if len(set(head)) < len(head) or not all(head):
            raise Rejected(Reason.UNREADABLE, "a column without a name of its own")
        return [_record(head, cells) for cells in rows if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise Rejected(Reason.UNREADABLE, "a cell without an end") from None


def text(cells: Cells, name: str) -> str:
    """Return what stands in a column, "" where it is not there."""
    found = cells.get(name)
    return "" if found is None else str(found).strip()


def _record(head: Sequence[str], cells: Sequence[str]) -> bytes:
    if len(cells) != len(head):
        # no row of ours has a list in it, so it is rejected alone
        return msgspec.json.encode({"row": [legible(cell) for cell in cells]})
    return msgspec.json.encode({n: legible(c.strip()) for n, c in zip(head, cells, strict=True)})


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "surrogateescape")


def _delimiter(text: bytes) -> str:
    first = text.splitlines()[0].decode("ascii", "replace") if text else ""
    return max(_DELIMITERS, key=first.count)
