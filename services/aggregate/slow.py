"""Keep groups, breakdowns, curves and cross-use in step with ``visits``, at a pace of their own.

What is stale is told by what ``visits`` has covered, and the generation is all of that: so who
reads `visits` after it reads at least as much. Each table covers its own.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from services.aggregate import by, cross_use, groups, rolling
from services.aggregate.refresh import Cell, portions

#: What all of these are computed from, and who says of itself how far it is.
BASIS = "visits"
#: What is sold for later than this counts when it comes nearer: a vendor's clock may be wrong.
_AHEAD = timedelta(days=366)

_STALE = """
SELECT groupArrayIf((day, organisation, taken), taken > done), sum(taken)
FROM (
    SELECT day, organisation, max(marks) AS taken FROM covered
    WHERE target = {basis:String} GROUP BY day, organisation
) AS basis
LEFT JOIN (
    SELECT day, organisation, max(marks) AS done FROM covered
    WHERE target = {target:String} GROUP BY day, organisation
) AS before USING (day, organisation)
"""
_GENERATION = """
SELECT sum(taken) FROM (SELECT max(marks) AS taken FROM covered
    WHERE target = {basis:String} GROUP BY day, organisation)
"""
#: A day that a table has come to is noted as a cell of nobody.
_COME_TO = (
    "SELECT max(day), count() FROM covered WHERE target = {target:String} AND organisation = ''"
)
_DAYS = "SELECT min(day), max(day), count() FROM visits"


class Stale(Struct, frozen=True):
    """The cells that a table has not covered, the newest day first, and the generation."""

    generation: int
    cells: tuple[Cell, ...]

    @property
    def days(self) -> set[date]:
        """Return their days."""
        return {cell.day for cell in self.cells}


def generation_of(client: Client) -> int:
    """Return how much ``visits`` has covered: it grows with every change of it."""
    [(generation,)] = client.query(_GENERATION, parameters={"basis": BASIS}).result_rows
    return int(generation)


def look(client: Client, target: str) -> Stale:
    """Return what is stale in *target* by one reading of what is covered."""
    asked = {"basis": BASIS, "target": target}
    [(cells, generation)] = client.query(_STALE, parameters=asked).result_rows
    newest = sorted((Cell(*cell) for cell in cells), key=lambda c: (-c.day.toordinal(), c))
    return Stale(int(generation), tuple(newest))


def cover(client: Client, target: str, cells: Sequence[Cell]) -> None:
    """Note that *target* has taken in what ``visits`` had of *cells*."""
    names = ["target", "day", "organisation", "marks"]
    client.insert("covered", [(target, *cell) for cell in cells], column_names=names)


def last_day(client: Client, today: date) -> date:
    """Return the last day of the curves: today, or that of a later sale."""
    newest: date = client.query(_DAYS).result_rows[0][1]
    return max(today, min(newest, today + _AHEAD))


def run_pass(client: Client, today: date) -> None:
    """Refresh everything that is stale: daily figures, the newest days first, then the rest."""
    for target, write in DAILY.items():
        while _newest_days(client, target, write):
            pass
    last = last_day(client, today)
    refresh_curves(client, last)
    refresh_cross_use(client, last)


def _newest_days(
    client: Client, target: str, write: Callable[[Client, Sequence[Cell], int], None]
) -> bool:
    stale = look(client, target)
    for portion in portions(stale.cells):
        write(client, portion, stale.generation)
        cover(client, target, portion)
        return len(portion) < len(stale.cells)
    return False


def _write_groups(client: Client, cells: Sequence[Cell], generation: int) -> None:
    groups.recompute(client, (cell.day for cell in cells), generation)


def refresh_curves(client: Client, last: date) -> None:
    """Bring ``kpi_rolling`` to now; a new day makes the curves longer, whether or not it sold."""
    target = "kpi_rolling"
    before = come_to(client, target)
    stale = look(client, target)
    ranges = rolling.touched(stale.days, last)
    if before is None or before < last:
        [(first, _, many)] = client.query(_DAYS).result_rows
        if before is not None:
            ranges.append((before + timedelta(days=1), last))
        elif many:
            ranges.append((first, last))
    if ranges or stale.cells:
        rolling.recompute(client, rolling.united(ranges), stale.generation)
        cover(client, target, [*stale.cells, Cell(last, "", 1)])


def refresh_cross_use(client: Client, last: date) -> None:
    """Bring ``cross_use`` to now; its windows move with the days, whether or not they sold."""
    target = "cross_use"
    before = come_to(client, target)
    stale = look(client, target)
    periods = cross_use.touched(stale.days, last)
    if before is None or before < last:
        periods |= cross_use.begun(before or last, last)
    if periods or stale.cells:
        cross_use.recompute(client, periods, last, stale.generation)
        cover(client, target, [*stale.cells, Cell(last, "", 1)])


def come_to(client: Client, target: str) -> date | None:
    """Return the last day that *target* was computed for."""
    [(day, many)] = client.query(_COME_TO, parameters={"target": target}).result_rows
    return day if many else None


#: The tables by days, and what writes cells of each.
DAILY: dict[str, Callable[[Client, Sequence[Cell], int], None]] = {
    "kpi_groups": _write_groups,
    "kpi_daily_by": by.recompute,
}
#: Everything that is covered here.
TARGETS = (*DAILY, "kpi_rolling", "cross_use")
