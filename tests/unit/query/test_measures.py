"""How measures follow from sums; that each is said in both languages."""

import pytest

from kudos.breakdowns import BREAKDOWNS, LEAD_TIMES, PRICE_BANDS
from kudos.sums import SUMS
from services.query.figures import family_of, needs_of
from services.query.measures import MEASURES
from services.query.periods import parse
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
        "average_ticket_price average_order_value party_size customer_records coverage"
    )
    assert ids.split() == [*MEASURES]
    by = "production venue ticket_type channel price_band lead_time weekday_hour"
    assert by.split() == [*BREAKDOWNS]
    assert ("0", "1-99", "100-199", "200-349", "350-499", "500-749", "750+") == PRICE_BANDS
    assert ("0", "1-2", "3-7", "8-30", "31-90", "91+", "unknown") == LEAD_TIMES


def test_everything_is_said_in_both_languages() -> None:
    said = [(entry.name, entry.definition) for entry in MEASURES.values()]
    said += [(entry.name, entry.definition) for entry in BREAKDOWNS.values()]
    for words in (each for pair in said for each in pair):
        assert {"nb", "en"} == words.keys()
        assert all(words.values())
        assert words["nb"] != words["en"]


def test_every_sum_is_some_measures() -> None:
    assert SUMS.keys() == {name for measure in MEASURES.values() for name in measure.sums}


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
    # of each period: the days, the facts, and the facts by channel
    assert 6 == len(needs_of(questions))
