"""Sources of which too much in a row was refused: nothing is taken from them until somebody looks.

All instances go by one compacted topic, so that they agree and a restart forgets nothing.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from kudos.kafka import Config
from kudos.metrics import SOURCE_STOPPED
from kudos.reading import following
from kudos.records import StoppedSource
from kudos.sources import Name, name_of, said, stopped
from kudos.stream import Limit, Message, TooManyRejections
from kudos.topics import STOPPED

log = logging.getLogger(__name__)

#: More refused in a row stop a source, unless it is configured otherwise.
MOST_REJECTED = 200
#: Between two attempts to reach a broker that is away.
_WAIT_S = 1.0


class SourceStopped(ConnectionError):
    """Nothing was stored: its source is stopped; the sender keeps what it has."""


class Stops:
    """Which sources are stopped, and the limit of each; threads may share it.

    More than *most* refused in a row stop a source. ``known`` is set once the topic was read to
    its end, by a Follower, or by *load* when it is first asked: before that nobody can tell.
    """

    def __init__(
        self,
        most: float,
        *,
        load: Callable[[], Iterable[Message]] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._most, self._load, self._now = most, load, now
        self._limits: dict[Name, Limit] = {}
        self._stopped: dict[Name, StoppedSource] = {}
        self.known = threading.Event()

    def limit(self, name: Name) -> Limit:
        """Return what counts how many of the source were refused in a row."""
        return self._limits.setdefault(name, Limit(self._most))

    def check(self, name: Name) -> None:
        """Raise SourceStopped where it is stopped."""
        found = self._stopped.get(name)
        if found is not None:
            raise SourceStopped(f"stopped since {found.stopped_at.isoformat(timespec='seconds')}")

    def admit(self, name: Name) -> None:
        """Raise SourceStopped where it is stopped, ConnectionError while that is not known."""
        if not self.known.is_set() and self._load is not None:
            self.note(list(self._load()))
            self.known.set()
        if not self.known.is_set():
            raise ConnectionError("what is stopped is not known yet")
        self.check(name)

    def names(self) -> frozenset[Name]:
        """Return all that are stopped."""
        return frozenset(self._stopped)

    def stop(self, name: Name, error: TooManyRejections) -> Message:
        """Return the message that stops the source; ``note`` it when the broker has it."""
        last = error.last
        vendor, organisation = name
        log.error("%s of %s is stopped: %s", vendor, organisation, error)
        return stopped(
            StoppedSource(
                organisation=organisation,
                vendor=vendor,
                stopped_at=self._now(),
                rejected=error.row,
                reason="" if last is None else last.reason,
                detail="" if last is None else last.detail,
            )
        )

    def note(self, messages: Sequence[Message]) -> None:
        """Go by *messages* of the topic."""
        for message in messages:
            name, source = name_of(message), said(message)
            if source is None:
                self._stopped.pop(name, None)
                # it begins anew
                self._limits.pop(name, None)
            else:
                self._stopped[name] = source
            SOURCE_STOPPED.labels(*name).set(source is not None)


class Follower:
    """Keeps *stops* as the topic is, on a thread beside the server."""

    def __init__(self, config: Config, stops: Stops) -> None:
        self._config, self._stops = config, stops
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stops", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self, patience_s: float = 3.0) -> None:
        """End."""
        self._ending.set()
        self._thread.join(patience_s)

    def _run(self) -> None:
        away = False
        while not self._ending.is_set():
            try:
                for messages, at_end in following(
                    self._config, "ingest", STOPPED.name, lambda: not self._ending.is_set()
                ):
                    self._stops.note(messages)
                    if at_end:
                        self._stops.known.set()
                    away = False
            except Exception as error:  # noqa: BLE001 (whatever it is, it begins again)
                # the stops that are known stay; it begins again at the topic's first message
                if not away:
                    # the text of others' errors may quote what was read
                    why = error if isinstance(error, ConnectionError) else type(error).__name__
                    log.warning("which sources are stopped cannot be read: %s", why)
                away = True
                self._ending.wait(_WAIT_S)
