"""Ingest under test: its app on a broker in memory, and a vendor that speaks plainly."""

import asyncio
import base64
import hmac
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Line, Transaction
from kudos.register import WatchedRegister
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed, Person, Sale
from services.ingest.app import create_app
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.sources import SOURCES
from services.ingest.stopping import Stops
from tests.support.memory import MemorySink

AT = datetime(2026, 5, 17, 12, tzinfo=UTC)
NEW, OLD = "new-2", "old-1"
SECRETS = {name: "whsec_" + base64.b64encode(name.encode() * 4).decode() for name in (NEW, OLD)}
MOST = 4096
MOST_REJECTED = 20
REGISTER = """
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "tixly"
  secrets = ["new-2", "old-1"]
  [[organisation.vendor]]
  id = "dx"
  secrets = ["new-2"]
  [[organisation.vendor]]
  id = "tagtool"
  numbers_of = "tixly"
  secrets = ["new-2", "old-1"]
  [[organisation.vendor]]
  id = "npumonitor"
  numbers_of = "tixly"
  secrets = ["new-2"]
"""


def unstopped(most: int = 1_000_000) -> Stops:
    """Return what knows that no source is stopped, and stops one after *most* rejections."""
    stops = Stops(most)
    stops.known.set()
    return stops


def split(body: bytes) -> Sequence[bytes]:
    """Return the items of a list, else the one record."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected(Reason.UNREADABLE, "not JSON") from None
    return [json.dumps(one).encode() for one in found] if isinstance(found, list) else [body]


def parse(record: bytes, _origin: Origin) -> Parsed:
    """Return what the record says of itself."""
    told = json.loads(record)
    if not isinstance(told, dict) or "bad" in told:
        raise Rejected(Reason.INVALID_FIELD, "bad")
    if "fault" in told:
        raise KeyError(told["fault"])
    if "draft" in told:
        return [Ignored("draft")]
    if "person" in told:
        return [Person(Customer(email=told["person"]), AT)]
    line = Line("1", "sale", "ticket", 1, told.get("amount", 100), at=AT)
    number, version = told["number"], told.get("version")
    sold = Transaction(number, number, version, AT, False, "web", "NOK", (line,))
    return [Sale(sold, Customer(email=told["email"]) if "email" in told else None)]


def number(record: bytes) -> str | None:
    """Return the record's number."""
    try:
        found = json.loads(record)["number"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) else None


ABOUT = About(
    name="Plain",
    delivers={"transaction": "DOC"},
    money="øre",
    times="none",
    refunds="none",
    exchanges="none",
    versions="version",
    authentication="none",
    configure="nothing",
    verify=(),
)
PLAIN = Adapter("DOC", ("push",), "a record", split, parse, number, ABOUT)


class Ingest:
    """The app, and everything around it that a test may turn."""

    def __init__(self, folder: Path, adapter: Adapter = PLAIN) -> None:
        self.sink, self.counted, self.at = MemorySink(), list[str](), AT
        self.secrets, self.register = folder / "secrets", folder / "register.toml"
        self.secrets.mkdir()
        self.register.write_text(REGISTER, "utf-8")
        for name, text in SECRETS.items():
            (self.secrets / name).write_text(text + "\n", "utf-8")
        private, public = new_key_pair()
        self.opener = Opener(private)
        dead = DeadLetters("ingest", Sealer(public), self.counted.append, Limit(float("inf")))
        self.outbox = Outbox(self.sink)
        self.stops = unstopped(MOST_REJECTED)
        self.app = create_app(
            {"tixly": adapter},
            Keyring(WatchedRegister(self.register), self.secrets),
            self.outbox,
            Sealer(public),
            dead,
            standard={"title": "transaction"},
            most_bytes=MOST,
            sources=SOURCES,
            stops=self.stops,
            now=lambda: self.at,
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Yield what speaks to the app while it runs."""
        async with self.app.router.lifespan_context(self.app):
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as http:
                yield http

    def push(
        self,
        http: httpx.AsyncClient,
        body: bytes | object,
        *,
        path: str = "/v1/hooks/tixly/hus",
        secret: str = NEW,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the answer to come to *body*, signed with *secret*."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = signature(text, SECRETS[secret], self.at) | dict(headers or {})
        return http.post(path, content=text, headers=given)


def signature(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    name, sent = str(uuid.uuid4()), str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{name}.{sent}.".encode() + body, "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": sent,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def sale(number: str, **more: Any) -> dict[str, Any]:
    """Return a record of the plain vendor."""
    return {"number": number} | more


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Return when *true* says so; raise TimeoutError after *seconds*."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (another thread makes it true)
            await asyncio.sleep(0)


def is_problem(answer: httpx.Response, status: int) -> None:
    """Assert that *answer* is problem details of *status*."""
    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    told = answer.json()
    assert status == told["status"]
    assert told["title"]
