"""The watermark is never ahead of what is uncounted, and moves on when nothing comes in."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kudos.topics import CLAIMS, ENRICHED, EVIDENCE, LINKS, PROFILES, PSEUDONYMOUS, RECEIVED
from services.aggregate.keep import Arrivals
from services.aggregate.leader import Follower
from services.aggregate.watermark import (
    ASKED,
    FACTS,
    MOST,
    Families,
    Pace,
    Part,
    Pipeline,
    Reader,
    Seen,
    passed,
)

PARTITIONS = 2
DEAD = {t.name: f"{t.name}.dead" for t in (RECEIVED, PSEUDONYMOUS, ENRICHED)}
#: Who reads what, and writes what; nothing: into the tables, of that name here.
STAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "identity.pseudonymise": (RECEIVED.name, (PSEUDONYMOUS.name, CLAIMS.name, EVIDENCE.name)),
    "enrich": (PSEUDONYMOUS.name, (ENRICHED.name,)),
    "aggregate": (ENRICHED.name, ()),
    "identity.resolve": (CLAIMS.name, (LINKS.name,)),
    "links": (LINKS.name, ()),
    "evidence": (EVIDENCE.name, ()),
}
GROUPS = {"links": "aggregate.links", "evidence": "aggregate.links"}
KEPT = {"aggregate": "facts", "links": "links", "evidence": "evidence"}
#: Every stage and partition once, and nobody dies.
ALIVE = (1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 17, 22)
PACES = (
    Pace("live", ("tables",), "facts"),
    Pace("visits", ("visits",), "persons"),
    Pace("slow", ("slow",), "visits"),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class World:
    """A chain of topics with a clock; what a stage has written it may commit much later."""

    def __init__(self) -> None:
        self.clock = 1
        self.topics: defaultdict[Part, list[int]] = defaultdict(list)
        self.read: defaultdict[Reader, int] = defaultdict(int)
        self.committed_: dict[Reader, int] = {}
        self.accepted: dict[int, int] = {}  # unit → when
        self.profiles: dict[int, int] = {}  # below 0
        #: What is where; the profiles that came are units of their own in what they end in.
        self.kept: defaultdict[str, set[int]] = defaultdict(set)
        self.refreshers = {pace.name: Refreshes(self, pace) for pace in PACES}
        self.dead: set[int] = set()
        self.noted: set[int] = set()
        self.noted_dead: set[int] = set()
        self.between: list[tuple[str, int]] = []  # what happens within a look

    def act(self, action: str, number: int) -> None:
        """Let something happen, and time go on."""
        self.clock += 1
        part = number % PARTITIONS
        match action:
            case "accept":
                unit = len(self.accepted)
                self.accepted[unit] = self.clock
                self.topics[RECEIVED.name, part].append(unit)
            case "profile":
                profile = -1 - len(self.profiles)
                self.profiles[profile] = self.clock
                self.topics[PROFILES.name, part].append(profile)
            case "read profile":
                for profile in self._read("identity.profiles", PROFILES.name, part):
                    self.topics[EVIDENCE.name, profile % PARTITIONS].append(profile)
                    self.topics[CLAIMS.name, 0].append(profile)
            case "work":
                stage = list(STAGES)[number // PARTITIONS % len(STAGES)]
                self._work(stage, part, dies=number % 5 == 0)
            case "commit":
                for reader in list(self.read)[number % 3 :: 3]:
                    self.committed_[reader] = self.read[reader]
            case "note":
                self._note(part)
            case "refresh":
                self.refreshers[PACES[number % len(PACES)].name].go_on()

    def _work(self, stage: str, part: int, *, dies: bool) -> None:
        reads, writes = STAGES[stage]
        for unit in self._read(GROUPS.get(stage, stage), reads, part):
            if dies and reads in DEAD:
                self.dead.add(unit)
                self.topics[DEAD[reads], part].append(unit)
                continue
            if not writes:
                self.kept[KEPT[stage]].add(unit)
            for topic in writes:
                number = 0 if topic == CLAIMS.name else (unit + part) % PARTITIONS
                self.topics[topic, number].append(unit)

    def _read(self, group: str, topic: str, part: int) -> list[int]:
        log, at = self.topics[topic, part], self.read[group, topic, part]
        found = log[at : at + 2]
        self.read[group, topic, part] += len(found)
        return found

    def _note(self, part: int) -> None:
        for topic in (RECEIVED.name, *DEAD.values()):
            found = self._read("identity.ledger", topic, part)
            (self.noted if topic == RECEIVED.name else self.noted_dead).update(found)

    def drain(self) -> None:
        """Let everybody do all there is to do."""
        for _ in range(3):
            for _ in range(len(self.accepted) + len(self.profiles) + 5):
                for number in ALIVE:
                    self.act("work", number)
                for part in range(PARTITIONS):
                    self.act("read profile", part)
                    self.act("note", part)
            for number in range(3):
                self.act("commit", number)

    # what the watermark asks: the broker, the refresher and the clock
    def committed(self) -> dict[Reader, int]:
        return {reader: at for reader, at in self.committed_.items() if at}

    def ends(self) -> dict[Part, int]:
        half = len(self.between) // 2
        for action in self.between[half:]:
            self.act(*action)
        topics = {topic for topics in ASKED.values() for topic in topics}
        parts = [(topic, number) for topic in topics for number in range(PARTITIONS)]
        return {part: len(self.topics[part]) for part in parts}

    def begins(self, parts: Iterable[Part]) -> dict[Part, int]:
        return dict.fromkeys(parts, 0)

    def now(self) -> datetime:
        for action in self.between[: len(self.between) // 2]:
            self.act(*action)
        self.clock += 1
        return EPOCH + timedelta(microseconds=self.clock)


class Refreshes:
    """A pace: what was there when a pass began is in its tables when it has ended."""

    def __init__(self, world: World, pace: Pace) -> None:
        self._kept, self._pace = world.kept, pace
        self.begun = self.done = 0
        self._snapshot: dict[str, set[int]] = {}

    def go_on(self) -> None:
        """Begin a pass, or end it."""
        if self.begun == self.done:
            self.begun += 1
            self._snapshot = {name: set(units) for name, units in self._kept.items()}
        else:
            [family] = self._pace.families
            for name, units in self._snapshot.items():
                if name in READ[self._pace.name]:
                    self._kept[f"{name} in {family}"] |= units
            self.done = self.begun

    def want(self) -> None:
        """Passes are made by the test."""


#: What each pace reads.
READ = {
    "live": ("facts",),
    "visits": ("facts", "links", "evidence"),
    "slow": ("facts in visits", "links in visits", "evidence in visits"),
}


class Watch:
    """Looks at a world, and holds each family to what its watermark says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.families = Families(PACES)
        names = ("facts", "persons", "tables", "visits", "slow", "ledger")
        self.marks = dict.fromkeys(names, 0)
        self._follower = Follower(
            "unused",
            lambda: True,
            threading.Event(),
            offsets=world,
            refreshers=world.refreshers,
            arrivals=Arrivals(),
            now=world.now,
            paces=PACES,
        )

    def look(self) -> None:
        """Take one look; raise where a watermark is ahead of what is done."""
        world = self.world
        self.marks |= self.families.follow(*self._follower.look())
        for profile, at in world.profiles.items():
            for mark, ending in (("persons", ""), ("visits", " in visits"), ("slow", _SLOW)):
                if at < self.marks[mark]:
                    assert profile in world.kept[f"links{ending}"] & world.kept[f"evidence{ending}"]
        for unit, at in world.accepted.items():
            if at < self.marks["facts"]:
                assert unit in world.kept["facts"] | world.dead
            if at < self.marks["tables"]:
                assert unit in world.kept["facts in tables"] | world.dead
            for mark, ending in (("persons", ""), ("visits", " in visits"), ("slow", _SLOW)):
                if at < self.marks[mark]:
                    assert all(unit in world.kept[k + ending] | world.dead for k in KEPT.values())
            if at < self.marks["ledger"]:
                assert unit in world.noted
                assert unit in world.kept["facts"] | world.noted_dead


