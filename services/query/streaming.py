"""Today as server-sent events: the day when it changes, and how old it is in between."""

from collections.abc import AsyncIterator, Callable

import msgspec
from sse_starlette import ServerSentEvent

from services.query.hub import Hub
from services.query.live import Pulse
from services.query.rendering import pulse

EVENT_STREAM = "text/event-stream"
#: When a browser comes again after it was cut off.
_RETRY_MS = 2000


async def events(
    hub: Hub, organisation: str, ended: Callable[[], bool]
) -> AsyncIterator[ServerSentEvent]:
    """Yield ``live`` events, the whole day each, and ``watermark`` events where only that moved.

    End when *ended* says so.
    """
    last: Pulse | None = None
    async with hub.listen(organisation) as feed:
        async for found in feed.pulses(ended):
            if last is not None and found.says_the_same(last):
                yield _event("watermark", {"as_of": found.live.as_of})
            else:
                yield _event("live", pulse(found))
            last = found


def _event(name: str, data: object) -> ServerSentEvent:
    return ServerSentEvent(msgspec.json.encode(data).decode(), event=name, retry=_RETRY_MS)
