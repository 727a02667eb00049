"""Today by minute, its totals, and how its weekday usually goes, as the refresher writes them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.aggregate import refresh, store
from services.aggregate.facts import fact_of
from services.query import live
from services.query.answer import Minute
from services.query.live import TOTALS, WEEKS
from tests.support.engine import database
from tests.support.house import DAYS, HOUSE, MONEY, OSLO, Sold, World, expected, world

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def sold() -> World:
    return world(5)


@pytest.fixture(scope="module")
def client(engine: str, sold: World) -> Iterator[Client]:
    with database(engine) as url, connect(url) as client:
        for sent in (sold.transactions[::2], sold.transactions):
            store.write(client, [fact_of(t) for t in sent])
            refresh.run_pass(client, date(2026, 1, 1))
        yield client


def minutes_of(lines: list[Sold]) -> list[Minute]:
    """Return a day's minutes by plain Python; lines without an hour have none."""
    held: defaultdict[tuple[int, str], list[Sold]] = defaultdict(list)
    for line in lines:
        local = line.at.astimezone(OSLO)
        if line.line.at is not None and not line.line.at_is_date:
            held[local.hour * 60 + local.minute, line.currency].append(line)
    counts = ("orders", "tickets", "refunded_tickets", "gross_revenue", "net_revenue")
    found = []
    for (of_day, currency), some in sorted(held.items()):
        values = [int(v or 0) for c in counts for v in expected(some, c, (), currency).values()]
        found.append(Minute(of_day, currency, *values))
    return found


@pytest.mark.parametrize("day", DAYS)
def test_a_day_by_minute_and_its_totals(client: Client, sold: World, day: date) -> None:
    lines = [s for s in sold.lines if s.organisation == HOUSE and s.day == day]
    found = live.pulse(client, HOUSE, day, lambda _: "NOK")
    assert minutes_of(lines) == list(found.live.minutes)
    assert (HOUSE, day) == (found.live.organisation, found.live.day)
    totals = {
        (measure, where[-1] or None): value
        for measure in TOTALS
        for where, value in expected(lines, measure, (), "NOK").items()
    }
    assert totals == {(t.measure, t.currency): t.value for t in found.totals}
    assert all((t.currency is not None) == (t.measure in MONEY) for t in found.totals)


def test_a_day_on_which_nothing_was_sold(client: Client) -> None:
    found = live.pulse(client, HOUSE, date(2001, 1, 1), lambda _: "NOK")
    assert () == found.live.minutes
    assert {0} == {total.value for total in found.totals}


def test_a_day_is_as_old_as_its_table(client: Client) -> None:
    at = datetime(2026, 5, 20, 12, 0, 0, 250_000, UTC)
    rows = [("sales_live", at, at), ("kpi_daily", at + timedelta(1), at)]
    client.insert("watermarks", rows, column_names=["family", "watermark", "noted_at"])
    assert at == live.day(client, HOUSE, DAYS[0]).as_of


def test_a_weekday_is_usual_by_the_weeks_before(engine: str) -> None:
    today = date(2026, 5, 20)
    names = ["organisation", "day", "generation", "minute.of_day", "minute.currency"]
    names += [f"minute.{n}" for n in ("orders", "tickets", "refunded_tickets", "gross_revenue")]
    names += ["minute.net_revenue"]

    def row(
        day: date, tickets: int, generation: int = 1, organisation: str = HOUSE
    ) -> list[object]:
        sold = [[600], ["NOK"], [1], [tickets], [0], [100 * tickets], [0]]
        return [organisation, day, generation, *sold]

    with database(engine) as url, connect(url) as client:
        assert live.band(client, HOUSE, today, "NOK") is None
        weeks = [row(today - timedelta(weeks=n), n) for n in range(WEEKS + 3)]
        # other days, other houses and older generations tell nothing
        others = [row(today - timedelta(days=n), 1000) for n in range(1, 7)]
        others += [row(today - timedelta(weeks=1), 1000, 0)]
        others += [row(today - timedelta(weeks=1), 1000, 1, "naboen")]
        for some in (weeks, others):
            client.insert("sales_live", some, column_names=names)
        found = live.band(client, HOUSE, today, "NOK")
    assert found is not None
    assert WEEKS == found.days
    # of 1, 2 … 8 tickets
    assert (0.0, 0.0, 0.0) == found.tickets[39]
    assert (2.75, 4.5, 6.25) == found.tickets[40]
    assert (275.0, 450.0, 625.0) == found.gross_revenue[95]
