"""Who was where: what each link and statement changes, and that it marks just that."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos.clickhouse import connect
from kudos.profiles import age_band
from kudos.records import EnrichedTransaction, Evidence, Link
from services.aggregate import links, refresh, store
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.facts import fact_of
from services.enrich import age
from tests.support import persons
from tests.support.actors import Killed
from tests.support.deliveries import Log, logs
from tests.support.persons import PLACES, World
from tests.support.sales import MONDAY, hex_id, sale, ticket

pytestmark = pytest.mark.engine

TODAY = date(2026, 5, 17)
PACES = (refresh.LIVE, refresh.PERSONS)


class Dies:
    """A client whose process is killed before it comes to the marks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def raw_query(self, sql: str, **_rest: Any) -> None:
        """Be killed."""
        assert "INTO marks" in sql
        raise Killed

    def __getattr__(self, name: str) -> Any:
        """Return a method of the client."""
        return getattr(self._client, name)


def expected(world: World, held: Sequence[Log]) -> dict[persons.Cell, set[persons.Visitor]]:
    """Return the visits of *world* by as much of its logs as has been done."""
    done = [one for log in held for one in log.records[: log.done]]
    linked = [one for one in done if isinstance(one, Link)]
    return persons.visits(world.sold, linked, [one for one in done if isinstance(one, Evidence)])


def united(parts: Sequence[tuple[Log, int]]) -> links.Batch:
    """Return so many messages of each log as one batch."""
    read = [log.take(most)[0] for log, most in parts]
    return links.Batch([x for b in read for x in b.links], [x for b in read for x in b.evidence])


def refreshed(client: Client) -> None:
    """Refresh what is stale."""
    for tables in PACES:
        refresh.run_pass(client, TODAY, tables)


def test_each_batch_marks_what_it_changes(engine_url: str) -> None:
    """Figures are compared after each: no later mark mends one that is missing."""
    worlds = [World(Random(w), w) for w in range(100, 130)]
    houses = [house for world in worlds for house in world.houses]
    chance, killed, compared = Random(3), 0, 0
    with connect(engine_url) as client:
        persons.register(client, houses)
        store.write(client, [fact_of(one) for world in worlds for one in world.sold])
        refreshed(client)
        held = {n: logs([world]) for n, world in enumerate(worlds)}
        while left := [log for of in held.values() for log in of if log.done < len(log.records)]:
            parts = [(log, chance.randint(1, 3)) for log in left if chance.random() < 0.6]
            try:
                links.write(Dies(client) if chance.random() < 0.3 else client, united(parts))  # type: ignore[arg-type]  # it is one, for as long as it lives
            except Killed:
                killed += 1
                refreshed(client)
                # delivered again, in other portions
                links.write(client, united([(log, 1) for log, _ in parts]))
                for log, _ in parts:
                    log.done = min(log.done + 1, len(log.records))
                parts = [(log, most - 1) for log, most in parts]
                links.write(client, united(parts))
            for log, most in parts:
                log.done = min(log.done + most, len(log.records))
            refreshed(client)
            wanted: dict[persons.Cell, set[persons.Visitor]] = {}
            for n, world in enumerate(worlds):
                wanted |= expected(world, held[n])
            assert wanted == persons.stored(client, houses)
            compared += 1
    assert killed > 3
    assert compared > 10


def test_a_late_segment_makes_exactly_the_cells_of_its_person_stale(engine_url: str) -> None:
    chance = Random(7)
    houses = [f"house-7-{n}" for n in range(20)]
    refs = [hex_id("customer", 7, n) for n in range(60)]
    days = [MONDAY + timedelta(days=n) for n in range(30)]
    with connect(engine_url) as client:
        sold = []
        for n in range(400):
            one = sale((7, n), 1, MONDAY, ticket(f"t-{n}", chance.choice(days)))
            person = n % 60
            changed = {"organisation": houses[person % 20], "customer_ref": refs[person]}
            sold.append(_changed(one, **changed))
        store.write(client, [fact_of(one) for one in sold])
        # three of them, at three houses, are one
        one_person = [refs[n] for n in (3, 14, 25)]
        name = min(one_person)[:16]
        linked = [Link("house", ref, name, ref[:16], None, None) for ref in one_person]
        links.write(client, links.Batch([(link, n) for n, link in enumerate(linked)]))
        for tables in PACES:
            refresh.run_pass(client, TODAY, tables)
        before = persons.stored(client, houses)
        touched = {cell for cell, held in before.items() if int(name, 16) in {v[0] for v in held}}
        assert len(touched) > 10
        tag = Evidence(
            one_person[0], "house", "segment", "Essence", "tagtool", "declared", 0.8, MONDAY
        )
        links.write(client, links.Batch((), [Taken(statement_of(tag, 5, PLACES), 5)]))
        stale = refresh.look(client, refresh.PERSONS).cells
        assert touched == {(cell.organisation, cell.day) for cell in stale}
        refresh.run_pass(client, TODAY, refresh.PERSONS)
        after = persons.stored(client, houses)
        assert touched == {cell for cell in after if before[cell] != after[cell]}
        for cell in touched:
            assert {"Essence"} == {v[8] for v in after[cell] if v[0] == int(name, 16)}
        # the same said again, later: nobody's figures change
        again = replace(tag, observed_at=MONDAY + timedelta(days=1))
        links.write(client, links.Batch((), [Taken(statement_of(again, 6, PLACES), 6)]))
        assert () == refresh.look(client, refresh.PERSONS).cells


def _changed(one: EnrichedTransaction, **fields: Any) -> EnrichedTransaction:
    return replace(one, transaction=replace(one.transaction, **fields))


def test_a_person_of_nobodys_sales_marks_nothing(engine_url: str) -> None:
    with connect(engine_url) as client:
        links.write(
            client, links.Batch([(Link("house", "b" * 32, "a" * 16, "b" * 16, None, None), 0)])
        )
        assert () == refresh.look(client, refresh.PERSONS).cells


def test_age_bands_are_those_of_enrich(engine_url: str) -> None:
    chance = Random(1)
    days = [date(1970, 1, 1) + timedelta(days=chance.randrange(49_000)) for _ in range(4000)]
    births = [birth(chance, day) for day in days]
    with connect(engine_url) as client:
        asked = "SELECT arrayMap((b, d) -> {}, {{b:Array(String)}}, {{d:Array(Date)}})"
        text = asked.format(age_band("b", "d"))
        [(found,)] = client.query(text, parameters={"b": births, "d": days}).result_rows
    expected = [
        age.age_band(b, datetime(d.year, d.month, d.day, 12, tzinfo=UTC))
        for b, d in zip(births, days, strict=True)
    ]
    assert expected == list(found)
    assert {name for _, name in age.BANDS} | {age.UNKNOWN} == set(found)


def birth(chance: Random, day: date) -> str:
    """Return a birth as identity says it, around a band's edge more often, or what is none."""
    years, month = (
        chance.choice((*range(-1, 123), 15, 16, 24, 25, 74, 75, 120, 121)),
        chance.randint(1, 12),
    )
    year = day.year - years
    return chance.choice(
        (
            f"{year}-{month:02}",
            f"{year}-{day.month:02}",
            f"{year}",
            f"{year}-",
            f"{year}-00",
            f"{year}-13",
            f"{year}-0{month}-01",
            f" {year}",
            "",
            "-",
            "aldri",
            f"-{month}",
        )
    )
