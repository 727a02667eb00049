"""The register of given names, as who runs KUDOS imports it: how many women and men bear each."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from kudos.errors import Misconfigured
from services.identity.names import COLUMNS, FILE, Bearers, Names, folded

#: What the columns are called, in small letters: ours, and the words of Statistics Norway's tables.
_HEADS = {
    "name": ("name", "given_name", "navn", "fornavn", "given name", "first name"),
    "women": ("women", "est_women", "kvinner", "jenter", "girls", "females"),
    "men": ("men", "est_men", "menn", "gutter", "boys", "males"),
}
#: A dot stands for fewer than it publishes, or for nobody.
_COUNT = re.compile(r"[0-9]{1,9}|\.{0,2}")
Row = tuple[str, int, int]


def read(text: bytes) -> list[Row]:
    """Return name, women and men of every row, or raise Misconfigured with the line."""
    found: dict[str, Row] = {}
    for line, (name, women, men) in _rows(text):
        if not name:
            raise Misconfigured(f"line {line}: its name is empty")
        for head, value in (("women", women), ("men", men)):
            if not _COUNT.fullmatch(value):
                raise Misconfigured(f"line {line}: {head} is no count")
        if name in found:
            raise Misconfigured(f"line {line}: its name stands twice")
        found[name] = (name, int(women.strip(".") or 0), int(men.strip(".") or 0))
    if not found:
        raise Misconfigured("it holds no name")
    return list(found.values())


def write(folder: Path, found: list[Row]) -> None:
    """Write *found* for identity; nobody ever sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(found)
    draft.replace(folder / FILE)


def said(found: list[Row], package: Mapping[str, Bearers]) -> str:
    """Return what was loaded, and how it compares with what is known without it."""
    register, ours = folded(found), Names(folded(found))
    known = Names(package)
    both = [name for name in register if ours.gender(name) and known.gender(name)]
    alike = sum(_sex(ours, name) == _sex(known, name) for name in both)
    telling = sum(ours.gender(name) is not None for name in register)
    return (
        f"{len(found):,} names, of which {telling:,} tell a gender\n"
        f"{alike:,} of {len(both):,} that the package tells too are the same there\n"
        "identity uses them from its next start on"
    )


def _sex(names: Names, name: str) -> str | None:
    told = names.gender(name)
    return None if told is None else told[0]


def _rows(text: bytes) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield the cells of a register's rows with their lines' numbers."""
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        lines = text.decode("cp1252", "replace")
    first = lines.partition("\n")[0]
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=max("\t;,", key=first.count))
    head = [cell.strip().casefold() for cell in next(rows, [])]
    places = [next((head.index(h) for h in heads if h in head), None) for heads in _HEADS.values()]
    if None in places:
        raise Misconfigured("its head does not name name, women and men")
    for row in rows:
        cells = [row[p].strip() if p is not None and p < len(row) else "" for p in places]
        yield rows.line_num, (cells[0], cells[1], cells[2])
