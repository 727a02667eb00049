"""The register of inhabitants by age and municipality, as who runs KUDOS imports it."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from kudos.errors import Misconfigured
from kudos.population import BANDS, COLUMNS, FILE, People

#: What the columns are called, in small letters: ours, and the words of Statistics Norway's tables.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "year": ("year", "år"),
    "municipality_no": ("municipality_no", "region", "kommune", "municipality"),
    "age": ("age", "alder", "age_band"),
    "persons": ("persons", "personer", "value", "verdi", "folkemengde", "population"),
}
#: Those that may be missing. Sexes are added up.
_MORE: Mapping[str, tuple[str, ...]] = {"sex": ("sex", "kjønn", "gender"), "table": ("table",)}
_YEAR, _COUNT = re.compile(r"(?:19|20)[0-9]{2}"), re.compile(r"[0-9]{1,9}")
#: A number alone, or with the name behind it, as the tables have them: 0301 Oslo, K-0301 Oslo.
_PLACE = re.compile(r"(?:K-)?([0-9]{4})(?: .*)?")
#: 34, 34 år, 0-15, 16-24 years (or an en dash), 75+, 105 år eller eldre.
_AGE = re.compile(
    r"([0-9]{1,3})(?:\s*[-\u2013]\s*([0-9]{1,3}))?\s*(\+)?"
    r"(?:\s*(?:år|years?))?(?:\s+(eller eldre|or older|or over))?"
)


def read(text: bytes) -> list[People]:
    """Return the inhabitants by year, municipality and band, or raise Misconfigured by line."""
    found: defaultdict[tuple[str, int, str, str], int] = defaultdict(int)
    seen: set[tuple[int, str, str, str]] = set()
    tables: dict[int, str] = {}
    for line, row in _rows(text):
        year, place, band = _checked(line, row)
        key = (year, place, row["age"], row["sex"])
        if key in seen:
            raise Misconfigured(f"line {line}: its year, municipality, age and sex stand twice")
        if tables.setdefault(year, row["table"]) != row["table"]:
            raise Misconfigured(f"line {line}: its year is of another table above")
        seen.add(key)
        found[row["table"], year, place, band] += int(row["persons"])
    if not found:
        raise Misconfigured("it holds no inhabitants")
    return [People(*key, persons) for key, persons in sorted(found.items())]


def write(folder: Path, found: list[People]) -> None:
    """Write *found* for query; nobody ever sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows((o.table, o.year, o.municipality, o.age_band, o.persons) for o in found)
    draft.replace(folder / FILE)


def said(found: list[People]) -> str:
    """Return what was loaded."""
    lines = []
    for year in sorted({one.year for one in found}):
        held = [one for one in found if one.year == year]
        places = len({one.municipality for one in held})
        missing = [band for band in BANDS if band not in {one.age_band for one in held}]
        total = sum(one.persons for one in held)
        lines.append(
            f"{year}: {total:,} inhabitants of {places:,} municipalities"
            + (f"; nobody is {', '.join(missing)}" if missing else "")
        )
    return "\n".join([*lines, "query uses them from its next start on"])


def _checked(line: int, row: Mapping[str, str]) -> tuple[int, str, str]:
    place, band = _PLACE.fullmatch(row["municipality_no"]), _band(row["age"])
    checks = {
        "year is none": _YEAR.fullmatch(row["year"]),
        "municipality_no is not four digits": place,
        "age is in none of the bands": band,
        "persons is no count": _COUNT.fullmatch(row["persons"]),
    }
    for wrong, right in checks.items():
        if not right:
            raise Misconfigured(f"line {line}: {wrong}")
    return int(row["year"]), place[1] if place else "", band or ""


def _band(age: str) -> str | None:
    """Return the band that all of *age* is in; None where it is no age, or in two of them."""
    found = _AGE.fullmatch(age)
    if found is None:
        return None
    low, open_ = int(found[1]), bool(found[3] or found[4])
    high = int(found[2] or low)
    for band in BANDS:
        first, _, last = band.removesuffix("+").partition("-")
        if band.endswith("+"):
            if low >= int(first):
                return band
        elif not open_ and int(first) <= low <= high <= int(last):
            return band
    return None


def _rows(text: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows with their lines' numbers; a column that may be left out is empty."""
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        lines = text.decode("cp1252", "replace")
    first = lines.partition("\n")[0]
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=max("\t;,", key=first.count))
    head = [cell.strip().casefold() for cell in next(rows, [])]
    places = {
        name: next((head.index(word) for word in words if word in head), None)
        for name, words in {**_HEADS, **_MORE}.items()
    }
    if any(places[name] is None for name in _HEADS):
        raise Misconfigured("its head does not name year, municipality_no, age and persons")
    for cells in rows:
        told = {
            name: cells[at].strip() if at is not None and at < len(cells) else ""
            for name, at in places.items()
        }
        if any(told.values()):
            yield rows.line_num, told
