"""Which periods hold which others whole, by their names."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from services.query.periods import parse
from services.query.question import PeriodKind

#: Of these the one is made of the other; a window of 365 days of months, and of days at its edge.
NESTED: tuple[tuple[PeriodKind, PeriodKind], ...] = (
    ("week", "day"),
    ("month", "day"),
    ("quarter", "month"),
    ("year", "quarter"),
    ("season", "month"),
    ("rolling", "month"),
)
_DAY = timedelta(days=1)


@cache
def kind_of(period: str) -> PeriodKind:
    """Return of which kind *period* is."""
    return parse(period).kind


@cache
def around(period: str, wide: PeriodKind) -> tuple[str, ...]:
    """Return the periods of kind *wide* that *period* is a part of."""
    found = parse(period)
    return tuple(
        name for name in _candidates(found.begins, wide) if _holds(name, found.begins, found.ends)
    )


def _candidates(day: date, wide: PeriodKind) -> Iterator[str]:
    match wide:
        case "week":
            year, week, _ = day.isocalendar()
            yield f"{year:04d}-W{week:02d}"
        case "month":
            yield f"{day:%Y-%m}"
        case "quarter":
            yield f"{day.year:04d}-Q{(day.month + 2) // 3}"
        case "year":
            yield f"{day.year:04d}"
        case "season":
            yield f"season-{day.year - (day.month < 8):04d}"
        case "rolling":
            end = _month_end(day)
            for _ in range(13):
                yield f"rolling-365@{end}"
                end = _month_end(end + _DAY)
        case _:
            raise AssertionError(wide)


def _holds(name: str, begins: date, ends: date) -> bool:
    # in a leap year a window of 365 days begins within a month: what is left of it holds less
    period = parse(name)
    return period.begins <= ends and begins <= period.ends


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - _DAY
