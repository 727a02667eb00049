"""Everything on its way to the broker: one flush for all the requests that wait meanwhile."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from kudos.stream import Message, Sink

log = logging.getLogger(__name__)

#: How long the first of a group waits for others: a flush is dear, and its wait is not felt.
_GATHER_S = 0.003
#: How often an idle broker is asked whether it is there, and how long one answer holds good.
_ASK_EVERY_S = 2.0
_LATELY_S = 10.0
#: The most that may wait; who comes after is told to come again.
_MOST_BYTES = 64 * 2**20
#: What a message takes beside its value.
_BESIDE = 300


class _Parcel(Struct, frozen=True, eq=False):
    """One request's messages, and who waits for them."""

    messages: Sequence[Message]
    size: int
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[None]"


class Outbox:
    """Delivers what several requests hand over, in groups, from a thread of its own.

    A group is acknowledged when the broker has all of it. Where something is missing all of it is
    refused: its senders send again what may be there already, which is harmless. *reach* raises
    ConnectionError where the broker does not answer.
    """

    def __init__(self, sink: Sink, reach: Callable[[], None] = lambda: None) -> None:
        self._sink, self._reach = sink, reach
        self._waiting: list[_Parcel] = []
        self._size = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._seen = -_LATELY_S
        self._away: str | None = None
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    @property
    def trouble(self) -> str:
        """Return why nothing can be delivered: "" where the broker has answered lately."""
        if time.monotonic() - self._seen < _LATELY_S:
            return ""
        return self._away or "the broker has not answered yet"

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def close(self, patience_s: float = 10.0) -> None:
        """Deliver what waits, and end."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(patience_s)

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Return when the broker has *messages*, or raise ConnectionError; the loop goes on."""
        if not messages:
            return
        size = sum(_BESIDE + len(m.value or b"") for m in messages)
        loop = asyncio.get_running_loop()
        parcel = _Parcel(messages, size, loop, loop.create_future())
        with self._changed:
            if self._closing.is_set() or (self._waiting and self._size + size > _MOST_BYTES):
                raise ConnectionError("too much is waiting for the broker")
            self._waiting.append(parcel)
            self._size += size
            self._changed.notify()
        await parcel.done

    def _run(self) -> None:
        while True:
            group = self._group()
            if group:
                problem = self._commit(group)
                _tell(group, problem)
            elif self._closing.is_set():
                return
            else:
                problem = self._asked()
            self._note(problem)

    def _group(self) -> list[_Parcel]:
        """Return what has been handed over; nothing where nothing came for a while."""
        with self._changed:
            if not self._waiting and not self._closing.is_set() and self._seen > 0:
                self._changed.wait(_ASK_EVERY_S)
            if not self._waiting:
                return []
        self._closing.wait(_GATHER_S)
        with self._changed:
            group, self._waiting, self._size = self._waiting, [], 0
        return group

    def _commit(self, group: Sequence[_Parcel]) -> Exception | None:
        """Send *group* and wait for the broker; return what went wrong."""
        problem: Exception | None = None
        try:
            for parcel in group:
                for message in parcel.messages:
                    self._sink.send(message)
        except Exception as error:  # noqa: BLE001 (who waits is told, and the thread goes on)
            problem = error
        try:
            # also after a failed send: the next group must not answer for this one
            self._sink.flush()
        except Exception as error:  # noqa: BLE001 (as above)
            problem = problem or error
        return problem

    def _asked(self) -> Exception | None:
        try:
            self._reach()
        except ConnectionError as error:
            self._closing.wait(0.2)
            return error
        return None

    def _note(self, problem: Exception | None) -> None:
        if problem is None:
            self._seen = time.monotonic()
        elif not isinstance(problem, ConnectionError):
            log.error("a delivery failed", exc_info=problem)
        # the text of others' errors may quote what was sent
        said = str(problem) if isinstance(problem, ConnectionError) else type(problem).__name__
        away = None if problem is None else said
        if (away is None) != (self._away is None):
            log.warning("the broker is back" if away is None else f"nothing can be stored: {away}")
        self._away = away


def _tell(group: Sequence[_Parcel], problem: Exception | None) -> None:
    """Let all who wait go on; each loop is woken once, for that costs more than to be told."""
    waiting: dict[asyncio.AbstractEventLoop, list[_Parcel]] = {}
    for parcel in group:
        waiting.setdefault(parcel.loop, []).append(parcel)
    for loop, parcels in waiting.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, parcels, problem)


def _settle(parcels: Sequence[_Parcel], problem: Exception | None) -> None:
    for parcel in parcels:
        if parcel.done.done():  # the sender has gone
            continue
        if problem is None:
            parcel.done.set_result(None)
        else:
            parcel.done.set_exception(problem)
