"""How many live where, by age: what an index against the population divides by."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from kudos.errors import Misconfigured

#: What the file is called that ``kudos reference import population`` writes.
FILE = "population.csv"
COLUMNS = ("table", "year", "municipality_no", "age_band", "persons")
#: The bands of age that everybody is in: who lives there has an age.
BANDS = ("0-15", "16-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+")


class People(Struct, frozen=True):
    """Those of one age band in one municipality at the beginning of a year."""

    table: str  # what the register calls its table; "": not said
    year: int
    municipality: str  # its number
    age_band: str
    persons: int


class Population:
    """The population of one or more years, told apart by age and by place."""

    def __init__(self, people: Iterable[People] = ()) -> None:
        self._told: dict[tuple[int, str, str], dict[str, int]] = {}
        self._tables: dict[int, str] = {}
        sums: defaultdict[tuple[int, str, str], defaultdict[str, int]]
        sums = defaultdict(lambda: defaultdict(int))
        for one in people:
            self._tables[one.year] = one.table
            county = one.municipality[:2]
            for place in ("", county):
                sums[one.year, place, "age_band"][one.age_band] += one.persons
                sums[one.year, place, "county"][county] += one.persons
                sums[one.year, place, "municipality"][one.municipality] += one.persons
        self._told = {key: dict(held) for key, held in sums.items()}

    def __bool__(self) -> bool:
        """Tell whether any was imported."""
        return bool(self._tables)

    def year(self, begins: int) -> int:
        """Return the newest year that is not after *begins*, else the oldest there is."""
        return max((y for y in self._tables if y <= begins), default=min(self._tables))

    def table(self, year: int) -> str:
        """Return what the register calls the table of *year*."""
        return self._tables[year]

    def by(self, year: int, county: str, name: str) -> Mapping[str, int]:
        """Return how many there are by *name* in a county, or everywhere where it is ''."""
        return self._told.get((year, county, name), {})


def population(reference: Path | None) -> Population:
    """Return the population that was imported; an empty one where none was."""
    file = reference / FILE if reference else None
    if file is None or not file.is_file():
        return Population()
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return Population(list(_rows(text)))
    except (OSError, LookupError, TypeError, ValueError):
        raise Misconfigured(f"KUDOS_REFERENCE: cannot read {file.name}; import it again") from None


def _rows(text: Iterable[str]) -> Iterator[People]:
    rows = csv.DictReader(text)
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise KeyError
    for row in rows:
        table, year, municipality, band, persons = (row[name] for name in COLUMNS)
        yield People(table, int(year), municipality, band, int(persons))
