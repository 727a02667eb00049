"""Ingest's app with real adapters, for what arrives by a notification or a till's call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from kudos.register import WatchedRegister
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit
from services.ingest.adapters import ADAPTERS
from services.ingest.app import create_app
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.thin import THIN
from services.ingest.thin.hook import Hook
from services.ingest.thin.notices import Notices
from simulation.servers.businesscentral import COMPANY
from tests.support.ingest import NEW, OLD, SECRETS, unstopped
from tests.support.memory import MemorySink

REGISTER = f"""
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "businesscentral"
  secrets = ["{NEW}", "{OLD}"]
  base_url = "http://127.0.0.1:9/v2.0/t/e"
  company = "{COMPANY}"
  credentials = "bc.hus"
  [[organisation.vendor]]
  id = "pckasse"
  secrets = ["{NEW}", "{OLD}"]
  login = 1001
"""


class Edge:
    """The app with real adapters, a broker in memory and notices on disk."""

    def __init__(self, folder: Path) -> None:
        self.sink, self.folder = MemorySink(), folder
        (folder / "register.toml").write_text(REGISTER, "utf-8")
        for name, text in SECRETS.items():
            (folder / name).write_text(text, "utf-8")
        private, public = new_key_pair()
        self.sealer, self.opener = Sealer(public), Opener(private)
        self.dead = DeadLetters("ingest", self.sealer, lambda _: None, Limit(float("inf")))
        self.keyring = Keyring(WatchedRegister(folder / "register.toml"), folder)
        self.notices = Notices(folder / "state")
        self.stops = unstopped(20)
        self.app = create_app(
            ADAPTERS,
            self.keyring,
            Outbox(self.sink),
            self.sealer,
            self.dead,
            standard={},
            most_bytes=100_000,
            hook=Hook(self.notices, THIN),
            stops=self.stops,
        )

    @asynccontextmanager
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        async with self.app.router.lifespan_context(self.app):
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as http:
                yield http

    def paths(self) -> list[str]:
        return [notice.wanted.path.rpartition("/")[2] for notice in self.notices.waiting()]
