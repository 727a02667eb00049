"""Periods as a person moves among them: what holds a day, what is next, what to hold against."""

from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from services.query import periods
from services.query.problems import Refused
from services.query.question import Period

#: What a form offers: every kind of period, as it stands in the form.
CHOICES = (
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "season",
    *(f"rolling-{window}" for window in periods.WINDOWS),
)
#: The same weekdays a year ago.
_YEAR_OF_WEEKS = timedelta(weeks=52)
_DAY = timedelta(days=1)


class Against(Struct, frozen=True):
    """Two earlier periods to hold one against; None where there is none that says more."""

    previous: Period | None
    last_year: Period | None


def containing(choice: str, day: date) -> Period:
    """Return the period of *choice* that holds *day*, or that ends with it where it rolls.

    Raises Refused where it reaches beyond the days that are known.
    """
    year, week, _ = day.isocalendar()
    written = {
        "day": f"{day}",
        "week": f"{year:04d}-W{week:02d}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year:04d}-Q{(day.month + 2) // 3}",
        "year": f"{day.year:04d}",
        "season": f"season-{day.year - (day.month < 8):04d}",
    }
    return periods.parse(written.get(choice, f"{choice}@{day}"))


def between(begins: date, ends: date) -> Period:
    """Return the days from *begins* to *ends*, both in it; Refused where that is none."""
    return periods.parse(f"{begins}" if begins == ends else f"{begins}..{ends}")


def moved(period: Period, steps: Literal[-1, 1]) -> Period | None:
    """Return the period of the same kind just before (-1) or after (1); None where days end."""
    if steps < 0:
        return periods.previous(period)
    length = period.ends - period.begins + _DAY
    try:
        if period.kind == "rolling":
            return containing(_choice(period), period.ends + length)
        if period.kind == "range":
            return between(period.begins + length, period.ends + length)
        return containing(period.kind, period.ends + _DAY)
    except Refused:
        return None


def against(period: Period, today: date) -> Against:
    """Return what *period* is held against; of an unfinished one only as many days as have been.

    Days and rolling windows go back 52 weeks, so that weekdays match; the others to the same
    dates, and weeks to the same number. A year, a season, 365 days or more have one earlier
    period: the last.
    """
    if today < period.begins:
        return Against(None, None)
    previous = _as_far(periods.previous(period), period, today)
    if period.ends - period.begins >= timedelta(days=364):
        return Against(None, previous)
    return Against(previous, _as_far(_year_before(period), period, today))


def unfinished(period: Period, today: date) -> bool:
    """Tell whether *period* has begun and has days to come."""
    return period.begins <= today < period.ends


def _year_before(period: Period) -> Period | None:
    if period.kind not in {"day", "rolling"}:
        return periods.last_year(period)
    try:
        return containing(_choice(period), period.ends - _YEAR_OF_WEEKS)
    except Refused:
        return None


def _choice(period: Period) -> str:
    return period.id.partition("@")[0] if period.kind == "rolling" else period.kind


def _as_far(earlier: Period | None, period: Period, today: date) -> Period | None:
    if earlier is None or not unfinished(period, today):
        return earlier
    return between(earlier.begins, min(earlier.ends, earlier.begins + (today - period.begins)))


def short_cuts(today: date) -> list[tuple[str, Period]]:
    """Return the periods that are asked for most, by the name of their text."""
    week, month = containing("week", today), containing("month", today)
    return [
        ("today", containing("day", today)),
        ("yesterday", containing("day", today - _DAY)),
        ("this_week", week),
        ("last_week", containing("week", week.begins - _DAY)),
        ("this_month", month),
        ("last_month", containing("month", month.begins - _DAY)),
        ("last_28", containing("rolling-28", today)),
        ("last_365", containing("rolling-365", today)),
        ("this_season", containing("season", today)),
        ("this_year", containing("year", today)),
    ]
