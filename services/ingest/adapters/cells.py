"""One cell of a delimited file into a value of the open standard."""

import re
from collections.abc import Callable
from collections.abc import Mapping as Map
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from services.ingest.adapters.mapping import FIELDS, File, Mapping, Reads
from services.ingest.adapters.times import utc

#: Reads a cell that holds something.
Read = Callable[[str], Any]

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUTH = dict.fromkeys(("j", "ja", "1", "true", "y", "yes", "x"), True) | dict.fromkeys(
    ("n", "nei", "0", "false", "no"), False
)


def readers(mapping: Mapping) -> dict[str, Read]:
    """Return how a cell of each mapped field is read.

    What cannot be read comes out as a list of its text: nowhere in the open standard is that
    allowed, so the record is rejected, by the field's name.
    """
    kinds = reads(mapping.file)
    found = {
        name: _cell(kinds[FIELDS[name]], mapping.values.get(name, {})) for name in mapping.columns
    }
    if "customer.postal_code" in found and "customer.country" not in found:
        found["customer.postal_code"] = _norwegian(found["customer.postal_code"])
    return found


def reads(file: File) -> Map[Reads, Read]:
    """Return how text is read that is written as *file* says."""
    return {
        "text": str,
        "number": _number(file),
        "count": _count(file),
        "moment": _moment(file),
        "day": _day(file),
        "truth": lambda text: _TRUTH.get(text.lower(), [text]),
        "version": _version(file),
    }


def _cell(read: Read, values: Map[str, Any]) -> Read:
    def cell(text: str) -> Any:
        if _SURROGATE.search(text):
            # bytes that its encoding does not have
            return [legible(text)]
        found = values.get(text, values.get("*"))
        return read(text) if found is None else found

    return cell


def _norwegian(read: Read) -> Read:
    """Return what gives a postal code the zero back that a spreadsheet has dropped."""

    def postal_code(text: str) -> Any:
        return read(text.zfill(4) if re.fullmatch("[0-9]{3}", text) else text)

    return postal_code


def legible(text: str) -> str:
    """Return *text* with a question mark for each byte that its encoding does not have."""
    return text.encode("utf-8", "replace").decode()


def _number(file: File) -> Read:
    table = str.maketrans(file.decimal, ".", file.thousands)
    # a point or comma between thousands has three digits behind it, else it means something else
    signs = [sign for sign in ".," if sign in file.thousands and sign != file.decimal]
    odd = [re.compile(rf"{re.escape(sign)}(?![0-9]{{3}}(?![0-9]))") for sign in signs]

    def number(text: str) -> Any:
        if any(sign.search(text) for sign in odd):
            return [text]
        # a point is no decimal point where the decimal is a comma
        if file.decimal != "." and "." in text and "." not in file.thousands:
            return [text]
        plain = text.translate(table)
        if _NUMBER.fullmatch(plain) is None:
            return [text]
        return plain.removeprefix("+").removeprefix("" if plain.strip("-0.") else "-")

    return number


def _count(file: File) -> Read:
    number = _number(file)

    def count(text: str) -> Any:
        plain = number(text)
        if isinstance(plain, list):
            return plain
        whole, _, rest = plain.partition(".")
        return [text] if rest.strip("0") or len(whole) > 15 else int(whole)

    return count


def _moment(file: File) -> Read:
    if not file.dates:
        return str

    @lru_cache(maxsize=4096)
    def moment(text: str) -> Any:
        for written in file.dates:
            if (said := _strptime(text, written)) is not None:
                return _iso(said, written)
        return [text]

    return moment


def _day(file: File) -> Read:
    moment = _moment(file)

    def day(text: str) -> Any:
        found = moment(text)
        return found[:10] if isinstance(found, str) else found

    return day


def _version(file: File) -> Read:
    def version(text: str) -> Any:
        if text.isascii() and text.isdecimal() and len(text) < 19:
            return int(text)
        said = next(filter(None, (_strptime(text, written) for written in file.dates)), None)
        return [text] if said is None else max(0, int(utc(said).timestamp()))

    return version


def _strptime(text: str, written: str) -> datetime | None:
    try:
        return datetime.strptime(text, written)  # noqa: DTZ007 (without a zone it is Oslo's)
    except ValueError:
        return None


def _iso(said: datetime, written: str) -> str:
    if said.tzinfo is None and said.time() == time(0) and not _has_clock(written):
        return said.date().isoformat()
    return said.isoformat()


def _has_clock(written: str) -> bool:
    return any(sign in written for sign in ("%H", "%I", "%c", "%X", "%T"))
