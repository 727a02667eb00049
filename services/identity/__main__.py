"""Identity: pseudonymise sales and profiles, and note the ledger's units, in three loops."""

import sys
import threading
from collections.abc import Callable
from functools import partial

from kudos import process, stream
from kudos.health import serve
from kudos.kafka import KafkaSink, KafkaSource
from kudos.metrics import DEAD_LETTERS, note_lag, timed
from kudos.sealing import Opener, Sealer
from kudos.stream import DeadLetters, Source, Step, one_by_one
from kudos.topics import PROFILES, RECEIVED
from services.identity import ledger, step, units
from services.identity.names import Names, names
from services.identity.pseudonym import Keys
from services.identity.settings import Settings

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
    loops: process.Loops = {
        "pseudonymise": pseudonymising(settings, "pseudonymise", sales, step.transactions, known),
        "profiles": pseudonymising(settings, "profiles", said, step.profiles, known),
        "ledger": partial(ledger.note, noted, settings.keys().ids, table.write, stop),
    }
    sources = (sales, said, noted)
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


if __name__ == "__main__":
    sys.exit(process.main("identity", compose))
