"""A made-up register of inhabitants as Statistics Norway would export it, and what is true of it.

No code of the product is used: DuckDB reads the register itself, by single years of age.
"""

from math import e, log
from pathlib import Path
from random import Random

import duckdb

from tests.support.beside.network import PLACES

#: Statistics Norway's head, in its own words; two years, of which a period takes one.
_HEAD = "region;kjønn;alder;år;personer;table"
YEARS = (2024, 2026)
_VALUES = {
    "age_band": """CASE WHEN age < 16 THEN '0-15' WHEN age < 25 THEN '16-24'
        WHEN age < 35 THEN '25-34' WHEN age < 45 THEN '35-44' WHEN age < 55 THEN '45-54'
        WHEN age < 65 THEN '55-64' WHEN age < 75 THEN '65-74' ELSE '75+' END""",
    "county": "region[:2]",
    "municipality": "region[:4]",
}


def register(seed: int = 3) -> str:
    """Return the register: every age of both sexes in the network's places, and one more."""
    chance = Random(seed)
    names = sorted({f"{place[1]} Sted" for place in PLACES.values()} | {"1103 Stavanger"})
    lines = [_HEAD]
    for year in YEARS:
        for name in names:
            for age in range(106):
                told = "105 år eller eldre" if age == 105 else f"{age} år"
                lines += [
                    f"{name};{sex};{told};{year};{chance.randrange(900)};07459"
                    for sex in ("Kvinner", "Menn")
                ]
    return "\n".join(lines) + "\n"


class Inhabitants:
    """Shares of the inhabitants of a year and place."""

    def __init__(self, file: Path) -> None:
        self._db = duckdb.connect()
        self._db.execute(
            "CREATE TABLE people AS SELECT *, regexp_extract(alder, '^[0-9]+')::INT AS age, "
            '"år"::INT AS year, personer::INT AS n '
            f"FROM read_csv('{file}', delim=';', header=true, all_varchar=true)"
        )

    def shares(self, year: int, county: str, by: str) -> dict[str, float]:
        """Return the share of each value; of a county, or of all where it is ''."""
        rows = self._db.execute(
            f"SELECT {_VALUES[by]} AS v, sum(n) / sum(sum(n)) OVER () FROM people "
            "WHERE year = ? AND starts_with(region, ?) GROUP BY v",
            [year, county],
        ).fetchall()
        return dict(rows)


def index(share: float, base: float, variance: float) -> tuple[float, float, float]:
    """Return an index and the ends of its 95 % interval, by the delta method on the logarithm."""
    at, wide = log(share / base), 1.96 * variance**0.5
    low, middle, high = (100 * e**end for end in (at - wide, at, at + wide))
    return middle, low, high
