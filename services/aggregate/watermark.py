"""How far everything is: pure, on what the broker and the refresher say of themselves.

A round takes a moment, then the ends of what comes in. When those who read it have committed past
them, all that was accepted before the moment is in their outputs, whose ends are the next aim; and
so on to the end of the chain. No record's clock is trusted, and idle sources hold nothing up. The
writers of these topics use no transactions, so that no marker stands behind a last message.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from kudos.topics import ENRICHED, PROFILES, PSEUDONYMOUS, RECEIVED

#: A topic and partition.
Part = tuple[str, int]
#: A consumer group and what it reads of it.
Reader = tuple[str, str, int]

#: What a group has to have read before a round goes on.
Stage = tuple[tuple[str, tuple[str, ...]], ...]

#: From what comes in to the facts.
FACTS: tuple[Stage, ...] = (
    (("identity.pseudonymise", (RECEIVED.name,)), ("identity.profiles", (PROFILES.name,))),
    (("enrich", (PSEUDONYMOUS.name,)),),
    (("aggregate", (ENRICHED.name,)),),
)
#: Refreshes count as a topic of one partition: passes begun, and passes that have ended.
PASSES = "passes"
TABLES: tuple[Stage, ...] = ((("refresh", (PASSES,)),),)
#: Every place where a transaction can end; dead letters are written before a stage commits.
LEDGER: tuple[Stage, ...] = (
    (
        (
            "identity.ledger",
            (RECEIVED.name, *(f"{t.name}.dead" for t in (RECEIVED, PSEUDONYMOUS, ENRICHED))),
        ),
    ),
)
#: The groups and topics that have to be asked about.
ASKED: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    pair for stage in (*FACTS, *LEDGER) for pair in stage
)

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
    """How far each family of tables is; the derived ones and the ledger follow the facts."""

    def __init__(self, refreshed: Iterable[str]) -> None:
        self._refreshed = tuple(refreshed)
        self._facts, self._tables, self._ledger = map(Pipeline, (FACTS, TABLES, LEDGER))

    def follow(self, moment: int, seen: Seen) -> dict[str, int]:
        """Take a new look, and return the families that have come on, with their watermarks."""
        news: dict[str, int] = {}
        self._facts.start(moment, seen)
        if (facts := self._facts.advance(seen)) is not None:
            news["facts"] = facts
            self._tables.start(facts, seen)
            self._ledger.start(facts, seen)
        if (tables := self._tables.advance(seen)) is not None:
            news |= dict.fromkeys(self._refreshed, tables)
        if (units := self._ledger.advance(seen)) is not None:
            news["ledger"] = units
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
