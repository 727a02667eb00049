"""Who was where: sales, links and evidence in any order, killed anywhere, end in one table."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos.clickhouse import connect
from kudos.records import EnrichedTransaction, Evidence, Link
from services.aggregate import links, refresh, store
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.facts import fact_of
from services.aggregate.visits import age_band
from services.enrich import age
from tests.support import persons
from tests.support.actors import Actor, Killed
from tests.support.persons import PLACES, World
from tests.support.sales import MONDAY, hex_id, sale, ticket

pytestmark = pytest.mark.engine

TODAY = date(2026, 5, 17)
WORLDS, TOGETHER = 30, 30
PARTITIONS = 2
PACES = (refresh.LIVE, refresh.PERSONS)


class Log:
    """A partition of links or of evidence; several consumers may believe that it is theirs."""

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self.done = 0

    def take(self, most: int) -> tuple[links.Batch, int]:
        """Return a batch from where it is done, and where that ends."""
        end = min(self.done + most, len(self.records))
        read = [(self.records[n], n) for n in range(self.done, end)]
        taken = [
            Taken(statement_of(record, n, PLACES), self.done)
            for record, n in read
            if isinstance(record, Evidence)
        ]
        linked = [(record, n) for record, n in read if isinstance(record, Link)]
        return links.Batch(linked, taken), end


class Work(NamedTuple):
    """What an actor does: facts that are delivered again where it is killed, or part of a log."""

    facts: list[EnrichedTransaction]
    log: Log | None = None
    end: int = 0


def logs(worlds: Sequence[World]) -> list[Log]:
    """Return the partitions of links and of evidence, each in its own order."""
    every: tuple[list[Any], ...] = (
        [link for world in worlds for link in world.links],
        [said for world in worlds for said in world.evidence],
    )
    return [
        Log([one for one in records if int(one.customer_ref, 16) % PARTITIONS == number])
        for records in every
        for number in range(PARTITIONS)
    ]


class Play:
    """Actors that write and refresh in a random order; some are killed, others paused."""

    def __init__(self, clients: list[Client], chance: Random, worlds: Sequence[World]) -> None:
        self.clients, self.chance = clients, chance
        self.seen: Counter[str] = Counter()
        self.logs = logs(worlds)
        sold = [one for world in worlds for one in world.sold]
        chance.shuffle(sold)
        self.facts = [sold[n : n + 25] for n in range(0, len(sold), 25)]
        self.working: dict[Actor, Work] = {}
        self.refreshers: list[Actor] = []
        self.paused: list[Actor] = []

    def begin(self) -> None:
        """Let somebody begin with something that nobody has in hand."""
        chance = self.chance
        busy = [work.log for work in self.working.values()]
        idle = [x for x in self.logs if x.done < len(x.records) and x not in busy]
        if idle and chance.random() < 0.6:
            log = chance.choice(idle)
            batch, end = log.take(chance.randint(1, 50))
            work = Work([], log, end)
            self.working[Actor(self.clients, lambda client: links.write(client, batch))] = work
        elif self.facts:
            batch_ = self.facts.pop()
            facts = [fact_of(one) for one in batch_]
            actor = Actor(self.clients, lambda client: store.write(client, facts))
            self.working[actor] = Work(batch_)

    def ended(self, actor: Actor) -> None:
        """Commit what a consumer has done; what a killed one has not is done again."""
        self.refreshers = [r for r in self.refreshers if r is not actor]
        work = self.working.pop(actor, None)
        if work is None:
            return
        if work.log is not None and not actor.killed:
            work.log.done = max(work.log.done, work.end)
        elif actor.killed:
            self.facts += [work.facts] if work.facts else []

    def pause(self, actor: Actor) -> None:
        """Let *actor* sleep; another gets its partition, or does its facts again."""
        self.seen["paused"] += 1
        self.paused.append(actor)
        self.refreshers = [r for r in self.refreshers if r is not actor]
        work = self.working.pop(actor, None)
        if work is not None and work.facts:
            self.facts.append(work.facts)

    def step(self) -> None:
        """Let something happen."""
        chance = self.chance
        if len(self.working) < 3 and chance.random() < 0.5:
            self.begin()
        if len(self.refreshers) < 2 and chance.random() < 0.1:
            tables = chance.choice(PACES)
            run = Actor(self.clients, lambda client: refresh.run_pass(client, TODAY, tables))
            self.refreshers.append(run)
        actors = [*self.working, *self.refreshers]
        if not actors:
            return
        actor = chance.choice(actors)
        if len(self.paused) < 2 and chance.random() < 0.03 and not actor.ended:
            self.pause(actor)
            return
        if chance.random() < 0.06:
            self.seen["killed"] += 1
            actor.kill()
        else:
            actor.turn()
        if actor.ended:
            self.ended(actor)
        if self.paused and chance.random() < 0.02:
            self.paused.pop(0).finish()

    def run(self) -> Counter[str]:
        """Go on until everything is in, and refreshed."""
        while self.facts or self.working or any(x.done < len(x.records) for x in self.logs):
            self.step()
        for actor in (*self.refreshers, *self.paused):
            actor.finish()
        for tables in PACES:
            refresh.run_pass(self.clients[0], TODAY, tables)
        return self.seen


def customers(client: Client, houses: Sequence[str]) -> dict[persons.Cell, tuple[int, int]]:
    """Return how many persons and own persons ``kpi_daily`` has, where there are any."""
    rows = client.query(
        "SELECT scope, day, customers, own_customers FROM kpi_daily FINAL "
        "WHERE scope_kind = 'organisation' AND scope IN {houses:Array(String)} AND customers > 0",
        parameters={"houses": list(houses)},
    ).result_rows
    return {(scope, day): (many, own) for scope, day, many, own in rows}


def test_any_order_ends_in_the_same_visits(engine_url: str) -> None:
    seen: Counter[str] = Counter()
    clients = [connect(engine_url) for _ in range(10)]
    for first in range(0, WORLDS, TOGETHER):
        worlds = [World(Random(w), w) for w in range(first, first + TOGETHER)]
        houses = [house for world in worlds for house in world.houses]
        persons.register(clients[0], houses)
        seen += Play(clients, Random(first), worlds).run()
        wanted: dict[persons.Cell, set[persons.Visitor]] = {}
        for world in worlds:
            wanted |= persons.visits(world.sold, world.links, world.evidence)
        assert wanted == persons.stored(clients[0], houses)
        assert customers(clients[0], houses) == {
            cell: (len({v[0] for v in held}), len({v[1] for v in held}))
            for cell, held in wanted.items()
        }
        seen["cells"] += len(wanted)
        for tables in PACES:
            assert () == refresh.look(clients[0], tables).cells
    assert seen["cells"] > 150
    assert seen["killed"] > 15
    assert seen["paused"] > 5


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
            parts = [(log, chance.randint(1, 2)) for log in left if chance.random() < 0.5]
            try:
                links.write(Dies(client) if chance.random() < 0.3 else client, united(parts))  # type: ignore[arg-type]  # it is one, for as long as it lives
            except Killed:
                killed += 1
                refreshed(client)
                # delivered again, one by one
                for log, _ in parts:
                    links.write(client, united([(log, 1)]))
                    log.done = min(log.done + 1, len(log.records))
                parts = [(log, 1) for log, most in parts if most == 2]
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
