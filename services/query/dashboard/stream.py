"""*Nå* as it moves: the parts of the page that changed, as server-sent events."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import anyio
import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from kudos.register import Organisation
from services.query.dashboard import now, saying, visit
from services.query.dashboard.guard import HEADERS, PRIVATE
from services.query.dashboard.now import Moment, Now
from services.query.dashboard.rendering import render
from services.query.dashboard.visit import Parts, Visit
from services.query.dashboard.wording import Texts
from services.query.live import lag
from services.query.pool import Away

#: Older than this is said to be old.
STALE_S = 15.0
#: When a browser comes again after it was cut off.
_RETRY_MS = 2000
_PARTS = ("sentence", "tiles", "courses", "tops")


def routes(parts: Parts) -> list[BaseRoute]:
    """Return the stream of *Nå*."""

    async def stream(request: Request) -> Response:
        seen = visit.of(parts, request)
        if seen.organisation is None:
            return PlainTextResponse("sign in first\n", 401, HEADERS | PRIVATE)
        stopping = anyio.Event()
        return EventSourceResponse(
            _events(parts, seen, seen.organisation, stopping.is_set),
            headers=HEADERS | PRIVATE,
            ping=5,
            send_timeout=10,
            shutdown_event=stopping,
            shutdown_grace_period=2,
        )

    return [Route("/now/stream", stream)]


def age(texts: Texts, as_of: datetime | None, at: datetime) -> dict[str, object]:
    """Return how old the page is, in words, and whether that is too old."""
    seconds = lag(as_of, at)
    return {
        "ago": saying.ago(texts, seconds),
        "as_of": as_of,
        "stale": seconds is None or seconds > STALE_S,
    }


def fragments(texts: Texts, page: Now) -> dict[str, str]:
    """Return the parts of the page that move, by name, as HTML."""
    return {name: render(f"now/{name}.html", {"t": texts, "page": page}) for name in _PARTS}


async def _events(
    parts: Parts, seen: Visit, organisation: Organisation, stopping: Callable[[], bool]
) -> AsyncIterator[ServerSentEvent]:
    """Yield what changed since the last event, and how old it is; at the end of a session, that."""
    sent: dict[str, str] = {}
    before: Moment | None = None

    def signed_out() -> bool:
        return visit.of(parts, seen.request).organisation != organisation

    async with parts.hub.listen(organisation.id) as feed:
        async for pulse in feed.pulses(lambda: stopping() or signed_out()):
            try:
                before = await run_in_threadpool(now.moment, parts.source, pulse, before)
            except Away:
                continue  # what is shown grows old, and says so; the next pulse tries again
            at = parts.clock()
            made = await run_in_threadpool(_made, seen.texts, organisation, before, at)
            changed = {name: html for name, html in made.items() if sent.get(name) != html}
            sent = made
            said = age(seen.texts, pulse.live.as_of, at)
            told = {"ago": said["ago"], "stale": said["stale"], "parts": changed}
            yield _event("now", told)
    if signed_out():
        yield _event("ended", {})


def _event(name: str, data: object) -> ServerSentEvent:
    return ServerSentEvent(msgspec.json.encode(data).decode(), event=name, retry=_RETRY_MS)


def _made(texts: Texts, organisation: Organisation, found: Moment, at: datetime) -> dict[str, str]:
    return fragments(texts, now.page(texts, organisation.currency, found, at))
