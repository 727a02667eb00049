"""Every way into ingest: all vendors and sources that are listed, behind secrets of their own."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx

from kudos.networks import Network
from kudos.register import WatchedRegister
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit
from services.ingest.adapters import ADAPTERS
from services.ingest.app import create_app
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.sources import SOURCES
from services.ingest.thin import THIN
from services.ingest.thin.hook import Hook
from services.ingest.thin.notices import Notices
from tests.support.ingest import AT, signature, unstopped
from tests.support.memory import MemorySink

FIXTURES = Path(__file__).parents[1] / "unit" / "ingest"
#: Where each vendor and each source of profiles pushes to: what is listed is here.
DOORS: Mapping[str, str] = {
    **dict.fromkeys(ADAPTERS, "/v1/hooks/"),
    **dict.fromkeys(SOURCES, "/v1/profiles/"),
}
AGES = ("new", "old")
MOST = 65_536
#: Where they may push from, in the register that says it.
INSIDE, OUTSIDE, PROXY = "192.0.2.7", "203.0.113.9", "10.0.0.5"
ALLOW = 'allow = ["192.0.2.0/24", "2001:db8::/32"]'
_HOUSE = """
[[organisation]]
id = "{house}"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "{house}"
"""
_FEED = """
  [[organisation.vendor]]
  id = "{name}"
  secrets = ["{name}.{house}.new", "{name}.{house}.old"]
  {more}
"""


def secret(name: str, house: str = "hus", age: str = "new") -> bytes:
    """Return the key of a vendor's or source's feed; "retired" is nowhere."""
    return hashlib.sha256(f"{name}.{house}.{age}".encode()).digest()


def written(key: bytes) -> str:
    """Return *key* as its file has it."""
    return "whsec_" + b64encode(key).decode()


def body(name: str) -> bytes:
    """Return an order, or a file of profiles, as *name* sends it: its first fixture."""
    for folder in ("fixtures", "profiles"):
        cases = sorted((FIXTURES / folder / name).glob("*"))
        right = [c for c in cases if ".expected" not in c.name and c.stem != "rejected"]
        if right:
            return next((c for c in right if c.stem == "order"), right[0]).read_bytes()
    raise LookupError(f"{name} has no fixture")


def furnish(folder: Path, more: str = "") -> Path:
    """Write a register of two houses that use everything, and the secrets; return *folder*."""
    text = ""
    (folder / "secrets").mkdir(parents=True)
    for house in ("hus", "nabo"):
        text += _HOUSE.format(house=house)
        for name in DOORS:
            own = 'numbers_of = "tixly"\n  ' if name in SOURCES else ""
            own += 'login = "1001"\n  ' if name == "pckasse" else ""
            text += _FEED.format(house=house, name=name, more=own + more)
            for age in AGES:
                path = folder / "secrets" / f"{name}.{house}.{age}"
                path.write_text(written(secret(name, house, age)), "utf-8")
    (folder / "register.toml").write_text(text, "utf-8")
    return folder


def _seals() -> tuple[Opener, Sealer]:
    private, public = new_key_pair()
    return Opener(private), Sealer(public)


#: One for all: what they are made of costs more than what is asked of them.
_SEALS = _seals()
_notices, _register = cache(Notices), cache(WatchedRegister)


class Doors:
    """The app with everything that is listed, on a broker in memory."""

    def __init__(self, furnished: Path, proxies: Sequence[Network] = ()) -> None:
        self.sink = MemorySink()
        self.opener, sealer = _SEALS
        self.notices = _notices(furnished / "state")
        self.app = create_app(
            ADAPTERS,
            Keyring(_register(furnished / "register.toml"), furnished / "secrets"),
            Outbox(self.sink),
            sealer,
            DeadLetters("ingest", sealer, lambda _: None, Limit(float("inf"))),
            standard={},
            most_bytes=MOST,
            sources=SOURCES,
            hook=Hook(self.notices, THIN),
            stops=unstopped(),
            proxies=proxies,
            now=lambda: AT,
        )

    @asynccontextmanager
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        """Yield what calls the app while it runs."""
        async with self.app.router.lifespan_context(self.app), self.calling(INSIDE) as http:
            yield http

    @asynccontextmanager
    async def calling(self, client: str) -> AsyncIterator[httpx.AsyncClient]:
        """Yield what calls from the address *client*."""
        transport = httpx.ASGITransport(self.app, client=(client, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as http:
            yield http

    def untouched(self) -> bool:
        """Tell whether nothing was stored or noted."""
        return not self.sink.stored and not self.notices.waiting()


def door(name: str, key: bytes | None = None, house: str = "hus") -> str:
    """Return the path that *name* pushes to; with *key*, the one that ends in it."""
    end = "" if key is None else "/" + urlsafe_b64encode(key).decode().rstrip("=")
    return f"{DOORS[name]}{name}/{house}{end}"


def sign(content: bytes, key: bytes, late_s: int = 0) -> dict[str, str]:
    """Return headers that sign *content* with *key*, *late_s* seconds ago."""
    return signature(content, written(key), AT - timedelta(seconds=late_s))
