"""Any order: versions, repeats, writers, kills and refreshers end in the same tables."""

from collections import Counter, defaultdict
from datetime import date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.records import EnrichedTransaction
from services.aggregate import refresh, store
from services.aggregate.facts import fact_of
from tests.support.actors import Actor
from tests.support.sales import daily, deliveries, live, standing

pytestmark = pytest.mark.engine

_OSLO = ZoneInfo("Europe/Oslo")
#: Sequences, and how many of them a play has at once: their batches are written together.
WORLDS, TOGETHER = 200, 10
TODAY = date(2026, 5, 17)


def play(
    clients: list[Client], chance: Random, batches: list[list[EnrichedTransaction]]
) -> Counter[str]:
    """Have writers and refreshers do *batches*, statement by statement in a random order."""
    seen: Counter[str] = Counter()
    batches += [b for b in batches if chance.random() < 0.15]  # delivered twice
    writers: dict[Actor, list[EnrichedTransaction]] = {}
    refreshers: list[Actor] = []
    paused: list[Actor] = []
    while batches or writers:
        if batches and len(writers) < 3 and (not writers or chance.random() < 0.3):
            batch = batches.pop(0)
            writers[_writer(clients, batch)] = batch
        if len(refreshers) + len(paused) < 2 and chance.random() < 0.2:
            refreshers.append(Actor(clients, lambda client: refresh.run_pass(client, TODAY)))
        actor = chance.choice([*writers, *refreshers])
        if actor.holds and not paused and chance.random() < 0.5:
            refreshers.remove(actor)
            paused.append(actor)  # it wakes when all is over
            continue
        if chance.random() < 0.04:
            seen["killed"] += 1
            actor.kill()
            if actor in writers:
                batches.append(writers[actor])  # delivered again
        else:
            actor.turn()
        if actor.ended:
            writers.pop(actor, None)
            refreshers = [r for r in refreshers if r is not actor]
    for actor in refreshers:
        actor.finish()
    refresh.run_pass(clients[0], TODAY)
    for actor in paused:
        seen["woken"] += 1
        actor.finish()
    return seen


def batched(
    chance: Random, worlds: list[list[EnrichedTransaction]]
) -> list[list[EnrichedTransaction]]:
    """Return batches that go on in every world at once, each in its own order."""
    left = [list(received) for received in worlds]
    batches = []
    while any(left):
        batch: list[EnrichedTransaction] = []
        for received in left:
            size = chance.randint(1, 3)
            batch += received[:size]
            del received[:size]
        batches.append(batch)
    return batches


def _writer(clients: list[Client], batch: list[EnrichedTransaction]) -> Actor:
    facts = [fact_of(one) for one in batch]
    return Actor(clients, lambda client: store.write(client, facts))


def stored_lines(client: Client, houses: list[str]) -> Counter[tuple[Any, ...]]:
    """Return the lines that stand in ``sales``."""
    rows = client.query(
        "SELECT transaction_id, day, kind, item, at, timed, quantity, amount, discount, fee "
        "FROM sales FINAL ARRAY JOIN line.kind AS kind, line.item AS item, line.at AS at, "
        "line.timed AS timed, line.quantity AS quantity, line.amount AS amount, "
        "line.discount AS discount, line.fee AS fee WHERE organisation IN {houses:Array(String)}",
        parameters={"houses": houses},
    ).result_rows
    return Counter((f"{row[0]:032x}", *row[1:]) for row in rows)


def expected_lines(received: list[EnrichedTransaction]) -> Counter[tuple[Any, ...]]:
    """Return the lines that must stand in ``sales``."""
    found: Counter[tuple[Any, ...]] = Counter()
    for sold, lines in standing(received):
        for x in lines:
            assert x.at is not None
            day = datetime.fromtimestamp(x.at.timestamp(), _OSLO).date()
            at = x.at.replace(microsecond=0, tzinfo=None)
            said = (x.kind, x.item, at, not x.at_is_date, x.quantity)
            money = (x.amount_minor, x.discount_minor, x.fee_minor)
            found[sold.transaction_id, day, *said, *money] += 1
    return found


def stored_daily(client: Client, houses: list[str]) -> dict[tuple[str, date], dict[str, Any]]:
    """Return what ``kpi_daily`` says, but for cells in which there is nothing."""
    names = (
        "orders",
        "ticket_orders",
        "tickets",
        "refunded_tickets",
        "known_tickets",
        "known_refunded_tickets",
        "customer_records",
    )
    rows = client.query(
        f"SELECT scope, day, {', '.join(names)}, money.currency, arrayZip(money.orders, "
        "money.gross_revenue, money.net_revenue, money.fees, money.ticket_revenue, "
        "money.paid_tickets) FROM kpi_daily FINAL "
        "WHERE scope_kind = 'organisation' AND scope IN {houses:Array(String)}",
        parameters={"houses": houses},
    ).result_rows
    found = {}
    for scope, day, *counts, currencies, money in rows:
        if any(counts) or currencies:
            found[scope, day] = dict(zip(names, counts, strict=True)) | {
                "money": dict(zip(currencies, money, strict=True))
            }
    return found


def stored_live(client: Client, houses: list[str]) -> dict[tuple[str, date], dict[Any, Any]]:
    """Return what ``sales_live`` says."""
    rows = client.query(
        "SELECT organisation, day, of_day, currency, orders, tickets, refunded, gross, net "
        "FROM sales_live FINAL ARRAY JOIN minute.of_day AS of_day, minute.currency AS currency, "
        "minute.orders AS orders, minute.tickets AS tickets, minute.refunded_tickets AS refunded, "
        "minute.gross_revenue AS gross, minute.net_revenue AS net "
        "WHERE organisation IN {houses:Array(String)}",
        parameters={"houses": houses},
    ).result_rows
    found: defaultdict[tuple[str, date], dict[Any, Any]] = defaultdict(dict)
    for organisation, day, of_day, currency, *sums in rows:
        found[organisation, day][of_day, currency] = tuple(sums)
    return dict(found)


def test_any_order_ends_in_the_same_tables(engine_url: str) -> None:
    seen: Counter[str] = Counter()
    clients = [connect(engine_url) for _ in range(8)]
    for first in range(0, WORLDS, TOGETHER):
        chance = Random(first)
        worlds = [deliveries(Random(w), w) for w in range(first, first + TOGETHER)]
        seen += play(clients, chance, batched(chance, worlds))
        if chance.random() < 0.2:
            for table in ("versions", "sales", "marks", "covered", "sales_live", "kpi_daily"):
                clients[0].command(f"OPTIMIZE TABLE {table} FINAL")
        received = [one for world in worlds for one in world]
        houses = sorted({one.transaction.organisation for one in received})
        assert expected_lines(received) == stored_lines(clients[0], houses)
        assert daily(received) == stored_daily(clients[0], houses)
        assert live(received) == stored_live(clients[0], houses)
        seen["compared"] += len(daily(received)) + len(live(received))
    assert () == refresh.look(clients[0], refresh.LIVE).cells
    assert seen["compared"] > 1500
    assert seen["killed"] > 20
    assert seen["woken"] > 5
