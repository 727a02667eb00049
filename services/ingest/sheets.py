"""A spreadsheet's rows as text, as a delimited file would have them."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from msgspec.structs import replace
from python_calamine import CalamineError, CalamineWorkbook

from kudos.errors import Reason, Rejected
from services.ingest.adapters.mapping import Mapping

#: How Excel's two formats begin: a zip archive (xlsx, xlsb, ods), and the older one (xls).
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
#: What it may be unpacked, with its parts.
_MOST = 512 * 2**20
_ISO = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


def is_sheet(start: bytes) -> bool:
    """Tell whether a file that begins so is a spreadsheet."""
    return start.startswith((_ZIP, _OLE))


def typed(mapping: Mapping) -> Mapping:
    """Return *mapping* for cells of a spreadsheet, whose dates need no form."""
    dates = mapping.file.dates
    return replace(mapping, file=replace(mapping.file, dates=(*dates, *_ISO))) if dates else mapping


def cells(body: bytes, mapping: Mapping) -> Iterator[list[str]]:
    """Yield the cells of every row that is not empty, or raise Rejected."""
    _check(body)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(body)) as book:
            name = mapping.file.sheet or next(iter(book.sheet_names), "")
            if name not in book.sheet_names:
                raise Rejected(Reason.UNREADABLE, f"no sheet {name}")
            for row in book.get_sheet_by_name(name).iter_rows():
                found = [text(cell, mapping.file.decimal) for cell in row]
                if any(found):
                    yield found
    except CalamineError:
        raise Rejected(Reason.UNREADABLE, "no spreadsheet that can be read") from None


def _check(body: bytes) -> None:
    """Reject an archive that is larger than it may be, or not what it says, before it is read."""
    if not body.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MOST:
                raise Rejected(Reason.UNREADABLE, f"a spreadsheet of over {_MOST >> 20} MB")
            broken = archive.testzip()
    # torn; packed in a way that nobody knows; encrypted; cut off: zipfile has a class for each
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        broken = "all"
    if broken is not None:
        raise Rejected(Reason.UNREADABLE, "the spreadsheet is torn")


def text(cell: Any, decimal: str) -> str:
    """Return a cell as it would be written in a file whose decimal sign is *decimal*.

    A spreadsheet holds a number in binary and shows at most 15 digits of it: these are what was
    written, exactly, so 0.1 + 0.2 is 0.3 and a price never differs by what no cell shows.
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(Decimal(f"{cell:.15g}"), "f").replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()
