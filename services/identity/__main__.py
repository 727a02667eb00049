"""Identity: pseudonymise sales and profiles, resolve persons, note the ledger's units: four loops.

Every instance does the first two and the last; one resolves, and the others wait for it to end.
"""

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial

from kudos import process, stream
from kudos.errors import Misconfigured, Rejected
from kudos.health import serve
from kudos.kafka import KafkaSink, KafkaSource
from kudos.metrics import DEAD_LETTERS, STEP_SECONDS, note_lag, timed
from kudos.sealing import Opener, Sealer
from kudos.stream import DeadLetters, Message, Source, Step, one_by_one
from kudos.topics import CLAIMS, PROFILES, RECEIVED
from kudos.transactions import KafkaTurns
from services.identity import active, ledger, step, units
from services.identity.names import Names, names
from services.identity.pseudonym import Keys
from services.identity.resolve import Resolver
from services.identity.settings import Settings
from services.identity.state import Change, State

log = logging.getLogger(__name__)

#: The broker is paid by request; this is what a sale waits here at most for others to come along.
LINGER_MS = 5
MOST = 500

Make = Callable[[Keys, Opener, Sealer, Names], Step]


def compose(stop: threading.Event) -> process.Loops:
    """Return the loops, by real clients; answer probes."""
    settings = Settings.read()
    sales = source(settings, stop, "identity.pseudonymise", (RECEIVED.name,))
    said = source(settings, stop, "identity.profiles", (PROFILES.name,))
    noted = source(settings, stop, "identity.ledger", units.TOPICS)
    table = ledger.Table(settings.clickhouse_url())
    known = names(settings.reference)
    turns = KafkaTurns(
        settings.kafka_config(),
        "identity.resolve",
        CLAIMS.name,
        alive=lambda: not stop.is_set(),
        progress=note_lag("identity"),
    )
    loops: process.Loops = {
        "pseudonymise": pseudonymising(settings, "pseudonymise", sales, step.transactions, known),
        "profiles": pseudonymising(settings, "profiles", said, step.profiles, known),
        "resolve": resolving(settings, turns),
        "ledger": partial(ledger.note, noted, settings.keys().ids, table.write, stop),
    }
    sources = (sales, said, noted, turns)
    serve(settings.identity_port, lambda: all(s.joined for s in sources), settings.host)
    return loops


def source(
    settings: Settings, stop: threading.Event, group: str, topics: tuple[str, ...]
) -> KafkaSource:
    """Return what reads *topics* until *stop*; the ledger's lag is not that of the sales."""
    is_ledger = group == "identity.ledger"
    return KafkaSource(
        settings.kafka_config(),
        group,
        topics,
        most=ledger.MOST if is_ledger else MOST,
        alive=lambda: not stop.is_set(),
        progress=note_lag(group if is_ledger else "identity"),
    )


def pseudonymising(
    settings: Settings, name: str, reads: Source, make: Make, known: Names
) -> Callable[[], None]:
    """Return one loop, with clients and sealers of its own: they are not shared by threads."""
    dead = DeadLetters(
        "identity",
        settings.sealer("replay"),
        lambda reason: DEAD_LETTERS.labels("identity", reason).inc(),
    )
    one = make(settings.keys(), settings.opener(), settings.sealer("identity"), known)
    sink = KafkaSink(settings.kafka_config(), linger_ms=LINGER_MS)
    return partial(stream.run, reads, timed("identity", name, one_by_one(one, dead)), sink)


def resolving(settings: Settings, turns: KafkaTurns) -> Callable[[], None]:
    """Return the loop of resolve, which has its state to itself."""
    try:
        state = State(settings.identity_state)
    except OSError as error:
        raise Misconfigured(f"KUDOS_IDENTITY_STATE: {error.strerror}") from None

    def refuse(rejected: Rejected) -> None:
        DEAD_LETTERS.labels("identity", rejected.reason).inc()
        log.error("a claim cannot be read", extra={"reason": rejected.reason})

    keys, sealer = settings.keys(), settings.sealer("identity")
    resolver = Resolver(keys, settings.opener(), sealer, refuse)
    seconds = STEP_SECONDS.labels("identity", "resolve")

    def step(change: Change, batch: Sequence[Message]) -> list[Message]:
        with seconds.time():
            return resolver.step(change, batch)

    return partial(active.run, turns.turns(), state, resolver, step)


if __name__ == "__main__":
    sys.exit(process.main("identity", compose))
