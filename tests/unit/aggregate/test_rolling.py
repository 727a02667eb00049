"""Curves and cross-use equal a recount in plain Python, whatever happened in between."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.aggregate import register, slow
from services.aggregate.rolling import WINDOWS
from tests.support.sleeper import Sleeper
from tests.support.visits import World

pytestmark = pytest.mark.engine

DAY = timedelta(days=1)
FIRST = date(2023, 11, 20)  # a leap year follows
TODAY = date(2025, 3, 3)


Cells = dict[Any, Any]


def stored_curves(client: Client) -> Cells:
    """Return every point that ``kpi_rolling`` has and that is not 0."""
    rows = client.query(
        "SELECT scope_kind, scope, window, day, customers FROM kpi_rolling FINAL "
        "WHERE customers != 0"
    ).result_rows
    return {tuple(row[:4]): row[4] for row in rows}


def stored_shared(client: Client) -> Cells:
    """Return what ``cross_use`` says, but for rows of nobody."""
    rows = client.query(
        "SELECT period, organisation, customers, network, other.kind, other.name, other.shared "
        "FROM cross_use FINAL WHERE customers != 0 OR notEmpty(other.kind)"
    ).result_rows
    return {
        (period, name): (own, network, dict(zip(zip(kinds, names, strict=True), n, strict=True)))
        for period, name, own, network, kinds, names, n in rows
    }


def stored_pairs(client: Client) -> Cells:
    """Return share, share of the other and lift of every pair."""
    rows = client.query(
        "SELECT period, organisation, other, share, share_of_other, lift FROM cross_use_pairs"
    ).result_rows
    return {("pair", *row[:3]): row[3:] for row in rows}


def pairs(shared: Cells) -> Cells:
    """Return the same, from what is shared."""
    return {
        ("pair", period, one, other): (
            n / own,
            n / shared[period, other][0],
            n * network / (own * shared[period, other][0]),
        )
        for (period, one), (own, network, beside) in shared.items()
        for (kind, other), n in beside.items()
        if kind == "organisation" and one
    }


def differences(client: Client, world: World, last: date) -> tuple[int, list[Any]]:
    """Return how many cells were compared, and those that differ."""
    shared = world.shared(world.periods(last))
    expected: Cells = {**world.curves(last), **shared, **pairs(shared)}
    stored = stored_curves(client) | stored_shared(client) | stored_pairs(client)
    keys = expected.keys() | stored.keys()
    wrong = [k for k in keys if expected.get(k) != stored.get(k)]
    return len(keys), [(k, expected.get(k), stored.get(k)) for k in sorted(wrong, key=str)]


def test_whatever_happens_the_curves_and_shares_are_those_of_a_recount(engine_url: str) -> None:
    chance = Random(4)
    world, compared = World(chance), 0
    days = [FIRST + chance.randrange(460) * DAY for _ in range(60)]
    today = TODAY
    with connect(engine_url) as client:

        def check(what: str) -> None:
            nonlocal compared
            register.sync(client, world.register())
            world.write(client)
            slow.run_pass(client, today)
            count, wrong = differences(client, world, today)
            assert wrong[:5] == [], what
            compared += count

        world.visit(days, 0.4)
        check("at first")
        world.visit(days[::7], 0.8)
        world.empty(12)
        check("other visits, and none any more")
        before = world.join(3, 6)
        check("two are one")
        # it has read who they are, and writes when they are two again
        register.sync(client, world.register())
        world.visit(days[:3], 1)
        world.write(client)
        sleeper: Any = Sleeper(client)
        slow.run_pass(sleeper, today)
        world.restore(before)
        check("two again")
        assert sleeper.wake() > 5
        world.houses["house-1"] = world.house("house-1")
        world.left.add("house-2")
        # whose last visit is on either side of where the next day's windows begin
        edges = [today + DAY - (w - inside) * DAY for w in WINDOWS[:-1] for inside in (0, 1)]
        world.visit(edges, 0.3)
        check("another register, and one who overslept")
        today += DAY
        check("a new day without any sale")
        world.visit([today], 0.5)
        check("sales of today alone")
        world.visit([today, today + 3 * DAY], 1)
        world.left.clear()
        today += 40 * DAY
        check("days on which nobody looked, and one back in the register")
    print(f"{compared} cells of curves and cross-use compared")
    assert compared > 100_000
