"""Which simulated feeds are not pushed, and the servers of vendors that stand beside them."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from kudos.register import Register
from simulation.houses import HOUSES
from simulation.orders import Feed
from simulation.servers import api, eventim, ticketco, ticketmaster
from simulation.servers.api import Api
from simulation.ways import Dropped, Listed, Named, Way, till

#: How soon what a vendor lists is polled: a demo is looked at.
_EVERY = "3s"
#: Rows on a page; a test's vendor has fewer.
_PAGE = 100
LOGIN = "1001"
#: Has the export *path* of a house's vendor imported.
Importing = Callable[[str, str, Path], None]


class Told(Struct, frozen=True):
    """What the register says of a feed beside the rest, and its API's secret."""

    lines: Mapping[str, str]
    secret: str = ""


class Served(Struct, frozen=True):
    """The servers that answer, by feed, and what the register has to say of each feed."""

    servers: Mapping[Feed, Api]
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
                way = Listed if known.transport == "poll" else Named
                found[house, vendor] = way(server)
            elif known.own.get("login") == LOGIN:
                password = base64.urlsafe_b64encode(secrets[house, vendor]).decode().rstrip("=")
                found[house, vendor] = till(ingest, house, LOGIN, password)
            elif known.transport == "import":
                found[house, vendor] = Dropped(folder, _of(house, vendor, importing))
        return found


def summary(feeds: Iterable[Feed], ways: Mapping[Feed, Way]) -> str:
    """Return in a line how many of *feeds* come by which way, and whose are not pushed."""
    of: dict[str, list[str]] = {}
    for feed in feeds:
        of.setdefault(ways[feed].how if feed in ways else "pushed", []).append(feed[1])
    rest = [
        f"{len(vendors)} {how} ({', '.join(vendors)})"
        for how, vendors in of.items()
        if how != "pushed"
    ]
    return ", ".join([f"{len(of.get('pushed', ()))} pushed", *rest])


def _of(house: str, vendor: str, importing: Importing) -> Callable[[Path], None]:
    return lambda path: importing(vendor, house, path)


_SERVERS: Mapping[str, type[Any]] = {
    "ticketco": ticketco.Server,
    "ticketmaster": ticketmaster.Server,
    "eventim": eventim.Server,
}


@contextmanager
def served() -> Iterator[Served]:
    """Yield servers on ports of loopback, while they answer."""
    feeds = [(house.id, vendor) for house in HOUSES for vendor in house.feeds]
    with ExitStack() as stack:
        servers = {
            feed: stack.enter_context(api.serving(_SERVERS[feed[1]]))
            for feed in feeds
            if feed[1] in _SERVERS
        }
        for server in servers.values():
            server.most = _PAGE
        told = {feed: _told(feed, servers.get(feed)) for feed in feeds if feed[1] in _OTHERWISE}
        yield Served(servers, told)


def _told(feed: Feed, server: Api | None) -> Told:
    return _OTHERWISE[feed[1]](feed, "" if server is None else server.address)


def _polled(secret: str) -> Callable[[Feed, str], Told]:
    def told(feed: Feed, address: str) -> Told:
        lines = {"transport": "poll", "every": _EVERY, "base_url": address}
        return Told(lines | {"credentials": _credentials(feed)}, secret)

    return told


def _fetched(feed: Feed, address: str) -> Told:
    lines = {
        "base_url": address,
        "token_url": f"{address}/token",
        "client_id": eventim.CLIENT,
        "credentials": _credentials(feed),
    }
    return Told(lines, eventim.SECRET)


def _credentials(feed: Feed) -> str:
    return f"{feed[1]}.{feed[0]}.api"


_OTHERWISE: Mapping[str, Callable[[Feed, str], Told]] = {
    "ticketco": _polled(ticketco.SECRET),
    "ticketmaster": _polled(ticketmaster.SECRET),
    "eventim": _fetched,
    "pckasse": lambda _feed, _address: Told({"login": LOGIN}),
    "saft": lambda _feed, _address: Told({"transport": "import"}),
}
