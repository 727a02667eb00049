"""Enrich: what one record can tell, in frames."""

import sys
import threading
from functools import partial

from kudos import process, stream
from kudos.health import serve
from kudos.kafka import KafkaSink, KafkaSource
from kudos.metrics import DEAD_LETTERS, note_lag, timed
from kudos.place import places
from kudos.sealing import Sealer
from kudos.stream import DeadLetters
from kudos.topics import PSEUDONYMOUS
from services.enrich.settings import Settings
from services.enrich.step import frames

LINGER_MS = 5


def compose(stop: threading.Event) -> process.Loops:
    """Return the loop, by real clients; answer probes."""
    settings = Settings.read()
    source = KafkaSource(
        settings.kafka_config(),
        "enrich",
        (PSEUDONYMOUS.name,),
        alive=lambda: not stop.is_set(),
        progress=note_lag("enrich"),
    )
    dead = DeadLetters(
        "enrich",
        Sealer(settings.secret("seal.replay.public")),
        lambda reason: DEAD_LETTERS.labels("enrich", reason).inc(),
    )
    step = timed("enrich", "frames", frames(places(settings.reference), dead))
    sink = KafkaSink(settings.kafka_config(), linger_ms=LINGER_MS)
    serve(settings.enrich_port, lambda: source.joined, settings.host)
    return {"enrich": partial(stream.run, source, step, sink)}


if __name__ == "__main__":
    sys.exit(process.main("enrich", compose))
