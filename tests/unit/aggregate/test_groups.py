"""Groups' days and breakdowns equal a recount in plain Python, whatever has changed."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos.clickhouse import connect
from kudos.register import Organisation, Register
from services.aggregate import links, refresh, register, slow, store
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.facts import fact_of
from services.aggregate.groups import COUNTS, MONEY
from tests.support.groups import breakdowns, groups, lines_of, shown
from tests.support.persons import PLACES, World
from tests.support.sleeper import Sleeper

pytestmark = pytest.mark.engine

TODAY = date(2026, 5, 17)
COUNTED = (*COUNTS, "customers")
_INDUSTRIES = ("museum", "orkester", "scenekunst")


def house(chance: Random, name: str) -> Organisation:
    """Return a house anywhere, with words of its own."""
    city = chance.choice(("0301", "4601", "5001"))
    return Organisation(
        name,
        name,
        chance.choice(_INDUSTRIES),  # type: ignore[arg-type]  # the words above
        city[:2],
        name,
        city,
        venues={v: chance.choice(("0301", "4601", "4602")) for v in ("Kirken", "Teltet")},
        ticket_classes={"Ordinær": "full", "Barn": "child"} if chance.random() < 0.7 else {},
        genres={"Skuespill": "theatre"} if chance.random() < 0.7 else {},
    )


def write(client: Client, worlds: Sequence[World], part: slice) -> None:
    """Write *part* of what the worlds sold, linked and stated."""
    for world in worlds:
        store.write(client, [fact_of(one) for one in world.sold[part]])
        linked = [(link, n) for n, link in enumerate(world.links)]
        said = [Taken(statement_of(e, n, PLACES), 0) for n, e in enumerate(world.evidence)]
        links.write(client, links.Batch(linked[part], said[part]))


def stored_groups(client: Client) -> dict[Any, dict[str, Any]]:
    """Return what ``kpi_daily`` says of groups, but where nothing is."""
    rows = client.query(
        f"SELECT scope_kind, scope, day, {', '.join(COUNTED)}, money.currency, arrayZip("
        f"{', '.join(f'money.{name}' for name in MONEY)}) FROM kpi_daily FINAL "
        "WHERE scope_kind != 'organisation'"
    ).result_rows
    return {
        (kind, scope, day): dict(zip(COUNTED, counts, strict=True))
        | {"money": dict(zip(currencies, money, strict=True))}
        for kind, scope, day, *counts, currencies, money in rows
        if any(counts) or currencies
    }


def stored_breakdowns(client: Client) -> dict[Any, dict[str, Any]]:
    """Return what ``kpi_daily_by`` says."""
    found: dict[Any, dict[str, Any]] = {}
    rows = client.query(
        "SELECT organisation, by, day, arrayZip(cell.value, "
        f"{', '.join(f'cell.{name}' for name in COUNTED)}), arrayZip(money.value, money.currency, "
        f"{', '.join(f'money.{name}' for name in MONEY)}) FROM kpi_daily_by FINAL"
    ).result_rows
    for organisation, by, day, cells, money in rows:
        for value, *counts in cells:
            counted = dict(zip(COUNTED, counts, strict=True))
            found[organisation, by, day, value] = counted | {"money": {}}
        for value, currency, *sums in money:
            found[organisation, by, day, value]["money"][currency] = tuple(sums)
    return found


def cells_of(rows: dict[Any, dict[str, Any]]) -> int:
    """Return how many numbers *rows* have."""
    return sum(len(COUNTED) + len(MONEY) * len(row["money"]) for row in rows.values())


def test_whatever_changes_groups_and_breakdowns_are_those_of_a_recount(engine_url: str) -> None:
    chance, compared = Random(5), 0
    worlds = [World(Random(n), n, refs=8) for n in range(6)]
    for world in worlds:
        world.sold = [shown(one) for one in world.sold]
    # of each three houses one is not in the register
    names = [name for world in worlds for name in world.houses[:2]]
    houses = {name: house(chance, name) for name in names}
    #: Who leaves the register is in no group, and keeps its words.
    known = dict(houses)

    def so_far(part: slice) -> list[World]:
        found = []
        for world in worlds:
            one = World.__new__(World)
            one.sold, one.links = world.sold[part], world.links[part]
            one.evidence, one.houses = world.evidence[part], world.houses
            found.append(one)
        return found

    with connect(engine_url) as client:

        def check(part: slice, what: str) -> None:
            nonlocal compared
            known.update(houses)
            register.sync(client, Register(houses, {}, {}))
            for pace in (refresh.LIVE, refresh.PERSONS):
                refresh.run_pass(client, TODAY, pace)
            slow.run_pass(client, TODAY)
            lines = lines_of(so_far(part))
            for expected, stored in (
                (groups(lines, houses), stored_groups(client)),
                (breakdowns(lines, known), stored_breakdowns(client)),
            ):
                keys = expected.keys() | stored.keys()
                wrong = [k for k in keys if expected.get(k) != stored.get(k)]
                found = [(k, expected.get(k), stored.get(k)) for k in sorted(wrong)]
                assert found[:3] == [], f"{what}: {len(wrong)} of {len(keys)}"
                compared += cells_of(stored)

        write(client, worlds, slice(9))
        check(slice(9), "at first")
        write(client, worlds, slice(9, 14))
        refresh.run_pass(client, TODAY, refresh.PERSONS)
        sleeper: Any = Sleeper(client)
        slow.run_pass(sleeper, TODAY)
        write(client, worlds, slice(14, None))
        check(slice(None), "more sales, other versions, persons joined and parted")
        assert sleeper.wake() > 5
        check(slice(None), "one who overslept")
        for name in names[:6]:
            houses[name] = house(chance, name)
        houses[names[6]] = replace(houses[names[6]], ticket_classes={"Barn": "youth"}, genres={})
        del houses[names[7]]
        check(slice(None), "another register")
    print(f"{compared} cells of groups' days and breakdowns compared")
    assert compared > 10_000
