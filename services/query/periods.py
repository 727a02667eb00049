"""Periods: what an id means in days, and which period one is compared with."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from services.query.problems import Refused
from services.query.question import Period, PeriodKind

#: The facts know days from the one to the other.
FIRST, LAST = date(1970, 1, 1), date(2105, 12, 31)
#: A free range may hold so many days: twenty years.
MOST_DAYS = 7305
WINDOWS = (7, 28, 90, 365)
#: How each kind is written, for who has to be told.
FORMS: Mapping[PeriodKind, str] = {
    "day": "2026-05-17",
    "week": "2026-W20",
    "month": "2026-05",
    "quarter": "2026-Q2",
    "year": "2026",
    "season": "season-2025",
    "rolling": "rolling-28@2026-05-17",
    "range": "2026-05-01..2026-05-20",
}
_DAY = timedelta(days=1)

Days = tuple[date, date]


def parse(text: str) -> Period:
    """Return the period that *text* names, or refuse it."""
    for kind, (form, days_of) in _KINDS.items():
        found = form.fullmatch(text)
        if found is not None:
            try:
                return _period(text, kind, days_of(*found.groups()))
            except (ValueError, OverflowError):
                break  # a day that there is not
    raise Refused(400, "period: there is no such period.", {"periods": list(FORMS.values())})


def previous(period: Period) -> Period | None:
    """Return the period of the same kind just before; None before the first day there is."""
    before = period.begins - _DAY
    match period.kind:
        case "day":
            found = _named(period.kind, str(before))
        case "week":
            year, week, _ = before.isocalendar()
            found = _named(period.kind, f"{year:04d}-W{week:02d}")
        case "month":
            found = _named(period.kind, f"{before:%Y-%m}")
        case "quarter":
            found = _named(period.kind, f"{before.year:04d}-Q{(before.month + 2) // 3}")
        case "year":
            found = _named(period.kind, f"{before.year:04d}")
        case "season":
            found = _named(period.kind, f"season-{before.year - 1:04d}")
        case "rolling":
            window = (period.ends - period.begins).days + 1
            found = _named(period.kind, f"rolling-{window}@{before}")
        case "range":
            begins = before - (period.ends - period.begins)
            found = _named(period.kind, f"{begins}..{before}")
    return found


def last_year(period: Period) -> Period | None:
    """Return the same period of the year before; None before the first day there is.

    29 February is compared with the 28th, and week 53 with 52 where the year before has no 53.
    """
    year = period.begins.year - 1
    match period.kind:
        case "day":
            found = _named(period.kind, str(_year_before(period.begins)))
        case "week":
            year, week, _ = period.begins.isocalendar()
            weeks = date(year - 1, 12, 28).isocalendar().week
            found = _named(period.kind, f"{year - 1:04d}-W{min(week, weeks):02d}")
        case "month":
            found = _named(period.kind, f"{year:04d}-{period.begins.month:02d}")
        case "quarter":
            found = _named(period.kind, f"{year:04d}-Q{(period.begins.month + 2) // 3}")
        case "year":
            found = _named(period.kind, f"{year:04d}")
        case "season":
            found = _named(period.kind, f"season-{year:04d}")
        case "rolling":
            window = (period.ends - period.begins).days + 1
            found = _named(period.kind, f"rolling-{window}@{_year_before(period.ends)}")
        case "range":
            begins, ends = _year_before(period.begins), _year_before(period.ends)
            found = _named(period.kind, f"{begins}..{ends}")
    return found


def _named(kind: PeriodKind, text: str) -> Period | None:
    form, days_of = _KINDS[kind]
    found = form.fullmatch(text)
    try:
        return found and _period(text, kind, days_of(*found.groups()))
    except (ValueError, OverflowError):
        return None


def _period(text: str, kind: PeriodKind, days: Days) -> Period:
    begins, ends = days
    if not FIRST <= begins <= ends <= LAST or (ends - begins).days >= MOST_DAYS:
        raise ValueError
    return Period(text, kind, begins, ends)


def _year_before(day: date) -> date:
    last = monthrange(day.year - 1, day.month)[1]
    return date(day.year - 1, day.month, min(day.day, last))


def _day(text: str) -> Days:
    day = date.fromisoformat(text)
    return day, day


def _week(year: str, week: str) -> Days:
    monday = date.fromisocalendar(int(year), int(week), 1)
    return monday, monday + 6 * _DAY


def _month(year: str, month: str) -> Days:
    return _months(int(year), int(month), 1)


def _quarter(year: str, quarter: str) -> Days:
    return _months(int(year), int(quarter) * 3 - 2, 3)


def _months(year: int, first: int, many: int) -> Days:
    last = first + many - 1
    begins = date(year, first, 1)
    return begins, date(year, last, monthrange(year, last)[1])


def _year(year: str) -> Days:
    return date(int(year), 1, 1), date(int(year), 12, 31)


def _season(year: str) -> Days:
    return date(int(year), 8, 1), date(int(year) + 1, 7, 31)


def _rolling(window: str, ends: str) -> Days:
    day = date.fromisoformat(ends)
    return day - (int(window) - 1) * _DAY, day


def _range(begins: str, ends: str) -> Days:
    return date.fromisoformat(begins), date.fromisoformat(ends)


_D = "([0-9]{4}-[0-9]{2}-[0-9]{2})"
_Y = "([0-9]{4})"
_KINDS: dict[PeriodKind, tuple[re.Pattern[str], Callable[..., Days]]] = {
    "day": (re.compile(_D), _day),
    "week": (re.compile(f"{_Y}-W([0-9]{{2}})"), _week),
    "month": (re.compile(f"{_Y}-([0-9]{{2}})"), _month),
    "quarter": (re.compile(f"{_Y}-Q([1-4])"), _quarter),
    "year": (re.compile(_Y), _year),
    "season": (re.compile(f"season-{_Y}"), _season),
    "rolling": (re.compile(f"rolling-({'|'.join(map(str, WINDOWS))})@{_D}"), _rolling),
    "range": (re.compile(rf"{_D}\.\.{_D}"), _range),
}
