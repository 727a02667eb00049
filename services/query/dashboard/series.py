"""A measure over time, in steps that a chart can show: days, seven days, months or years."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from services.query.answer import Answer, Point
from services.query.dashboard import spans
from services.query.dashboard.source import Source
from services.query.question import Period, Question

#: Days of these add up to weeks.
ADDITIVE = frozenset(
    {"tickets", "refunded_tickets", "net_tickets", "gross_revenue", "net_revenue", "fees"}
)
#: These are 0 on a day without sales; the others are then undefined.
COUNTS = ADDITIVE | {
    *("orders", "customer_records", "unique_customers"),
    *("new_customers", "returning_customers", "reactivated_customers"),
}
#: Of a single day these say nothing: who comes, comes once.
NOT_BY_DAY = frozenset({"visit_frequency"})
#: More days than this are drawn by the week or the month.
_MOST_DAYS = 120
#: More months than this are drawn by the year: each is a question of its own.
_MOST_MONTHS = 37
#: One day alone is no line: it is drawn at the end of four weeks.
_AROUND = timedelta(days=27)

Step = Literal["day", "week", "month", "year"]


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
    if measure in ADDITIVE:
        return "week"
    return "month" if (ends - begins).days < _MOST_MONTHS * 31 else "year"


def questions(organisation: str, measure: str, days: tuple[date, date]) -> list[Question]:
    """Return what must be answered before ``over`` can draw *measure* over *days*."""
    by = step(measure, *days)
    if by in {"day", "week"}:
        return []
    return [Question(measure, organisation, period) for period in _calendar(by, *days)]


def over(
    source: Source,
    organisation: str,
    measure: str,
    days: tuple[date, date],
    answers: Mapping[Question, Answer],
) -> Series:
    """Return *measure* over *days*; *answers* has those of ``questions``."""
    by = step(measure, *days)
    asked = questions(organisation, measure, days)
    if asked:
        return Series(*days, by, _answered(asked, answers))
    if measure in NOT_BY_DAY:
        return Series(*days, by, {})
    points = source.curve(organisation, measure, *days)
    lines = _daily(points, days, missing=0 if measure in COUNTS else None)
    if by == "week":
        lines = {currency: list(_weeks(line)) for currency, line in lines.items()}
    return Series(*days, by, lines)


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


def _answered(
    asked: Sequence[Question], answers: Mapping[Question, Answer]
) -> dict[str | None, list[tuple[date, float | None]]]:
    lines: dict[str | None, list[tuple[date, float | None]]] = defaultdict(list)
    for question in asked:
        for cell in answers[question].cells:
            lines[cell.currency].append((question.period.begins, cell.value))
    return lines


def _calendar(choice: str, begins: date, ends: date) -> Iterator[Period]:
    """Yield the months or years from *begins* to *ends*; the first and the last may be cut."""
    at = begins
    while at <= ends:
        whole = spans.containing(choice, at)
        if whole.begins == at and whole.ends <= ends:
            yield whole
        else:
            yield spans.between(at, min(whole.ends, ends))
        at = whole.ends + timedelta(1)
