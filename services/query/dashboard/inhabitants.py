"""The population beside an audience: its shares, and one's own index against it."""

from collections.abc import Mapping

from services.query.answer import Answer, Cell
from services.query.dashboard import formats
from services.query.dashboard.labels import COUNTIES, label
from services.query.dashboard.withheld import SIGN
from services.query.dashboard.wording import Texts


def by_value(found: Answer | None, by: str) -> Mapping[str, Cell]:
    """Return the index of each value against the population; nothing where there is none."""
    return {cell.by[by]: cell for cell in found.cells if by in cell.by} if found else {}


def head(texts: Texts, found: Answer | None) -> list[str]:
    """Return what stands above the columns."""
    if found is None:
        return []
    return [texts(f"inhabitants.{name}") for name in ("share", "index", "interval")]


def columns(texts: Texts, cell: Cell | None) -> list[str]:
    """Return the population's share of a value, the index against it, and its interval."""
    if cell is None:
        return ["", "", ""]
    share = "" if cell.base_share is None else formats.percent(cell.base_share, texts.language)
    if cell.value is None:
        return [share, SIGN, ""]
    low, high = (formats.number(end, texts.language) for end in cell.interval or (0, 0))
    return [share, formats.number(cell.value, texts.language), f"{low}\u2013{high}"]


def says(texts: Texts, found: Answer | None, by: str, *, drawn: bool) -> str | None:
    """Say which population it is, and what is certainly over and under it the most.

    Where it is not *drawn* it is in the table.
    """
    if found is None or found.base is None or found.base.year is None:
        return None
    place = found.base.geography or ""
    of = texts("inhabitants.country") if place == "NO" else COUNTIES.get(place, place)
    key = "of" if drawn else "in_the_table"
    told = texts(f"inhabitants.{key}", place=of, year=found.base.year)
    if found.base.table:
        told += texts("inhabitants.table", table=found.base.table)
    sure = [cell for cell in found.cells if cell.value is not None and _sure(cell)]
    parts = []
    for key, over, most in (("over", True, max), ("under", False, min)):
        cells = [cell for cell in sure if ((cell.value or 0) > 100) == over]
        if cells:
            one = most(cells, key=lambda cell: cell.value or 0)
            n = formats.number(one.value or 0, texts.language)
            parts.append(texts(f"inhabitants.{key}", name=label(texts, by, one.by[by]), n=n))
    return f"{told}: {', '.join(parts)}." if parts else f"{told}."


def _sure(cell: Cell) -> bool:
    low, high = cell.interval or (0.0, 200.0)
    return low > 100 or high < 100
