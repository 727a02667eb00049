"""A source that is polled in tests: a vendor's server, a register, a broker in memory."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct, to_builtins

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.register import parse
from kudos.sealing import Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from kudos.topics import RECEIVED
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin
from services.ingest.polling import feeds
from services.ingest.polling.cursor import Store
from services.ingest.polling.engine import Poll
from services.ingest.receiving import Counts
from simulation.servers import (
    api,
    duell,
    dx,
    tessitura,
    ticketco,
    ticketmaster,
    tixly,
    trekksoft,
)

NOW = datetime(2024, 3, 20, 12, tzinfo=UTC)


class Vendor(Struct, frozen=True):
    """How a vendor is served, whom it knows, and what a sale is; *per* of it are on a page."""

    serve: Callable[[], Any]
    row: Callable[..., dict[str, Any]]
    secret: str
    per: int
    own: dict[str, str] = {}


VENDORS = {
    "tixly": Vendor(tixly.Server, tixly.row, tixly.SECRET, 100),
    "ticketco": Vendor(ticketco.Server, ticketco.row, ticketco.SECRET, 3),
    "dx": Vendor(dx.Server, dx.row, dx.SECRET, 1000, {"account": dx.PARTNER}),
    "ebillett": Vendor(dx.Server, dx.row, dx.SECRET, 1000, {"account": dx.PARTNER}),
    "duell": Vendor(duell.Server, duell.row, duell.SECRET, 100, {"client": duell.CLIENT}),
    "trekksoft": Vendor(
        trekksoft.Server, trekksoft.row, trekksoft.SECRET, 100, {"client": trekksoft.CLIENT}
    ),
    "tessitura": Vendor(
        tessitura.Server, tessitura.row, tessitura.SECRET, 1000, {"client": tessitura.CLIENT}
    ),
    "ticketmaster": Vendor(ticketmaster.Server, ticketmaster.row, ticketmaster.SECRET, 250),
}


def register(vendor: str, address: str, organisation: str = "hus", more: str = "") -> str:
    """Return a register in which *organisation* has *vendor* polled at *address*."""
    own = {"base_url": address, "credentials": f"{vendor}.api", **VENDORS[vendor].own}
    lines = "".join(f'  {name} = "{value}"\n' for name, value in own.items())
    return (
        f'[[organisation]]\nid = "{organisation}"\nname = "Hus"\nindustry = "annet"\n'
        f'county = "03"\ncity = "0301"\nowner = "{organisation}"\n  [[organisation.vendor]]\n'
        f'  id = "{vendor}"\n  transport = "poll"\n  from = 2024-01-01\n{lines}{more}'
    )


class Desk:
    """One vendor's server and what polls it; *got* is what the broker has, *slept* the waits."""

    def __init__(self, vendor: str, server: Any, folder: Path, http: httpx.Client) -> None:
        self.vendor, self.server, self.folder, self.http = vendor, server, folder, http
        self.row, self.now = VENDORS[vendor].row, NOW
        self.got: list[Message] = []
        self.slept: list[float] = []
        self.told: list[tuple[int, int]] = []
        self.failing: list[Exception] = []
        self.secret = VENDORS[vendor].secret
        _, public = new_key_pair()
        self._sealer = Sealer(public)

    def poll(self, most_refused: float = 200, more: str = "") -> Counts:
        """Poll once."""
        (self.folder / f"{self.vendor}.api").write_text(self.secret + "\n", "utf-8")
        found = parse(register(self.vendor, self.server.address, more=more))
        origin = Origin(found.organisations["hus"], found.feeds[self.vendor, "hus"])
        source = feeds.source(origin, ADAPTERS)
        store = Store(self.folder / "source.sqlite")
        dead = DeadLetters("ingest", self._sealer, lambda _reason: None, Limit(most_refused))
        try:
            return Poll(
                source,
                feeds.client(self.http, source, self.folder, sleep=self._sleep),
                store,
                sealer=self._sealer,
                dead=dead,
                deliver=self._deliver,
                now=lambda: self.now,
                tell=lambda read, new: self.told.append((read, new)),
            ).run()
        finally:
            store.close()

    def later(self, **much: float) -> None:
        """Let time pass."""
        self.now += timedelta(**much)

    def numbers(self) -> list[str]:
        """Return the transactions that the broker has, as often as it has them."""
        return [one.key.decode().split("/", 2)[2] for one in self.sales() if one.key]

    def sales(self) -> Sequence[Message]:
        """Return the transactions."""
        return [one for one in self.got if one.topic == RECEIVED.name]

    def last(self) -> dict[str, Any]:
        """Return what of each transaction was received last, without when."""
        found = [avro.decode(one.value or b"", ReceivedTransaction) for one in self.sales()]
        found.sort(key=lambda one: one.received_at)
        return {one.transaction.transaction: to_builtins(one.transaction) for one in found}

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def _deliver(self, messages: Sequence[Message]) -> None:
        if self.failing:
            raise self.failing.pop()
        self.got += messages


@contextmanager
def desk(vendor: str, folder: Path) -> Iterator[Desk]:
    """Yield a vendor that answers, and who polls it."""
    with api.serving(VENDORS[vendor].serve) as server, httpx.Client(timeout=5) as http:
        yield Desk(vendor, server, folder, http)