_SLOW = " in visits in slow"
_HAPPENS = ("accept", "work", "commit", "profile", "read profile", "note", "refresh", "look")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32))
def test_is_never_ahead_of_what_is_uncounted_and_moves_on(seed: int) -> None:
    chance = Random(seed)
    # now this part is slow, now that one
    weights = [chance.choice((1, 3, 10)) for _ in _HAPPENS]

    def something() -> tuple[str, int]:
        [action] = chance.choices(_HAPPENS, weights)
        return action, chance.randrange(60)

    world = World()
    watch = Watch(world)
    for _ in range(300):
        action = something()
        if action[0] == "look":
            world.between = [something() for _ in range(chance.choice((0, 2, 12)))]
            watch.look()
            world.between = []
        else:
            world.act(*action)
    world.drain()
    idle = world.clock
    for _ in range(6):
        watch.look()
        for number in (0, 0, 1, 1, 2, 2):
            world.act("refresh", number)
    watch.look()
    assert all(mark > idle for mark in watch.marks.values()), (idle, watch.marks)


def test_many_rounds_are_in_flight_at_once() -> None:
    """The end of one is not waited for: under load the watermark follows at its own distance."""
    world, distances = World(), []
    watch = Watch(world)
    for n in range(300):
        world.act("accept", n)
        for number in ALIVE:
            world.act("work", number)
            world.act("commit", number)
        world.act("note", n)
        world.act("refresh", 0)
        watch.look()
        distances.append(world.clock - watch.marks["tables"])
    # a turn of this loop is so many ticks of the clock
    turn = world.clock // 300
    assert max(distances[50:]) < turn * 8


def test_rounds_that_cannot_end_are_thinned_out_but_the_oldest_stays() -> None:
    [(group, topics), *_], *_ = FACTS
    pipeline = Pipeline((((group, topics),),))
    reader = (group, topics[0], 0)
    for moment in range(10 * MOST):
        pipeline.start(moment, Seen({reader: 0}, {reader[1:]: moment + 1}))
    assert pipeline.advance(Seen({reader: 0}, {})) is None
    assert 0 == pipeline.advance(Seen({reader: 1}, {}))
    newest = pipeline.advance(Seen({reader: 10 * MOST}, {}))
    assert 10 * MOST - 1 == newest


def test_a_partition_of_which_nothing_is_left_holds_nothing_up() -> None:
    reader = ("identity.profiles", PROFILES.name, 0)
    assert not passed(reader, 7, Seen({}, {}))
    assert passed(reader, 0, Seen({}, {}))
    assert passed(reader, 7, Seen({}, {}, {reader[1:]: 7}))
    assert not passed(reader, 8, Seen({}, {}, {reader[1:]: 7}))
    assert passed(reader, 7, Seen({reader: 7}, {}))
    assert not passed(reader, 7, Seen({reader: 6}, {}))
