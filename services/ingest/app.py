"""Receive pushes: the one HTTP edge of ingest."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from kudos.errors import Misconfigured
from kudos.networks import Network
from kudos.sealing import Sealer
from kudos.stream import DeadLetters
from services.ingest.adapters.base import Adapter
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.problems import problem
from services.ingest.pushes import HOOKS, PROFILES, Pushes, stamps
from services.ingest.soap import service as soap
from services.ingest.stopping import SourceStopped, Stops
from services.ingest.thin.hook import Hook
from services.ingest.thin.notices import NotNoted
from services.ingest.unpacking import TooLarge

#: When to come again while the broker is away.
_RETRY_S = "5"
#: And while its source is stopped: somebody has to look first.
_STOPPED_RETRY_S = "300"
#: Nothing is taken before that.
_UNKNOWN = "which sources are stopped is not known yet"
NONE: Mapping[str, Adapter] = {}
Answer = Callable[[Request, Exception], Awaitable[Response]]


class Beside(Protocol):
    """What runs while the app does."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End."""


def create_app(
    adapters: Mapping[str, Adapter],
    keyring: Keyring,
    outbox: Outbox,
    sealer: Sealer,
    dead: DeadLetters,
    *,
    standard: Mapping[str, object],
    most_bytes: int,
    sources: Mapping[str, Adapter] = NONE,
    hook: Hook | None = None,
    stops: Stops,
    beside: Sequence[Beside] = (),
    told: Callable[[], str] = str,
    proxies: Sequence[Network] = (),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Return the HTTP app that hands every transaction, and every profile, to *outbox*.

    *adapters* are the vendors', *sources* those of profiles. *standard* is the JSON Schema of the
    open standard; a body may have *most_bytes*. *hook* takes what only names a record;
    *stops* knows the sources that nothing is taken from;
    *beside* runs as long as the app; what is *told* of sources that are polled, ``/healthz`` says.
    Addresses that trusted *proxies* forward are believed.
    """
    pushes = Pushes(
        adapters,
        sources,
        keyring,
        outbox,
        sealer,
        dead,
        most_bytes,
        hook,
        stops,
        now,
        stamps(now),
        proxies,
    )
    tills = soap.service(
        keyring.origin,
        keyring.keys,
        pushes.read,
        pushes.call,
        most_bytes=most_bytes,
        lets_in=pushes.lets_in,
    )
    schema = json.dumps(standard, ensure_ascii=False, indent=1).encode()

    async def describe(_request: Request) -> Response:
        return Response(schema, media_type="application/schema+json")

    async def ready(_request: Request) -> Response:
        why = outbox.trouble or ("" if stops.known.is_set() else _UNKNOWN)
        return _said(f"not ready: {why}\n", 503) if why else _said("ok\n")

    places = [place + "{vendor}/{organisation}" for place in (HOOKS, PROFILES)]
    places += [f"{place}/{{secret:path}}" for place in places]
    app = Starlette(
        routes=[
            # the handshake may be a GET
            Route(f"{HOOKS}businesscentral/{{organisation}}", pushes.greet, methods=["GET"]),
            *(Route(place, pushes.receive, methods=["POST"]) for place in places),
            Route("/v1/soap/pckasse/{organisation}", tills, methods=["POST"]),
            Route("/v1/standard/transaction.json", describe),
            Route("/healthz", _alive(told)),
            Route("/readyz", ready),
            Route("/metrics", _metrics),
        ],
        exception_handlers=_PROBLEMS,
        lifespan=_lifespan(outbox, beside),
    )
    app.router.redirect_slashes = False
    return app


def _lifespan(
    outbox: Outbox, beside: Sequence[Beside]
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        outbox.start()
        for one in beside:
            one.start()
        yield
        for one in beside:
            await asyncio.to_thread(one.close)
        await asyncio.to_thread(outbox.close)

    return lifespan


def _said(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="text/plain")


def _alive(told: Callable[[], str]) -> Callable[[Request], Awaitable[Response]]:
    async def alive(_request: Request) -> Response:
        return _said(f"ok\n{told()}")

    return alive


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _answer(status: int, detail: str, retry: str | None = None) -> Answer:
    headers = None if retry is None else {"Retry-After": retry}

    async def answer(_request: Request, _error: Exception) -> Response:
        return problem(status, detail, headers)

    return answer


async def _unknown(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(status, headers=getattr(error, "headers", None))


_PROBLEMS: dict[Any, Answer] = {
    HTTPException: _unknown,
    TooLarge: _answer(413, "The body, or the number of records in it, is over the limit."),
    TimeoutError: _answer(408, "The body did not come in time."),
    ClientDisconnect: _answer(400, "The body did not come whole."),
    # what a vendor told of is not lost while it is mended: it comes again
    Misconfigured: _answer(503, "The register lacks what this is read by.", _RETRY_S),
    NotNoted: _answer(503, "Nothing was stored: our disk refuses it.", _RETRY_S),
    SourceStopped: _answer(
        503, "Nothing was stored: too much in a row was refused. Keep it.", _STOPPED_RETRY_S
    ),
    ConnectionError: _answer(503, "Nothing was stored: the broker cannot be reached.", _RETRY_S),
    Exception: _answer(500, "This is a fault of ours; nothing was acknowledged."),
}
