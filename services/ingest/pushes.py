"""Take what is pushed: from whom it is, and what it becomes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kudos.errors import Rejected
from kudos.metrics import STEP_SECONDS, TRANSACTIONS_ACCEPTED
from kudos.networks import Network
from kudos.register import PROFILE_SOURCES
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Message, TooManyRejections
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.callers import let_in
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.problems import problem
from services.ingest.receiving import Intake
from services.ingest.signature import addressed, signed
from services.ingest.stopping import SourceStopped, Stops
from services.ingest.thin.hook import Hook
from services.ingest.unpacking import TooLarge, unpacked

#: How long a body may take to come.
_READ_S = 30.0
#: More is one request too many, whatever they are: each could become a dead letter.
MOST_RECORDS = 50_000
#: So many are read at a time; then others have their turn.
_TURN = 100
_MICROSECOND = timedelta(microseconds=1)
#: Where vendors push to, and sources of profiles.
HOOKS, PROFILES = "/v1/hooks/", "/v1/profiles/"
_RECEIVING = STEP_SECONDS.labels("ingest", "receive")
_STORING = STEP_SECONDS.labels("ingest", "store")


@dataclass(frozen=True, slots=True)
class Pushes:
    """What answers a push: known sender, records read, everything with the broker, then 202."""

    adapters: Mapping[str, Adapter]
    sources: Mapping[str, Adapter]
    keyring: Keyring
    outbox: Outbox
    sealer: Sealer
    dead: DeadLetters
    most_bytes: int
    hook: Hook | None
    stops: Stops
    now: Callable[[], datetime]
    stamp: Callable[[], datetime]
    proxies: Sequence[Network] = ()

    async def receive(self, request: Request) -> Response:
        """Answer a push, of records or of what only names one."""
        vendor, organisation = request.path_params["vendor"], request.path_params["organisation"]
        known = self.adapters if request.scope["path"].startswith(HOOKS) else self.sources
        adapter, origin = known.get(vendor), self.keyring.origin(vendor, organisation)
        if adapter is None or origin is None:
            return problem(404, "There is no such vendor or organisation.")
        if not self.lets_in(request, origin):
            return problem(403, "Nothing is taken from this address.")
        if self.hook is not None and (answer := self.hook.handshake(vendor, request)) is not None:
            return answer
        encoding = request.headers.get("content-encoding", "").strip().lower()
        found = await self._authentic(request, origin, encoding)
        if found is None:
            return problem(401, "The signature or the address is missing, wrong or too old.")
        body, encoding = found
        if self.hook is not None:
            # what is only named waits on disk, also while its source is stopped
            await self.hook.note(origin, adapter, body, encoding, self.most_bytes)
        intake = await self.store(origin, body, encoding)
        counts = intake.counts
        told = {"accepted": counts.accepted, "dead": counts.dead, "ignored": counts.ignored}
        return JSONResponse(told | {"receipt": intake.receipt}, 202)

    async def store(self, origin: Origin, body: bytes, encoding: str = "") -> Intake:
        """Return when the broker has what *body* became; raise SourceStopped, and store nothing."""
        name = (origin.feed.id, origin.organisation.id)
        known = self.sources if origin.feed.id in PROFILE_SOURCES else self.adapters
        dead = self.dead.within(self.stops.limit(name))
        intake = Intake(known[origin.feed.id], origin, self.sealer, dead, uuid4().hex)
        try:
            with _RECEIVING.time():
                messages = await taken(intake, body, encoding, self.most_bytes, self.stamp())
        except TooManyRejections as error:
            self.stops.check(name)
            stop = [self.stops.stop(name, error)]
            await self.outbox.deliver(stop)
            self.stops.note(stop)
            raise SourceStopped from None
        if messages:
            self.stops.admit(name)
        with _STORING.time():
            await self.outbox.deliver(messages)
        if known is self.adapters:
            TRANSACTIONS_ACCEPTED.labels(*name).inc(intake.counts.accepted)
        return intake

    def lets_in(self, request: Request, origin: Origin) -> bool:
        """Tell whether the register lets *request* in from where it comes."""
        return let_in(request, origin.feed, self.proxies)

    async def call(self, origin: Origin, body: bytes) -> None:
        """Store *body*, which a till sent by calling our service."""
        await self.store(origin, body)

    async def read(self, request: Request) -> bytes:
        """Return the body; raise TooLarge past what a body may have."""
        return await whole(request, self.most_bytes)

    async def greet(self, request: Request) -> Response:
        """Answer a handshake that comes as a GET."""
        vendor, organisation = "businesscentral", request.path_params["organisation"]
        origin = self.keyring.origin(vendor, organisation)
        known = origin is not None and self.lets_in(request, origin)
        answer = self.hook.handshake(vendor, request) if self.hook is not None and known else None
        return answer or problem(405, headers={"Allow": "POST"})

    async def _authentic(
        self, request: Request, origin: Origin, encoding: str
    ) -> tuple[bytes, str] | None:
        """Return the body and its encoding where its sender may send it, else None."""
        keys = self.keyring.keys(origin)
        found = await authentic(request, keys, self.most_bytes, self.now)
        if found is not None:
            return found, encoding
        if self.hook is None or "secret" in request.path_params:
            return None
        # whoever shows a secret in the body is read before it is known
        body = await self.read(request)
        shown = self.hook.shown(origin.feed.id, body, encoding, keys, self.most_bytes)
        return None if shown is None else (shown, "")


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
