"""Which simulated feeds are not pushed, and the servers of vendors that stand beside them."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from kudos.register import Register
from simulation import ways
from simulation.houses import HOUSES
from simulation.orders import Feed
from simulation.servers import (
    api,
    businesscentral,
    duell,
    dx,
    eventim,
    tessitura,
    ticketco,
    ticketmaster,
    tixly,
    trekksoft,
)
from simulation.ways import Dropped, Listed, Way, till

#: How soon what a vendor lists is polled: a demo is looked at.
_EVERY = "3s"
#: Of those that take many requests.
_SELDOM = "6s"
#: Of those that list by the day of a sale: a season is sold in a minute, and read back so far, of
#: a house that knows nothing older at once.
_SEASON = {"overlap": "500d", "window": "9000d"}
#: Rows on a page; a test's vendor has fewer.
_PAGE = 250
LOGIN = "1001"
#: Has the export *path* of a house's vendor imported.
Importing = Callable[[str, str, Path], None]


class Told(Struct, frozen=True):
    """What the register says of a feed beside the rest, and its API's secret."""

    lines: Mapping[str, str]
    secret: str = ""


class Served(Struct, frozen=True):
    """The servers that answer, by feed, and what the register has to say of each feed."""

    servers: Mapping[Feed, Any]
    register: Mapping[Feed, Told]

    def ways(
        self,
        register: Register,
        secrets: Mapping[Feed, bytes],
        ingest: str,
        folder: Path,
        importing: Importing,
    ) -> Mapping[Feed, Way]:
        """Return the ways of those feeds that *register* has so: an older one has pushes alone."""
        found: dict[Feed, Way] = {}
        for house, vendor in self.register:
            known = register.feeds[vendor, house]
            server = self.servers.get((house, vendor))
            if server is not None and known.own.get("base_url") == server.address:
                found[house, vendor] = _beside(server, secrets[house, vendor])
            elif known.own.get("login") == LOGIN:
                password = base64.urlsafe_b64encode(secrets[house, vendor]).decode().rstrip("=")
                found[house, vendor] = till(ingest, house, LOGIN, password)
            elif known.transport == "import":
                found[house, vendor] = Dropped(folder, _of(house, vendor, importing))
        return found


def summary(feeds: Iterable[Feed], by: Mapping[Feed, Way]) -> str:
    """Return in a line how many of *feeds* come by which way, and what is not pushed."""
    of: dict[str, list[str]] = {}
    for feed in feeds:
        of.setdefault(by[feed].how if feed in by else "pushed", []).append(feed[1])
    rest = [
        f"{len(vendors)} {how} ({', '.join(dict.fromkeys(vendors))})"
        for how, vendors in of.items()
        if how != "pushed"
    ]
    return ", ".join([f"{len(of.get('pushed', ()))} pushed", *rest])


def _beside(server: Any, secret: bytes) -> Way:
    match server:
        case eventim.Server():
            return ways.eventim(server)
        case businesscentral.Server():
            return ways.businesscentral(server, secret)
        case _:
            return Listed(server)


def _of(house: str, vendor: str, importing: Importing) -> Callable[[Path], None]:
    return lambda path: importing(vendor, house, path)


_SERVERS: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "businesscentral": businesscentral.serving,
    **{
        vendor: partial(api.serving, server)
        for vendor, server in (
            ("ticketco", ticketco.Server),
            ("ticketmaster", ticketmaster.Server),
            ("tixly", tixly.Server),
            ("dx", dx.Server),
            ("tessitura", tessitura.Server),
            ("trekksoft", trekksoft.Server),
            ("duell", duell.Server),
            ("eventim", eventim.Server),
        )
    },
}
#: eBillett is not among them: its houses have the buyers' list, which no API lists for them.
#: Of vendors of whom several houses are, one is enough; the others' scripts push what it lists.
_ONE = {"tixly": "drammenselva-kulturhus"}


@contextmanager
def served() -> Iterator[Served]:
    """Yield servers on ports of loopback, while they answer."""
    feeds = [
        (house.id, vendor)
        for house in HOUSES
        for vendor in house.feeds
        if vendor in _OTHERWISE and _ONE.get(vendor, house.id) == house.id
    ]
    with ExitStack() as stack:
        servers = {
            feed: stack.enter_context(_SERVERS[feed[1]]()) for feed in feeds if feed[1] in _SERVERS
        }
        for server in servers.values():
            server.most = _PAGE
        yield Served(servers, {feed: _told(feed, servers.get(feed)) for feed in feeds})


def _told(feed: Feed, server: Any) -> Told:
    return _OTHERWISE[feed[1]](feed, "" if server is None else server.address)


def _polled(secret: str, **more: str) -> Callable[[Feed, str], Told]:
    def told(feed: Feed, address: str) -> Told:
        lines = {"transport": "poll", "every": _EVERY, "base_url": address} | more
        return Told(lines | {"credentials": _credentials(feed)}, secret)

    return told


def _fetched(secret: str, client: str, **more: str) -> Callable[[Feed, str], Told]:
    def told(feed: Feed, address: str) -> Told:
        lines = {
            "base_url": address,
            "token_url": f"{address}/token",
            "client_id": client,
            "credentials": _credentials(feed),
        }
        return Told(lines | more, secret)

    return told


def _credentials(feed: Feed) -> str:
    return f"{feed[1]}.{feed[0]}.api"


_OTHERWISE: Mapping[str, Callable[[Feed, str], Told]] = {
    "ticketco": _polled(ticketco.SECRET),
    "ticketmaster": _polled(ticketmaster.SECRET),
    "tixly": _polled(tixly.SECRET, every=_SELDOM, **_SEASON),
    "dx": _polled(dx.SECRET, account=dx.PARTNER, every=_SELDOM),
    "tessitura": _polled(tessitura.SECRET, client=tessitura.CLIENT),
    "trekksoft": _polled(trekksoft.SECRET, client=trekksoft.CLIENT),
    "duell": _polled(duell.SECRET, client=duell.CLIENT, every=_SELDOM, **_SEASON),
    "eventim": _fetched(eventim.SECRET, eventim.CLIENT),
    "businesscentral": _fetched(
        businesscentral.SECRET, businesscentral.CLIENT, company=businesscentral.COMPANY
    ),
    "pckasse": lambda _feed, _address: Told({"login": LOGIN}),
    "datanova": lambda _feed, _address: Told({"transport": "import"}),
    "saft": lambda _feed, _address: Told({"transport": "import"}),
}
