"""What *Nå* says of a day."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kudos.register import OSLO
from services.query.answer import Band, Live, Minute
from services.query.dashboard import now
from services.query.dashboard.course import QUARTER, Course, picture, usually
from services.query.dashboard.now import Moment
from services.query.dashboard.wording import texts
from services.query.live import Figure, Pulse
from tests.support.dashboard import NOON

NB = texts("nb")
#: Every quarter of an hour brings one ticket, give or take the half.
QUARTERS = tuple((n / 2, float(n), n * 1.5) for n in range(1, 97))
BAND = Band(8, QUARTERS, tuple((a * 100, b * 100, c * 100) for a, b, c in QUARTERS))


def moment(tickets: int, refunded: int = 0, *, band: Band | None = BAND, euro: int = 0) -> Moment:
    """Return a day on which *tickets* were sold at ten."""
    minutes = []
    if tickets or refunded:
        minutes.append(Minute(600, "NOK", 1, tickets, refunded, tickets * 10000, tickets * 10000))
    if euro:
        minutes.append(Minute(840, "EUR", 1, 0, 0, euro, euro))
    totals = [
        Figure("orders", len(minutes)),
        Figure("tickets", tickets),
        Figure("refunded_tickets", refunded),
        Figure("net_tickets", tickets - refunded),
        Figure("gross_revenue", tickets * 10000, "NOK"),
        *([Figure("gross_revenue", euro, "EUR")] if euro else []),
    ]
    live = Live("theatre", NOON.date(), NOON, tuple(minutes))
    return Moment(Pulse(live, tuple(totals)), band, {})


@pytest.mark.parametrize(
    ("end", "tickets"),
    [
        (" \u2013 mindre enn vanlig en tirsdag.", 10),
        (" \u2013 som vanlig en tirsdag.", 29),
        (" \u2013 som vanlig en tirsdag.", 84),
        (" \u2013 mer enn vanlig en tirsdag.", 85),
    ],
)
def test_says_whether_it_is_usual(end: str, tickets: int) -> None:
    # until 14:05 there have been 56 quarters and a third: usually 28.2 to 84.5
    assert now.page(NB, "NOK", moment(tickets), NOON).sentence.endswith(end)


def test_says_nothing_of_what_is_usual_where_too_little_is_known() -> None:
    page = now.page(NB, "NOK", moment(3, band=None), NOON)
    assert "Solgt hittil i dag: 3 billetter for kr\u00a0300." == page.sentence
    assert "minst 3 tirsdager" in page.note


def test_a_day_without_sales_says_what_is_usual() -> None:
    page = now.page(NB, "NOK", moment(0), NOON)
    expected = "Innen nå er det en tirsdag vanligvis solgt 56 billetter."
    assert f"Ingen salg hittil i dag. {expected}" == page.sentence
    assert not page.any_sale


def test_one_is_one() -> None:
    assert "1 billett for" in now.page(NB, "NOK", moment(1), NOON).sentence


def test_refunds_are_told_apart() -> None:
    page = now.page(NB, "NOK", moment(40, 5), NOON)
    assert "40 billetter" in page.sentence
    assert "5 billetter refundert" == page.tiles[0].note
    assert page.courses[0].sentence.startswith("Hittil i dag 35;")


def test_currencies_stand_apart() -> None:
    page = now.page(NB, "NOK", moment(3, euro=3200), NOON)
    assert "for kr\u00a0300 + EUR\u00a032" in page.sentence
    assert ("kr\u00a0300", "EUR\u00a032") == page.tiles[1].values
    assert ["tickets", "NOK", "EUR"] == [course.id for course in page.courses]


def test_a_sale_without_an_hour_counts_all_the_same() -> None:
    live = Live("theatre", NOON.date(), NOON, ())
    found = Moment(Pulse(live, (Figure("tickets", 4), Figure("orders", 1))), None, {})
    page = now.page(NB, "NOK", found, NOON)
    assert "Solgt hittil i dag: 4 billetter." == page.sentence
    assert page.any_sale


def test_the_last_hour_is_the_last_hour() -> None:
    minutes = tuple(Minute(m, "NOK", 1, 1, 0, 100, 100) for m in (780, 790, 845))
    live = Live("theatre", NOON.date(), NOON, minutes)
    page = now.page(NB, "NOK", Moment(Pulse(live, ()), None, {}), NOON)
    # 14:05 is minute 845; twelve times five minutes begin at 13:10
    assert ("2 billetter",) == page.tiles[3].values
    assert 2 == sum(int(row[1]) for row in page.tops[0].table.rows)


@given(st.integers(0, 24 * 60))
def test_what_is_usual_never_falls_and_meets_its_quarters(minute: int) -> None:
    low, mid, high = usually(QUARTERS, minute)
    assert low <= mid <= high
    assert mid == pytest.approx(minute / QUARTER)


@settings(max_examples=20, deadline=None)  # each draws a chart, twice
@given(
    st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 9)), max_size=30), st.integers(0, 1440)
)
def test_a_course_ends_at_the_sum(amounts: list[tuple[int, int]], until: int) -> None:
    ordered = sorted(amounts)
    until = max([until, *(minute for minute, _ in ordered)])
    course = Course("x", "X", "tirsdag", ordered, (), until, lambda value: f"{value:.0f}")
    rows = picture(NB, course).table.rows
    assert str(sum(amount for _, amount in ordered)) == rows[-1][1]
    values = [int(row[1]) for row in rows]
    assert sorted(values) == values


def test_a_day_that_is_over_is_drawn_to_its_end() -> None:
    later = NOON + timedelta(days=1)
    page = now.page(NB, "NOK", moment(5), later)
    assert "24:00" == page.courses[0].table.rows[-1][0]
    midnight = datetime(2026, 5, 19, 0, 1, tzinfo=OSLO)
    assert "00:01" == now.page(NB, "NOK", moment(0), midnight).courses[0].table.rows[-1][0]
