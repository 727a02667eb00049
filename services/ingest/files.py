"""A vendor's export as it lies in a file: its native records, one after the other."""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from lxml import etree
from msgspec.structs import replace

from kudos.errors import KudosError, Misconfigured, Reason, Rejected
from services.ingest import sheets
from services.ingest.adapters import trees
from services.ingest.adapters.base import Adapter
from services.ingest.adapters.mapping import Mapping
from services.ingest.adapters.rows import of_cells
from services.ingest.adapters.rows import records as rows

#: What is one document, and no lines, is read as a whole; more of it does not fit beside the rest.
_MOST_WHOLE = 512 * 2**20
_MEMBER = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PART = 2**16
_record = msgspec.json.Decoder(dict[str, msgspec.Raw])

At = Callable[[int], None]


class Unreadable(KudosError):
    """A file that cannot be read at all, for which there is nobody but the operator."""


class _Watched:
    """A file that tells how many bytes of what lies on the disk were read."""

    def __init__(self, raw: BufferedReader, at: At) -> None:
        self._raw, self._at = raw, at
        start = raw.read(len(_MEMBER))
        raw.seek(0)
        packed = start == _MEMBER
        self._file = cast("BufferedReader", gzip.GzipFile(fileobj=raw)) if packed else raw

    def start(self) -> bytes:
        """Return how what is in it begins; nothing is read by that."""
        return self._file.peek(200)[:200]

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self._at(self._raw.tell())
        return found

    def lines(self) -> Iterator[bytes]:
        """Yield the lines."""
        for number, line in enumerate(self._file):
            if number % 500 == 0:
                self._at(self._raw.tell())
            yield line

    def whole(self) -> bytes:
        """Return all of it, or reject what is too large for that."""
        found = self.read(_MOST_WHOLE + 1)
        if len(found) > _MOST_WHOLE:
            raise Rejected(Reason.UNREADABLE, f"one document of over {_MOST_WHOLE >> 20} MB")
        return found


def records(path: Path, adapter: Adapter, mapping: Mapping | None, at: At) -> Iterator[bytes]:
    """Yield the native records of *path*, gzip or not: rows by *mapping*, else by *adapter*.

    *at* is told how many bytes of the file were read. Rows, lines of JSON, and XML of which the
    adapter has a stream, are streamed; spreadsheets have rows.
    """
    with path.open("rb") as raw:
        file = _Watched(raw, at)
        try:
            yield from _found(file, adapter, mapping, path.name)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Unreadable(f"{path.name}: the gzip file is torn") from None
        except Rejected as rejected:
            raise Unreadable(f"{path.name}: {rejected.detail}") from None
        at(raw.tell())


def _found(file: _Watched, adapter: Adapter, mapping: Mapping | None, name: str) -> Iterator[bytes]:
    start = file.start()
    if sheets.is_sheet(start):
        if mapping is None:
            raise Rejected(Reason.UNREADABLE, "a spreadsheet is read by a mapping: --mapping")
        return of_cells(sheets.cells(file.whole(), mapping), sheets.typed(mapping), name)
    if mapping is not None:
        return rows(*_as_written(file, mapping, start), name)
    if trees.is_xml(start):
        if adapter.stream is not None:
            return adapter.stream(cast("BinaryIO", file))
        return iter(adapter.split(file.whole()))
    return _json(_as_utf8(file) if start.startswith(_UTF_16) else file.lines(), adapter)


def _as_utf8(file: _Watched) -> Iterator[bytes]:
    """Yield the lines of UTF-16, as many programs of Windows write it, in UTF-8."""
    rest = ""
    try:
        for part in codecs.iterdecode(iter(lambda: file.read(_PART), b""), "utf-16"):
            *lines, rest = (rest + part).split("\n")
            yield from (f"{line}\n".encode() for line in lines)
    except UnicodeError:
        raise Rejected(Reason.UNREADABLE, "not the UTF-16 that it begins with") from None
    if rest:
        yield rest.encode()


def _as_written(file: _Watched, mapping: Mapping, start: bytes) -> tuple[Iterator[bytes], Mapping]:
    """Return lines and how they are written: what begins as UTF-16 is that, whatever is said."""
    if not start.startswith(_UTF_16):
        return file.lines(), mapping
    return _as_utf8(file), replace(mapping, file=replace(mapping.file, encoding="utf-8"))


def check_schema(path: Path, schema: Path) -> None:
    """Raise Unreadable where the XML in *path* is not valid by the XSD in *schema*.

    It says where, and nothing of what stands there.
    """
    try:
        known = etree.XMLSchema(etree.parse(str(schema), etree.XMLParser(no_network=True)))
    except (etree.LxmlError, OSError):
        raise Misconfigured(f"{schema.name} is no XSD") from None
    with path.open("rb") as raw:
        file = _Watched(raw, lambda _bytes: None)
        try:
            found = trees.tree(file.whole())
        except Rejected as rejected:
            raise Unreadable(f"{path.name}: {rejected.detail}") from None
    if not known.validate(found):
        line = known.error_log[0].line
        raise Unreadable(f"{path.name}: line {line}: not valid by {schema.name}")


def _json(lines: Iterable[bytes], adapter: Adapter) -> Iterator[bytes]:
    """Yield the records of JSON: each line one where the first is, else by the adapter's split."""
    rest = (line for line in lines if line.strip())
    first = next(rest, b"").removeprefix(_BOM).strip()
    second = next(rest, None)
    if second is not None and _is_record(first):
        yield from (line.strip() for line in chain((first, second), rest))
        return
    parts, size = [first], len(first)
    for line in chain(() if second is None else (second,), rest):
        parts.append(line)
        size += len(line)
        if size > _MOST_WHOLE:
            told = f"one document of over {_MOST_WHOLE >> 20} MB: export it in lines"
            raise Rejected(Reason.UNREADABLE, told)
    if size:
        yield from adapter.split(b"\n".join(parts))


def _is_record(line: bytes) -> bool:
    try:
        _record.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
