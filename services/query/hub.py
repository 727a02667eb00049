"""One look at ClickHouse for all who listen to an organisation's day."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool

from services.query.live import Pulse
from services.query.pool import Away

log = logging.getLogger(__name__)

#: Between two looks.
EVERY_S = 1.0
#: Who waits looks up so often, whether to go on.
_LOOK_UP_S = 0.5


class Feed:
    """An organisation's newest pulse, and who waits for the next."""

    def __init__(self) -> None:
        self.listeners = 0
        self.newest: Pulse | None = None
        self.task: asyncio.Task[None] | None = None
        self._number = 0
        self._next = asyncio.Event()

    def put(self, pulse: Pulse) -> None:
        """Tell all who wait of *pulse*."""
        self.newest, self._number = pulse, self._number + 1
        self._next.set()
        self._next = asyncio.Event()

    async def pulses(self, ended: Callable[[], bool] = lambda: False) -> AsyncIterator[Pulse]:
        """Yield the newest pulse, then each newer one, until *ended*, which is asked often."""
        seen = 0
        while not ended():
            if self.newest is None or self._number == seen:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_UP_S):
                        await self._next.wait()
                continue
            seen = self._number
            yield self.newest


class Hub:
    """Feeds by organisation; each looks while somebody listens, and only then."""

    def __init__(self, look: Callable[[str], Pulse], every_s: float = EVERY_S) -> None:
        self._look, self._every_s = look, every_s
        self._feeds: dict[str, Feed] = {}

    @property
    def listeners(self) -> int:
        """Return how many listen."""
        return sum(feed.listeners for feed in self._feeds.values())

    @asynccontextmanager
    async def listen(self, organisation: str) -> AsyncIterator[Feed]:
        """Offer the feed of *organisation*, which goes on as long as somebody holds it."""
        feed = self._feeds.setdefault(organisation, Feed())
        feed.listeners += 1
        if feed.task is None:
            feed.task = asyncio.create_task(self._follow(organisation, feed))
        try:
            yield feed
        finally:
            feed.listeners -= 1
            if feed.listeners == 0:
                self._feeds.pop(organisation, None)
                feed.task.cancel()

    async def _follow(self, organisation: str, feed: Feed) -> None:
        away = False
        while True:
            try:
                found = await run_in_threadpool(self._look, organisation)
            except Away:
                # said once; those who listen see how old it is, and it goes on by itself
                if not away:
                    log.warning("live: ClickHouse is away")
                away = True
            except Exception as error:
                log.exception("live: cannot look", exc_info=error)
            else:
                away = False
                if found != feed.newest:
                    feed.put(found)
            await asyncio.sleep(self._every_s)
