"""A measure over time, in steps that a chart can show: days, weeks of seven days, or months."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from services.query.answer import Point
from services.query.dashboard import spans
from services.query.dashboard.source import Source
from services.query.question import Period, Question

#: Days of these add up to weeks.
ADDITIVE = frozenset(
    {"tickets", "refunded_tickets", "net_tickets", "gross_revenue", "net_revenue", "fees"}
)
#: These are 0 on a day without sales; the others are then undefined.
COUNTS = ADDITIVE | {"orders", "customer_records"}
#: More days than this are drawn by the week or the month.
_MOST_DAYS = 120
#: One day alone is no line: it is drawn at the end of four weeks.
_AROUND = timedelta(days=27)

Step = Literal["day", "week", "month"]


class Series(Struct, frozen=True):
    """Points from the first day on, by currency (None: no money); at the first day of each step."""

    begins: date
    ends: date
    step: Step
    lines: Mapping[str | None, Sequence[tuple[date, float | None]]]

    def drawn(self, currency: str | None) -> list[tuple[float, float | None]]:
        """Return one line by the number of days since the beginning."""
        line = self.lines.get(currency, ())
        return [((at - self.begins).days, value) for at, value in line]

    def ends_open(self, today: date) -> bool:
        """Tell whether the last point is of a day that is not over."""
        return self.step == "day" and self.ends == today


def window(period: Period, today: date) -> tuple[date, date]:
    """Return the days to draw for *period*: none to come, and four weeks for a single day."""
    ends = min(period.ends, max(today, period.begins))
    begins = period.ends - _AROUND if period.kind == "day" else period.begins
    return begins, ends


def step(measure: str, begins: date, ends: date) -> Step:
    """Return in which steps *measure* is drawn from *begins* to *ends*."""
    if (ends - begins).days < _MOST_DAYS:
        return "day"
    return "week" if measure in ADDITIVE else "month"


def over(source: Source, organisation: str, measure: str, days: tuple[date, date]) -> Series:
    """Ask for *measure* over *days*."""
    begins, ends = days
    by = step(measure, begins, ends)
    if by == "month":
        return Series(begins, ends, by, _months(source, organisation, measure, days))
    points = source.curve(organisation, measure, begins, ends)
    lines = _daily(points, days, missing=0 if measure in COUNTS else None)
    if by == "week":
        lines = {currency: list(_weeks(line)) for currency, line in lines.items()}
    return Series(begins, ends, by, lines)


def _daily(
    points: Sequence[Point], days: tuple[date, date], missing: float | None
) -> dict[str | None, list[tuple[date, float | None]]]:
    found: dict[str | None, dict[date, float | None]] = defaultdict(dict)
    for point in points:
        found[point.currency][point.day] = point.value
    count = (days[1] - days[0]).days + 1
    all_days = [days[0] + timedelta(n) for n in range(count)]
    return {
        currency: [(day, values.get(day, missing)) for day in all_days]
        for currency, values in found.items()
    }


def _weeks(
    line: Sequence[tuple[date, float | None]],
) -> Iterator[tuple[date, float | None]]:
    """Yield the sums of whole sevens of days; what is left at the end would look like a fall."""
    for at in range(0, len(line) - 6, 7):
        yield line[at][0], sum(value or 0 for _, value in line[at : at + 7])


def _months(
    source: Source, organisation: str, measure: str, days: tuple[date, date]
) -> dict[str | None, list[tuple[date, float | None]]]:
    periods = list(_calendar_months(*days))
    answers = source.ask_many([Question(measure, organisation, p) for p in periods])
    lines: dict[str | None, list[tuple[date, float | None]]] = defaultdict(list)
    for period, answer in zip(periods, answers, strict=True):
        for cell in answer.cells:
            lines[cell.currency].append((period.begins, cell.value))
    return lines


def _calendar_months(begins: date, ends: date) -> Iterator[Period]:
    at = begins
    while at <= ends:
        month = spans.containing("month", at)
        if month.begins == at and month.ends <= ends:
            yield month
        else:
            yield spans.between(at, min(month.ends, ends))
        at = month.ends + timedelta(1)
