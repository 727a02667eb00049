"""Poll every source of the register on its schedule, a thread each; one that fails ends nothing."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from kudos.errors import Misconfigured
from kudos.register import WatchedRegister
from services.ingest.adapters.base import Origin
from services.ingest.polling.client import Failed
from services.ingest.polling.cursor import Busy
from services.ingest.polling.health import POLL_SECONDS, WELL, Board, Name
from services.ingest.receiving import Counts
from services.ingest.stopping import SourceStopped

log = logging.getLogger(__name__)

#: How often the register is looked at, and how soon it is asked again after a failure.
_LOOK_S = 1.0
_FIRST_REST_S, _LONGEST_REST_S = 5.0, 900.0
_BUSY_S = 30.0
#: How soon it is seen that somebody has resumed a source.
_STOPPED_S = 5.0

#: How a poll ends that says itself what was wrong.
_ENDS: Mapping[type[Exception], str] = {
    Failed: "failed",
    Misconfigured: "misconfigured",
}

Sleep = Callable[[float], None]
#: Polls once; what it waits by raises Stopped when it is to end.
PollOnce = Callable[[Origin, Sleep], Counts]


class Stopped(Exception):
    """The source is no longer to be polled, or the service ends."""


class _Running(Struct, frozen=True, eq=False):
    """The thread of one source, as the register had it."""

    origin: Origin
    stop: threading.Event
    thread: threading.Thread


class Schedule:
    """Polls, by *poll*, what *register* says is polled, *every* so many seconds.

    *board* is told how each poll ended.
    """

    def __init__(
        self,
        register: WatchedRegister,
        poll: PollOnce,
        every: Callable[[Origin], float],
        board: Board,
        *,
        look_s: float = _LOOK_S,
        first_rest_s: float = _FIRST_REST_S,
    ) -> None:
        self._register, self._poll, self._every, self._board = register, poll, every, board
        self._look_s, self._first_rest_s = look_s, first_rest_s
        self._ending = threading.Event()
        self._running: dict[Name, _Running] = {}
        self._thread = threading.Thread(target=self._watch, name="polling", daemon=True)

    def start(self) -> None:
        """Begin to look at the register."""
        self._thread.start()

    def close(self, patience_s: float = 5.0) -> None:
        """End all polls: what they had not noted they read again."""
        self._ending.set()
        self._thread.join(patience_s)
        for one in self._running.values():
            one.stop.set()
        for one in self._running.values():
            one.thread.join(patience_s)

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                self._look()
            except Exception as error:
                log.exception("the sources to poll cannot be told", exc_info=error)
            self._ending.wait(self._look_s)

    def _look(self) -> None:
        register = self._register.now
        wanted = {
            name: Origin(register.organisations[name[1]], feed)
            for name, feed in register.feeds.items()
            if feed.transport == "poll"
        }
        for name, one in list(self._running.items()):
            if wanted.get(name) != one.origin:
                one.stop.set()
                if not one.thread.is_alive():
                    del self._running[name]
                    self._board.drop(name)
        for name in wanted.keys() - self._running.keys():
            self._begin(name, wanted[name])

    def _begin(self, name: Name, origin: Origin) -> None:
        self._board.note(name, "starting", datetime.now(UTC))
        stop = threading.Event()
        told = f"poll {name[0]}/{name[1]}"
        thread = threading.Thread(
            target=self._loop, args=(name, origin, stop), name=told, daemon=True
        )
        self._running[name] = _Running(origin, stop, thread)
        thread.start()

    def _loop(self, name: Name, origin: Origin, stop: threading.Event) -> None:
        def rest(seconds: float) -> None:
            if stop.wait(seconds):
                raise Stopped

        failures = 0
        try:
            while not stop.is_set():
                with POLL_SECONDS.labels(*name).time():
                    ended, after_s = self._once(name, origin, rest)
                self._board.note(name, ended, datetime.now(UTC))
                failures = 0 if ended in WELL else failures + 1
                rest(max(after_s, self._pause(origin, ended, failures)))
        except Stopped:
            return

    def _pause(self, origin: Origin, ended: str, failures: int) -> float:
        """Return for how many seconds to leave the vendor alone: ever more while it fails."""
        if ended == "busy":
            return _BUSY_S
        if ended == "stopped":
            return _STOPPED_S
        if not failures:
            return self._every(origin)
        grown = min(_LONGEST_REST_S, self._first_rest_s * 2.0 ** min(failures - 1, 20))
        return grown * random.uniform(0.5, 1.0)  # noqa: S311 (so that not all come at once)

    def _once(self, name: Name, origin: Origin, rest: Sleep) -> tuple[str, float]:
        """Poll; return how it ended, in a word of ours, and how long the vendor asks for."""
        told = "polling %s/%s: %s"
        try:
            counts = self._poll(origin, rest)
        except Stopped:
            raise
        except Busy:
            return "busy", 0.0
        except SourceStopped:
            # said once, when it was
            return "stopped", 0.0
        except tuple(_ENDS) as error:
            log.warning(told, *name, error)
            return _ENDS[type(error)], error.after_s if isinstance(error, Failed) else 0.0
        except Exception as error:
            away = isinstance(error, ConnectionError)
            # the text of others' errors may quote what was read
            log.exception(told, *name, type(error).__name__, exc_info=error)
            return "broker_away" if away else "fault", 0.0
        if counts.accepted:
            log.info(told, *name, f"{counts.accepted} accepted, {counts.dead} of them dead")
        return "read", 0.0
