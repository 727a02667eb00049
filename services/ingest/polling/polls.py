"""Poll a source of the register: by its client, from its store, to the broker."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx

from kudos.metrics import DEAD_LETTERS, TRANSACTIONS_ACCEPTED
from kudos.sealing import Sealer
from kudos.sources import Name
from kudos.stream import DeadLetters, Message, Sink, TooManyRejections
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.polling import feeds
from services.ingest.polling.client import TIMEOUT_S
from services.ingest.polling.cursor import Store
from services.ingest.polling.engine import Poll, Source
from services.ingest.receiving import Counts
from services.ingest.stopping import SourceStopped, Stops


class Polls:
    """Polls sources with what all of them share; *folder* has a store for each.

    *secrets* is ingest's directory; records are sealed to *identity*, dead letters to *replay*.
    """

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        folder: Path,
        secrets: Path,
        sink: Sink,
        *,
        identity: Sealer,
        replay: Sealer,
        stops: Stops,
    ) -> None:
        self._adapters, self._folder, self._secrets = adapters, folder, secrets
        self._sink, self._identity, self._replay = sink, identity, replay
        self._stops = stops
        self._one_at_a_time = threading.Lock()

    def every(self, origin: Origin) -> float:
        """Return how many seconds lie between two polls of *origin*."""
        return feeds.source(origin, self._adapters).every.total_seconds()

    def poll(
        self,
        origin: Origin,
        sleep: Callable[[float], None],
        *,
        anew: bool = False,
        tell: Callable[[int, int], None] = lambda _read, _new: None,
    ) -> Counts:
        """Poll *origin* once; *anew* forgets what was read before.

        Raise Failed, Busy, Misconfigured, SourceStopped, or ConnectionError of the broker; what was
        acknowledged until then stays.
        """
        source = feeds.source(origin, self._adapters)
        self._stops.check(source.names)
        try:
            return self._poll(source, sleep, anew=anew, tell=tell)
        except TooManyRejections as error:
            stop = [self._stops.stop(source.names, error)]
            self._deliver(stop)
            self._stops.note(stop)
            raise SourceStopped(str(error)) from None

    def _poll(
        self,
        source: Source,
        sleep: Callable[[float], None],
        *,
        anew: bool,
        tell: Callable[[int, int], None],
    ) -> Counts:
        with httpx.Client(timeout=TIMEOUT_S) as http:
            client = feeds.client(http, source, self._secrets, sleep=sleep)
            store = Store(self._folder / f"{source.name}.sqlite")
            try:
                if anew:
                    store.forget()
                return Poll(
                    source,
                    client,
                    store,
                    sealer=self._identity,
                    dead=self._letters(source.names),
                    deliver=partial(self._admitted, source.names),
                    tell=tell,
                    count=TRANSACTIONS_ACCEPTED.labels(*source.names).inc,
                ).run()
            finally:
                store.close()

    def _letters(self, name: Name) -> DeadLetters:
        """Return what makes letters of a source: how many were refused in a row is its own."""
        return DeadLetters(
            "ingest",
            self._replay,
            lambda reason: DEAD_LETTERS.labels("ingest", reason).inc(),
            self._stops.limit(name),
        )

    def _admitted(self, name: Name, messages: Sequence[Message]) -> None:
        self._stops.admit(name)
        self._deliver(messages)

    def _deliver(self, messages: Sequence[Message]) -> None:
        # a flush tells of all that was sent: two sources must not answer for one another
        with self._one_at_a_time:
            try:
                for message in messages:
                    self._sink.send(message)
            finally:
                self._sink.flush()
