"""How measures follow from sums; that each is said in both languages."""

import pytest

from kudos.breakdowns import BREAKDOWNS, LEAD_TIMES, PRICE_BANDS
from kudos.sums import SUMS
from services.query.customers import EVERY_BREAKDOWN, PERSON_SUMS
from services.query.figures import family_of, needs_of
from services.query.measures import MEASURES
from services.query.periods import parse
from services.query.persons import asks_history
from services.query.question import Question


@pytest.mark.parametrize(
    ("revenue", "orders", "average"),
    [
        (5, 2, 2),  # half to even, down
        (7, 2, 4),  # and up
        (-5, 2, -2),
        (2, 3, 1),
        (10**18 + 1, 2, 5 * 10**17),  # a float would be wrong by tens
        (100, 0, None),
        (100, -1, None),
        (0, 4, 0),
    ],
)
def test_averages_are_rounded_half_to_even(revenue: int, orders: int, average: int | None) -> None:
    sums = {"net_revenue": revenue, "orders": orders}
    assert average == MEASURES["average_order_value"].value(sums)


@pytest.mark.parametrize(
    ("known", "known_refunded", "tickets", "refunded", "share"),
    [
        (1, 0, 3, 0, 1 / 3),
        (2, 1, 3, 1, 0.5),
        (0, 1, 3, 0, -1 / 3),
        (1, 0, 1, 1, None),
        (1, 0, 1, 2, None),
    ],
)
def test_shares_are_not_rounded(
    known: int, known_refunded: int, tickets: int, refunded: int, share: float | None
) -> None:
    sums = {
        "known_tickets": known,
        "known_refunded_tickets": known_refunded,
        "tickets": tickets,
        "refunded_tickets": refunded,
    }
    assert share == MEASURES["coverage"].value(sums)


def test_the_catalogue_is_what_was_asked_for() -> None:
    ids = (
        "orders tickets refunded_tickets net_tickets gross_revenue net_revenue fees "
        "average_ticket_price average_order_value party_size customer_records coverage "
        "unique_customers new_customers returning_customers reactivated_customers visit_frequency"
    )
    assert ids.split() == [*MEASURES]
    by = "production venue ticket_type channel price_band lead_time weekday_hour"
    assert by.split() == [*BREAKDOWNS]
    assert [*by.split(), "order_days"] == [*EVERY_BREAKDOWN]
    own = {m.id: m.breakdowns for m in MEASURES.values() if m.breakdowns != tuple(BREAKDOWNS)}
    assert {"visit_frequency": (*BREAKDOWNS, "order_days")} == own
    assert ("0", "1-99", "100-199", "200-349", "350-499", "500-749", "750+") == PRICE_BANDS
    assert ("0", "1-2", "3-7", "8-30", "31-90", "91+", "unknown") == LEAD_TIMES


def test_everything_is_said_in_both_languages() -> None:
    said = [(entry.name, entry.definition) for entry in MEASURES.values()]
    said += [(entry.name, entry.definition) for entry in EVERY_BREAKDOWN.values()]
    for words in (each for pair in said for each in pair):
        assert {"nb", "en"} == words.keys()
        assert all(words.values())
        assert words["nb"] != words["en"]


def test_every_sum_is_some_measures() -> None:
    made_of = {name for measure in MEASURES.values() for name in measure.sums}
    assert SUMS.keys() | PERSON_SUMS.keys() == made_of


def test_a_sum_is_of_lines_or_of_persons() -> None:
    """And no measure is of both: they are read from different tables."""
    assert not SUMS.keys() & PERSON_SUMS.keys()
    for measure in MEASURES.values():
        assert measure.sums <= SUMS.keys() or measure.sums <= PERSON_SUMS.keys()


def test_a_frequency_by_its_own_steps_counts_persons() -> None:
    measure = MEASURES["visit_frequency"]
    sums = {"order_days": 7, "unique_customers": 2}
    assert ("order_days", 3.5) == (measure.unit, measure.value(sums))
    assert measure == measure.counted(("channel",))
    counted = measure.counted(("channel", "order_days"))
    assert ("persons", 2) == (counted.unit, counted.value(sums))
    assert MEASURES["tickets"] == MEASURES["tickets"].counted(("order_days",))


def test_what_was_before_is_read_only_where_it_is_asked_for() -> None:
    assert not asks_history({"unique_customers", "order_days"})
    for name in ("new_customers", "returning_customers", "reactivated_customers"):
        assert asks_history({"unique_customers", name})


@pytest.mark.parametrize(
    ("measure", "period", "by", "family"),
    [
        ("tickets", "2026", (), "kpi_daily"),
        ("average_ticket_price", "2026", (), "kpi_daily"),
        ("orders", "2026-05-17", (), "kpi_daily"),
        ("orders", "2026-05", (), "facts"),
        ("average_order_value", "2026-05", (), "facts"),
        ("party_size", "2026-W20", (), "facts"),
        ("customer_records", "rolling-7@2026-05-17", (), "facts"),
        ("tickets", "2026-05-17", ("channel",), "facts"),
        ("unique_customers", "2026-05-17", (), "visits"),
        ("new_customers", "2026", ("channel",), "visits"),
        ("visit_frequency", "2026", ("order_days",), "visits"),
    ],
)
def test_what_adds_up_over_days_comes_from_days(
    measure: str, period: str, by: tuple[str, ...], family: str
) -> None:
    assert family == family_of(Question(measure, "huset", parse(period), by))


def test_what_questions_share_is_read_once() -> None:
    questions = [
        Question(measure, "huset", parse(period), by)
        for measure in MEASURES
        for period in ("2026-05", "2026-04")
        for by in ((), ("channel",))
    ]
    # of each period: the days, the facts, the visits, and both of these by channel
    assert 10 == len(needs_of(questions))
