"""A vendor's export as it lies in a file: its native records, one after the other."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from kudos.errors import KudosError, Reason, Rejected
from services.ingest.adapters.mapping import Mapping
from services.ingest.adapters.rows import records as rows

#: What is one document, and no lines, is read as a whole; more of it does not fit beside the rest.
_MOST_WHOLE = 512 * 2**20
_MEMBER = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_record = msgspec.json.Decoder(dict[str, msgspec.Raw])

Split = Callable[[bytes], Sequence[bytes]]


class Unreadable(KudosError):
    """A file that cannot be read at all, for which there is nobody but the operator."""


def records(
    path: Path, split: Split, mapping: Mapping | None, at: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield the native records of *path*, gzip or not: rows by *mapping*, else JSON by *split*.

    *at* is told how many bytes of the file were read. Rows and lines of JSON are streamed.
    """
    with path.open("rb") as file:

        def lines() -> Iterator[bytes]:
            for number, line in enumerate(_unpacked(file)):
                if number % 500 == 0:
                    at(file.tell())
                yield line

        try:
            if mapping is not None:
                yield from rows(lines(), mapping, path.name)
            else:
                yield from _json(lines(), split)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Unreadable(f"{path.name}: the gzip file is torn") from None
        except Rejected as rejected:
            raise Unreadable(f"{path.name}: {rejected.detail}") from None
        at(file.tell())


def _unpacked(file: BinaryIO) -> Iterable[bytes]:
    start = file.read(len(_MEMBER))
    file.seek(0)
    return gzip.open(file) if start == _MEMBER else file


def _json(lines: Iterable[bytes], split: Split) -> Iterator[bytes]:
    """Yield the records of JSON: each line one where the first is, else by *split*."""
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
        yield from split(b"\n".join(parts))


def _is_record(line: bytes) -> bool:
    try:
        _record.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
