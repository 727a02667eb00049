"""All that ClickHouse derives from a small world, and how it comes to be."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

from clickhouse_connect.driver.client import Client

from kudos.register import Organisation, Register
from services.aggregate import links, refresh, slow, store
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.facts import fact_of
from tests.support.groups import shown
from tests.support.persons import PLACES, World

TODAY = date(2026, 11, 5)
#: What each table says, but for rows that say that nothing is there.
SAID = {
    "sales_live": "notEmpty(minute.of_day)",
    "kpi_daily": "orders + refunded_tickets + length(money.currency) > 0",
    "visits": "notEmpty(customer.person)",
    "kpi_daily_by": "notEmpty(cell.value)",
    "kpi_rolling": "customers > 0",
    "cross_use": "customers > 0",
}


def said(client: Client) -> dict[str, list[Any]]:
    """Return what all derived tables say."""
    return {
        table: sorted(
            client.query(
                f"SELECT * EXCEPT generation FROM {table} FINAL WHERE {something}"
            ).result_rows,
            key=str,
        )
        for table, something in SAID.items()
    }


def write(client: Client, worlds: Sequence[World], part: slice) -> None:
    """Write *part* of what the worlds sold, linked and stated."""
    for world in worlds:
        store.write(client, [fact_of(one) for one in world.sold[part]])
        linked = [(link, n) for n, link in enumerate(world.links)]
        stated = [Taken(statement_of(e, n, PLACES), 0) for n, e in enumerate(world.evidence)]
        links.write(client, links.Batch(linked[part], stated[part]))


def refreshed(client: Client, today: date = TODAY) -> None:
    """Make a pass of every pace."""
    for pace in (refresh.LIVE, refresh.PERSONS):
        refresh.run_pass(client, today, pace)
    slow.run_pass(client, today)


def worlds_of(many: int) -> tuple[list[World], Register]:
    """Return small worlds and their houses."""
    worlds = [World(Random(n), n) for n in range(many)]
    for world in worlds:
        world.sold = [shown(one) for one in world.sold]
    names = [name for world in worlds for name in world.houses]
    houses = {
        n: Organisation(n, n, "museum", "46", n, "4601", venues={"Kirken": "0301"}) for n in names
    }
    return worlds, Register(houses, {}, {})
