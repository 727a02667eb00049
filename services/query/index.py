"""The index: a value's share in a scope over its share in a base, times 100, with an interval."""

from collections.abc import Iterable, Mapping
from math import exp, log, sqrt

from kudos.breakdowns import UNKNOWN
from kudos.population import Population
from services.query.answer import Base, Cell
from services.query.question import Period

_Z = 1.96  # of a 95 % interval
Told = Mapping[tuple[tuple[str, str], ...], Cell]


def told(cells: Iterable[Cell]) -> Told:
    """Return *cells* by what they are told apart by."""
    return {tuple(sorted(cell.by.items())): cell for cell in cells}


def against(
    mine: Iterable[Cell], theirs: Told, wholes: tuple[int | float | None, int | float | None]
) -> list[Cell]:
    """Return the index of each of *mine* against the same of *theirs*; *wholes* are of the two.

    The interval is of a ratio of two shares (delta method on its logarithm).
    """
    found = []
    for cell in mine:
        other = theirs.get(tuple(sorted(cell.by.items())))
        if cell.value is None:
            found.append(cell)
        elif other is None or other.value is None or None in wholes:
            why = (other.why if other else None) or "undefined"
            instead = other.instead if other else None
            found.append(Cell(by=cell.by, value=None, why=why, instead=instead or None))
        else:
            found.append(_compared((cell, other), (wholes[0] or 0, wholes[1] or 0)))
    return found


def _compared(cells: tuple[Cell, Cell], whole: tuple[float, float]) -> Cell:
    (a, b), (n, m) = (float(cell.value or 0) for cell in cells), whole
    if min(a, b, n, m) <= 0:
        return Cell(by=cells[0].by, value=None, why="undefined")
    return _cell(cells[0].by, (a / n) / (b / m), 1 / a - 1 / n + 1 / b - 1 / m)


def against_population(
    mine: Iterable[Cell], whole: Cell, people: Mapping[str, int]
) -> Iterable[Cell]:
    """Yield the index of each of *mine*, told apart by one breakdown, against *people*.

    A population's ages and places are all known, so that it is held against those whose are:
    *whole* less the unknown. It is no sample; the interval is of one's own share alone.
    """
    cells = [*mine]
    unknown = next((cell for cell in cells if UNKNOWN in cell.by.values()), None)
    why = next((c.why or "undefined" for c in (whole, unknown) if c and c.value is None), None)
    known = (whole.value or 0) - ((unknown.value or 0) if unknown else 0)
    everybody = sum(people.values())
    for cell in cells:
        [value] = cell.by.values()
        if value == UNKNOWN:
            continue  # nobody's is in a population
        a, share = float(cell.value or 0), people.get(value, 0) / max(everybody, 1)
        base_share = round(share, 4)
        if cell.value is None or why:
            reason = cell.why if cell.value is None else why
            yield Cell(by=cell.by, value=None, why=reason, base_share=base_share)
        elif min(a, share, known) <= 0 or a > known:
            yield Cell(by=cell.by, value=None, why="undefined", base_share=base_share)
        else:
            found = _cell(cell.by, a / known / share, 1 / a - 1 / known)
            yield Cell(
                by=cell.by, value=found.value, interval=found.interval, base_share=base_share
            )


def base_of(population: Population, base: str, period: Period) -> Base:
    """Return what is held against over *period*: which year of which table, of which place."""
    year = population.year(period.begins.year)
    county = base.partition(":")[2]
    return Base("population", county or "NO", year, population.table(year) or None)


def _cell(by: Mapping[str, str], ratio: float, variance: float) -> Cell:
    wide = _Z * sqrt(max(0.0, variance))
    low, high = (round(100 * exp(log(ratio) + sign * wide), 1) for sign in (-1, 1))
    return Cell(by=by, value=round(100 * ratio, 1), interval=(low, high))
