"""A measure over time: no gap reads as 0, no 0 as a gap, and no half week as a fall."""

from datetime import date, timedelta

import pytest

from services.query.answer import Answer
from services.query.dashboard import series, spans
from services.query.dashboard.series import Series
from services.query.measures import MEASURES
from services.query.periods import parse
from services.query.question import Question
from tests.support.dashboard import NOON, FakeSource

TODAY = NOON.date()


def over(source: FakeSource, who: str, measure: str, days: tuple[date, date]) -> Series:
    """Ask as a page does."""
    asked = series.questions(who, measure, days)
    answers: dict[Question, Answer] = dict(zip(asked, source.ask_many(asked), strict=True))
    return series.over(source, who, measure, days, answers)


def test_a_day_without_sales_is_no_tickets_and_no_price(sales: FakeSource) -> None:
    days = (date(1997, 1, 3), date(1997, 1, 5))
    tickets = over(sales, "past", "tickets", days).lines[None]
    price = over(sales, "past", "average_ticket_price", days).lines["NOK"]
    assert [0, True, 0] == [value if not value else value > 0 for _, value in tickets]
    assert [None, True, None] == [value and value > 0 for _, value in price]


@pytest.mark.parametrize("measure", sorted(series.ADDITIVE))
def test_weeks_add_up_to_what_the_period_answers(sales: FakeSource, measure: str) -> None:
    days = (TODAY - timedelta(days=7 * 30), TODAY - timedelta(days=1))
    found = over(sales, "border", measure, days)
    assert "week" == found.step
    (answer,) = sales.ask_many([Question(measure, "border", spans.between(*days))])
    assert {c.currency: c.value for c in answer.cells} == {
        currency: sum(value or 0 for _, value in line) for currency, line in found.lines.items()
    }


def test_what_is_left_of_a_week_is_not_drawn(sales: FakeSource) -> None:
    days = (TODAY - timedelta(days=7 * 30 + 3), TODAY)
    assert 30 == len(over(sales, "theatre", "tickets", days).lines[None])


@pytest.mark.parametrize("measure", ["orders", "coverage", "average_ticket_price"])
def test_what_does_not_add_up_is_asked_by_the_month(sales: FakeSource, measure: str) -> None:
    days = (date(2025, 8, 15), TODAY)
    found = over(sales, "theatre", measure, days)
    asked = [q.period.id for q in series.questions("theatre", measure, days)]
    assert "2025-08-15..2025-08-31" == asked[0]
    assert ["2025-09", "2026-05-01..2026-05-19"] == [asked[1], asked[-1]]
    (line,) = found.lines.values()
    assert len(asked) == len(line)
    (april,) = sales.ask_many([Question(measure, "theatre", parse("2026-04"))])
    assert dict(line)[date(2026, 4, 1)] == april.cells[0].value


def test_long_times_ask_few_questions() -> None:
    for measure in MEASURES:
        asked = series.questions("theatre", measure, (date(2006, 6, 1), TODAY))
        assert len(asked) <= 21


def test_nothing_is_drawn_of_days_to_come() -> None:
    assert (date(2026, 5, 1), TODAY) == series.window(parse("2026-05"), TODAY)
    assert (date(2026, 4, 20), date(2026, 5, 17)) == series.window(parse("2026-05-17"), TODAY)
    assert (date(2031, 1, 1), date(2031, 1, 1)) == series.window(parse("2031-01"), TODAY)
