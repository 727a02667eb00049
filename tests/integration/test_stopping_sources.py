"""Too much refused in a row stops a source whatever its way in, and loses nothing; over real HTTP.

A poll stands at its cursor, what notifications named waits on disk, a till keeps its queue; after
somebody has looked and resumed the source, each sale is there once.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kudos.register import parse
from kudos.sealing import Sealer, new_key_pair
from kudos.sources import Name, resumed, said
from kudos.stream import Message
from kudos.topics import RECEIVED, STOPPED
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin
from services.ingest.polling.polls import Polls
from services.ingest.stopping import SourceStopped, Stops
from simulation.servers import api, ticketco
from simulation.servers.pckasse import Till, credit
from tests.support import polling, thin
from tests.support.ingest import MOST_REJECTED, NEW, SECRETS, unstopped
from tests.support.memory import MemorySink
from tests.support.serving import Host, hosting, served
from tests.unit.ingest.test_thin import Edge

#: As many are kept as dead letters; the next one stops the source.
MANY = MOST_REJECTED + 5
DEAD = f"{RECEIVED.name}.dead"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as found:
        yield found


def stopped(sink: MemorySink) -> list[tuple[str, str, int, str]]:
    """Return what the broker knows to be stopped, and why."""
    found = [said(message) for message in sink.topics[STOPPED.name]]
    return [(one.vendor, one.organisation, one.rejected, one.reason) for one in found if one]


def resume(stops: Stops, name: Name) -> None:
    """Do as ``kudos sources resume`` does."""
    assert {name} == stops.names()
    stops.note([resumed(name)])


class Polled:
    """The service's polls, of one vendor's server, onto a broker in memory."""

    def __init__(self, server: ticketco.Server, folder: Path) -> None:
        text = polling.register("ticketco", server.address)
        (folder / "ticketco.api").write_text(ticketco.SECRET, "utf-8")
        register = parse(text)
        self.origin = Origin(register.organisations["hus"], register.feeds["ticketco", "hus"])
        self.sink, self.stops = MemorySink(), unstopped(MOST_REJECTED)
        sealer = Sealer(new_key_pair()[1])
        self.polls = Polls(
            ADAPTERS, folder, folder, self.sink, identity=sealer, replay=sealer, stops=self.stops
        )

    def poll(self) -> None:
        self.polls.poll(self.origin, lambda _seconds: None)

    def keys(self) -> list[str]:
        return sorted(_number(one) for one in self.sink.topics[RECEIVED.name])


def _number(message: Message) -> str:
    return (message.key or b"").decode().rpartition("/")[2]


def test_a_poll_is_stopped_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    with api.serving(ticketco.Server) as server:
        good, bad = 7, range(7, 7 + MANY)
        server.rows = [ticketco.row(n) for n in range(good)]
        server.rows += [ticketco.row(n) | {"gross": "gratis"} for n in bad]
        desk = Polled(server, tmp_path)
        with pytest.raises(SourceStopped):
            desk.poll()
        why = ("ticketco", "hus", MOST_REJECTED + 1, "invalid_field")
        assert [why] == stopped(desk.sink)
        assert good == len(desk.keys())
        # less than was refused: what is on the page at which it was stopped is not taken
        assert 0 < len(desk.sink.topics[DEAD]) <= MOST_REJECTED
        asked = len(server.asked)
        with pytest.raises(SourceStopped):
            desk.poll()
        assert asked == len(server.asked), "a vendor of a stopped source is left alone"
        # the vendor has mended it
        server.rows = [ticketco.row(n) for n in range(good + MANY)]
        resume(desk.stops, ("ticketco", "hus"))
        desk.poll()
        assert [f"5b1f8a52-{n:08d}" for n in range(good + MANY)] == desk.keys()
        assert [why] == stopped(desk.sink)


@pytest.mark.parametrize("vendor", thin.VENDORS)
def test_what_notifications_name_waits_while_its_source_is_stopped(
    host: Host, tmp_path: Path, vendor: str
) -> None:
    with thin.desk(vendor, tmp_path, host) as desk:
        speaks, numbers = desk.speaks, range(1, MANY + 1)
        for number in numbers:
            speaks.put(desk.server, number, 450)
            speaks.drift(desk.server, number)
        assert 202 == desk.push(*numbers)
        desk.round()
        assert [(vendor, "hus", MOST_REJECTED + 1)] == [one[:3] for one in stopped(desk.sink)]
        assert (MOST_REJECTED, {}) == (len(desk.dead()), desk.amounts())
        assert MANY - MOST_REJECTED == desk.waiting()
        # it is told of more meanwhile, which is noted; nothing is asked for
        asked = len(desk.server.asked)
        speaks.put(desk.server, MANY + 1, 450)
        assert 202 == desk.push(MANY + 1)
        desk.round(3600)
        assert asked == len(desk.server.asked)
        assert MANY - MOST_REJECTED + 1 == desk.waiting()
        for number in numbers:
            speaks.put(desk.server, number, 450)
        resume(desk.stops, (vendor, "hus"))
        desk.round()
        waited = range(MOST_REJECTED + 1, MANY + 2)
        assert {speaks.named(n): [45_000] for n in waited} == desk.amounts()
        assert 0 == desk.waiting()


def test_a_till_keeps_its_queue_while_its_source_is_stopped(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    with served(edge.app) as address, httpx.Client(timeout=5) as http:
        password = SECRETS[NEW].removeprefix("whsec_")
        till = Till(http, f"{address}/v1/soap/pckasse/hus", "1001", password)
        till.queue.extend(credit(n, n, "gratis") for n in range(MANY))
        assert MOST_REJECTED == till.run()
        assert "soapenv:Server" in till.told[-1]
        why = ("pckasse", "hus", MOST_REJECTED + 1, "invalid_field")
        assert [why] == stopped(edge.sink)
        # nor is anything else taken of it
        till.queue.append(credit(77, 5))
        left = len(till.queue)
        assert (0, left) == (till.run(), len(till.queue))
        assert MOST_REJECTED == len(edge.sink.topics[DEAD])
        assert not edge.sink.topics[RECEIVED.name]
        # of the same house's other till nothing is stopped
        edge.stops.check(("businesscentral", "hus"))
        resume(edge.stops, ("pckasse", "hus"))
        assert left == till.run()
        assert ["77-credit-5"] == [_number(one) for one in edge.sink.topics[RECEIVED.name]]
        assert MANY == len(edge.sink.topics[DEAD])
