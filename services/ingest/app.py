"""Receive pushes: the one HTTP edge of ingest."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kudos.errors import Rejected
from kudos.metrics import STEP_SECONDS, TRANSACTIONS_ACCEPTED
from kudos.register import PROFILE_SOURCES
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Message
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.problems import problem
from services.ingest.receiving import Intake
from services.ingest.signature import addressed, signed
from services.ingest.soap import service as soap
from services.ingest.thin.hook import Hook
from services.ingest.unpacking import TooLarge, unpacked

#: How long a body may take to come, and when to come again while the broker is away.
_READ_S = 30.0
_RETRY_S = "5"
#: More is one request too many, whatever they are: each could become a dead letter.
MOST_RECORDS = 50_000
#: So many are read at a time; then others have their turn.
_TURN = 100
_MICROSECOND = timedelta(microseconds=1)
#: Where vendors push to, and sources of profiles.
_HOOKS, _PROFILES = "/v1/hooks/", "/v1/profiles/"
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
    beside: Sequence[Beside] = (),
    told: Callable[[], str] = str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Return the HTTP app that hands every transaction, and every profile, to *outbox*.

    *adapters* are the vendors', *sources* those of profiles. *standard* is the JSON Schema of the
    open standard; a body may have *most_bytes*. *hook* takes what only names a record;
    *beside* runs as long as the app; what is *told* of sources that are polled, ``/healthz`` says.
    """
    stamp = stamps(now)
    receiving = STEP_SECONDS.labels("ingest", "receive")
    storing = STEP_SECONDS.labels("ingest", "store")

    async def store(origin: Origin, body: bytes, encoding: str = "") -> Intake:
        """Return when the broker has what *body* became."""
        known = sources if origin.feed.id in PROFILE_SOURCES else adapters
        intake = Intake(known[origin.feed.id], origin, sealer, dead, uuid4().hex)
        with receiving.time():
            messages = await taken(intake, body, encoding, most_bytes, stamp())
        with storing.time():
            await outbox.deliver(messages)
        if known is adapters:
            names = (origin.feed.id, origin.organisation.id)
            TRANSACTIONS_ACCEPTED.labels(*names).inc(intake.counts.accepted)
        return intake

    async def receive(request: Request) -> Response:
        vendor, organisation = request.path_params["vendor"], request.path_params["organisation"]
        known = adapters if request.url.path.startswith(_HOOKS) else sources
        adapter, origin = known.get(vendor), keyring.origin(vendor, organisation)
        if adapter is None or origin is None:
            return problem(404, "There is no such vendor or organisation.")
        if hook is not None and (answer := hook.handshake(vendor, request)) is not None:
            return answer
        keys = keyring.keys(origin)
        encoding = request.headers.get("content-encoding", "").strip().lower()
        found = await authentic(request, keys, most_bytes, now)
        if found is None and hook is not None and "secret" not in request.path_params:
            # whoever shows a secret in the body is read before it is known
            body = await whole(request, most_bytes)
            found, encoding = hook.shown(vendor, body, encoding, keys, most_bytes), ""
        if found is None:
            return problem(401, "The signature or the address is missing, wrong or too old.")
        intake = await store(origin, found, encoding)
        if hook is not None:
            await hook.note(origin, adapter, found, encoding, most_bytes)
        counts = intake.counts
        told = {"accepted": counts.accepted, "dead": counts.dead, "ignored": counts.ignored}
        return JSONResponse(told | {"receipt": intake.receipt}, 202)

    async def greeted(request: Request) -> Response:
        vendor, organisation = "businesscentral", request.path_params["organisation"]
        known = hook is not None and keyring.origin(vendor, organisation) is not None
        answer = hook.handshake(vendor, request) if hook is not None and known else None
        return answer or problem(405, headers={"Allow": "POST"})

    async def called(origin: Origin, body: bytes) -> None:
        await store(origin, body)

    async def read(request: Request) -> bytes:
        return await whole(request, most_bytes)

    tills = soap.service(keyring.origin, keyring.keys, read, called, most_bytes)

    schema = json.dumps(standard, ensure_ascii=False, indent=1).encode()

    async def describe(_request: Request) -> Response:
        return Response(schema, media_type="application/schema+json")

    async def ready(_request: Request) -> Response:
        return _said("ok\n") if outbox.reachable else _said("not ready\n", 503)

    places = [place + "{vendor}/{organisation}" for place in (_HOOKS, _PROFILES)]
    places += [f"{place}/{{secret:path}}" for place in places]
    app = Starlette(
        routes=[
            # the handshake may be a GET
            Route(f"{_HOOKS}businesscentral/{{organisation}}", greeted, methods=["GET"]),
            *(Route(place, receive, methods=["POST"]) for place in places),
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


async def authentic(
    request: Request, keys: Sequence[bytes], most: int, now: Callable[[], datetime]
) -> bytes | None:
    """Return the body where its sender may send it, else None; nothing of it is read before.

    An address that nobody can guess is enough, else it is signed.
    """
    secret = request.path_params.get("secret")
    if secret is not None and not addressed(secret, keys):
        return None
    body = await whole(request, most)
    if secret is None and not signed(request.headers, body, keys, now().timestamp()):
        return None
    return body


async def whole(request: Request, most: int) -> bytes:
    """Return the body; raise TooLarge past *most* bytes, as soon as that is known."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > most):
        raise TooLarge
    if (read := getattr(request.state, "body", None)) is not None:
        return bytes(read)
    parts, size = [], 0
    async with asyncio.timeout(_READ_S):
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLarge
            parts.append(part)
    request.state.body = b"".join(parts)
    return bytes(request.state.body)


async def taken(
    intake: Intake, body: bytes, encoding: str, most: int, at: datetime
) -> list[Message]:
    """Return what *body* becomes; as a whole one dead letter where no records can be told in it."""
    try:
        body = unpacked(body, encoding, most)
        records = intake.split(body)
    except Rejected as rejected:
        return [intake.letter(body, at, rejected)]
    if len(records) > MOST_RECORDS:
        raise TooLarge
    messages: list[Message] = []
    for number, record in enumerate(records, 1):
        messages += intake.take(record, at)
        if number % _TURN == 0:
            await asyncio.sleep(0)
    return messages


def stamps(now: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return what tells the time of receipt: later each time, also where the clock is set back."""
    last = datetime.min.replace(tzinfo=UTC)

    def stamp() -> datetime:
        nonlocal last
        last = max(now(), last + _MICROSECOND)
        return last

    return stamp


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
    ConnectionError: _answer(503, "Nothing was stored: the broker cannot be reached.", _RETRY_S),
    Exception: _answer(500, "This is a fault of ours; nothing was acknowledged."),
}
