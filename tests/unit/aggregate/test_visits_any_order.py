"""Sales, links and evidence in any order, killed and paused anywhere, end in the same visits."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import NamedTuple

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.records import EnrichedTransaction
from services.aggregate import links, refresh, store
from services.aggregate.facts import fact_of
from tests.support import persons
from tests.support.actors import Actor
from tests.support.deliveries import Log, logs
from tests.support.persons import World

pytestmark = pytest.mark.engine

TODAY = date(2026, 5, 17)
WORLDS, TOGETHER = 30, 30
PACES = (refresh.LIVE, refresh.PERSONS)


class Work(NamedTuple):
    """What an actor does: facts that are delivered again where it is killed, or part of a log."""

    facts: list[EnrichedTransaction]
    log: Log | None = None
    end: int = 0


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
        seen["cells"] += len(wanted)
        for tables in PACES:
            assert () == refresh.look(clients[0], tables).cells
    assert seen["cells"] > 150
    assert seen["killed"] > 15
    assert seen["paused"] > 5
