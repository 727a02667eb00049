"""How far everything is: pure, on what the broker and the refresher say of themselves.

A round takes a moment, then the ends of what comes in. When those who read it have committed past
them, all that was accepted before the moment is in their outputs, whose ends are the next aim; and
so on to the end of the chain. No record's clock is trusted, and idle sources hold nothing up. Who
reads what was written in transactions commits past the markers behind a last message.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from kudos.topics import (
    CLAIMS,
    ENRICHED,
    EVIDENCE,
    LINKS,
    PROFILES,
    PSEUDONYMOUS,
    RECEIVED,
)

#: A topic and partition.
Part = tuple[str, int]
#: A consumer group and what it reads of it.
Reader = tuple[str, str, int]

#: What a group has to have read before a round goes on.
Stage = tuple[tuple[str, tuple[str, ...]], ...]

#: From what comes in to the facts: sales wait for no person.
FACTS: tuple[Stage, ...] = (
    (("identity.pseudonymise", (RECEIVED.name,)),),
    (("enrich", (PSEUDONYMOUS.name,)),),
    (("aggregate", (ENRICHED.name,)),),
)
#: The same, and to the links and the evidence by way of the claims.
PERSONS: tuple[Stage, ...] = (
    (("identity.pseudonymise", (RECEIVED.name,)), ("identity.profiles", (PROFILES.name,))),
    (
        ("enrich", (PSEUDONYMOUS.name,)),
        ("identity.resolve", (CLAIMS.name,)),
        ("aggregate.links", (EVIDENCE.name,)),
    ),
    (("aggregate", (ENRICHED.name,)), ("aggregate.links", (LINKS.name,))),
)


class Pace(Struct, frozen=True):
    """Tables that are refreshed together, once what they follow from has come through.

    Refreshes count as a topic of one partition: passes begun, and passes that have ended.
    """

    name: str
    families: tuple[str, ...]
    after: str  # a family: "facts", "persons" or one of a pace before

    @property
    def passes(self) -> Part:
        """Return the topic and partition that its passes count as."""
        return f"passes.{self.name}", 0

    @property
    def reader(self) -> Reader:
        """Return who reads them."""
        return (f"refresh.{self.name}", *self.passes)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Return the one stage: a pass that began later has ended."""
        return (((self.reader[0], (self.passes[0],)),),)


#: Every pace, after what it follows; a refresher of that name has to run.
PACES = (
    Pace("live", ("sales_live", "kpi_daily"), "facts"),
    Pace("visits", ("visits",), "persons"),
    Pace("groups", ("kpi_groups", "kpi_daily_by", "kpi_rolling", "cross_use"), "visits"),
)
#: Every place where a transaction can end; dead letters are written before a stage commits.
LEDGER: tuple[Stage, ...] = (
    (
        (
            "identity.ledger",
            (RECEIVED.name, *(f"{t.name}.dead" for t in (RECEIVED, PSEUDONYMOUS, ENRICHED))),
        ),
    ),
)


def _asked(*chains: tuple[Stage, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group, topics in (pair for chain in chains for stage in chain for pair in stage):
        found[group] = tuple(dict.fromkeys((*found.get(group, ()), *topics)))
    return found


#: The groups and the topics of each that have to be asked about.
ASKED: Mapping[str, tuple[str, ...]] = _asked(FACTS, PERSONS, LEDGER)

#: More rounds in flight tell nothing finer: beyond it every other one is given up.
MOST = 128


class Seen(Struct, frozen=True):
    """What was seen at one look: first what is committed, and only then where the topics end.

    *begins* need only be known where nothing is committed.
    """

    committed: Mapping[Reader, int]
    ends: Mapping[Part, int]
    begins: Mapping[Part, int] = {}


class Round(Struct, frozen=True):
    """A moment, in microseconds since 1970, and what is still to be passed."""

    moment: int
    stage: int
    aims: Mapping[Reader, int]


class Pipeline:
    """Rounds in flight through *stages*; a newer one that has come through stands for all older."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self._stages = stages
        self._rounds: list[Round] = []

    def start(self, moment: int, seen: Seen) -> None:
        """Begin a round; the ends in *seen* were read after *moment*."""
        self._rounds.append(Round(moment, 0, aims(self._stages[0], seen)))
        if len(self._rounds) > MOST:
            # the oldest stays, for it comes through first
            self._rounds = [*self._rounds[:-1:2], self._rounds[-1]]

    def advance(self, seen: Seen) -> int | None:
        """Bring every round as far as it can; return the newest moment that has come through."""
        self._rounds = [advanced(r, self._stages, seen) for r in self._rounds]
        done = [n for n, r in enumerate(self._rounds) if r.stage == len(self._stages)]
        if not done:
            return None
        moment = self._rounds[done[-1]].moment
        self._rounds = self._rounds[done[-1] + 1 :]
        return moment


class Families:
    """How far each family of tables is: it follows from what comes in, or from another."""

    def __init__(self, paces: Iterable[Pace] = PACES) -> None:
        self._sources = {"facts": Pipeline(FACTS), "persons": Pipeline(PERSONS)}
        self._ledger = Pipeline(LEDGER)
        self._paces = [(pace, Pipeline(pace.stages)) for pace in paces]

    def follow(self, moment: int, seen: Seen) -> dict[str, int]:
        """Take a new look, and return the families that have come on, with their watermarks."""
        news: dict[str, int] = {}
        for name, pipeline in self._sources.items():
            pipeline.start(moment, seen)
            if (come := pipeline.advance(seen)) is not None:
                news[name] = come
        if "facts" in news:
            self._ledger.start(news["facts"], seen)
        if (units := self._ledger.advance(seen)) is not None:
            news["ledger"] = units
        for pace, pipeline in self._paces:
            if pace.after in news:
                pipeline.start(news[pace.after], seen)
            if (tables := pipeline.advance(seen)) is not None:
                news |= dict.fromkeys(pace.families, tables)
        return news


def aims(stage: Stage, seen: Seen) -> dict[Reader, int]:
    """Return what the groups of *stage* have to pass: where their topics end."""
    return {
        (group, topic, number): end
        for group, topics in stage
        for (topic, number), end in seen.ends.items()
        if topic in topics
    }


def advanced(one: Round, stages: tuple[Stage, ...], seen: Seen) -> Round:
    """Return *one* as far as *seen* lets it come."""
    while one.stage < len(stages) and all(passed(*aim, seen) for aim in one.aims.items()):
        after = one.stage + 1
        following = aims(stages[after], seen) if after < len(stages) else {}
        one = Round(one.moment, after, following)
    return one


def passed(reader: Reader, end: int, seen: Seen) -> bool:
    """Tell whether *reader* has committed *end*; where nothing is left to read it need not have."""
    committed = seen.committed.get(reader)
    if committed is not None and committed >= end:
        return True
    begins = seen.begins.get(reader[1:], 0)
    return end <= begins
