"""Benchmarks: the middle of a group's organisations, and its quarters.

What is shown is never one organisation's own figure: each quantile is the mean of the three values
nearest to it, rounded as money of groups is.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from services.query.cuts.base import OF
from services.query.disclosure.model import Rules

#: So many contributors have a median, so many quarters too.
MEDIAN_FROM, QUARTERS_FROM = 5, 10
#: Of these every one's own value is compared.
MEASURES = tuple(OF)


class Benchmark(Struct, frozen=True):
    """One measure of a group's organisations over one period."""

    scope: str
    period: str
    measure: str
    organisations: int
    quartiles: tuple[float, ...]  # three, the median alone, or none
    own: Mapping[str, float]
    why: str = ""
    instead: str = ""


def own_value(measure: str, sums: Mapping[str, int]) -> float | None:
    """Return one organisation's own figure; None where it is for each of nothing."""
    plus, less, per = OF[measure]
    total = sum(sums[n] for n in plus) - sum(sums[n] for n in less)
    if not per:
        return total
    many = sum(sums[n] for n in per)
    return total / many if many > 0 else None


def benchmark(
    about: tuple[str, str, str],
    own: Mapping[str, Mapping[str, int]],
    owners: Mapping[str, str],
    rules: Rules,
) -> Benchmark:
    """Return the benchmark of (scope, period, measure) of those in *own*.

    They count where k persons are behind their figure. Five contributors of enough owners have a
    median, ten have quarters.
    """
    scope, period, measure = about
    values = {
        house: value
        for house, sums in own.items()
        if sums["persons"] >= rules.k and (value := own_value(measure, sums)) is not None
    }
    many, held = len(values), len({owners.get(house, house) for house in values})
    least = max(MEDIAN_FROM, rules.organisations + 1)
    if many < least or held <= rules.owners:
        return Benchmark(scope, period, measure, many, (), values, "too_few_organisations")
    ordered = sorted(values.values())
    places = (0.25, 0.5, 0.75) if many >= QUARTERS_FROM else (0.5,)
    shown = tuple(_rounded(_middle(ordered, place), rules.digits) for place in places)
    return Benchmark(scope, period, measure, many, shown, values)


def _middle(ordered: Sequence[float], place: float) -> float:
    """Return the mean of the three values around *place*: of nobody's alone."""
    at = min(max(round(place * (len(ordered) - 1)), 1), len(ordered) - 2)
    return sum(ordered[at - 1 : at + 2]) / 3


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")
