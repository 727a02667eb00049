"""What simulated vendors tell otherwise than by a push arrives, by each one's own transport.

A list that is polled, a name that is fetched, a till that calls, a file; over real HTTP.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kudos import avro
from kudos.cli.importer import Feed as ImportFeed
from kudos.cli.importer import Import
from kudos.cli.journal import Journal
from kudos.records import ReceivedTransaction
from kudos.sealing import Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from kudos.topics import PROFILES, RECEIVED
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin
from simulation import houses
from simulation.courier import Courier
from simulation.orders import Document
from simulation.otherwise import Served, served, summary
from simulation.plan import Delivery
from simulation.register import install
from simulation.ways import Called, Dropped, Listed, Named, till
from simulation.world import World
from tests.support import polling, thin
from tests.support.ingest import NEW, SECRETS
from tests.support.memory import MemorySink
from tests.support.serving import Host, hosting
from tests.support.serving import served as serving
from tests.unit.ingest.test_thin import Edge

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def told() -> dict[str, list[Document]]:
    """Return what each vendor tells in a season, in its order."""
    found: dict[str, list[Document]] = {}
    for one in World(3, UNTIL, people=2_000).season(6_000):
        for document in one.documents:
            found.setdefault(document.vendor, []).append(document)
    return found


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as found:
        yield found


def last(documents: list[Document]) -> dict[str, Document]:
    return {one.transaction: one for one in documents}


def sums(documents: dict[str, Document]) -> dict[str, list[tuple[str, int]]]:
    """Return of each transaction its lines, as they stand in the end."""
    return {
        name: sorted((line.kind, line.amount_minor) for line in one.lines)
        for name, one in documents.items()
    }


def received(messages: list[Message]) -> dict[str, list[tuple[str, int]]]:
    found = [avro.decode(one.value or b"", ReceivedTransaction) for one in messages]
    found.sort(key=lambda one: one.received_at)
    return {
        one.transaction.transaction: sorted(
            (line.kind, line.amount_minor) for line in one.transaction.lines
        )
        for one in found
    }


@pytest.mark.parametrize("vendor", ["ticketco", "ticketmaster"])
def test_what_is_listed_is_polled_as_it_is_now(
    told: dict[str, list[Document]], tmp_path: Path, vendor: str
) -> None:
    documents = told[vendor]
    assert len(last(documents)) < len(documents), "something has changed"
    with polling.desk(vendor, tmp_path) as desk:
        way = Listed(desk.server)
        half = len(documents) // 2
        assert all([way.take(one) for one in documents[:half]])  # noqa: C419 (each is taken)
        desk.poll()
        for one in documents[half:]:
            way.take(one)
        desk.later(hours=1)
        counts = desk.poll()
        assert 0 == counts.dead
        assert sums(last(documents)) == received(list(desk.sales()))


def test_what_is_named_is_fetched(
    told: dict[str, list[Document]], host: Host, tmp_path: Path
) -> None:
    documents = told["eventim"]
    with thin.desk("eventim", tmp_path, host) as desk:
        way = Named(desk.server)
        assert not any([way.take(one) for one in documents])  # noqa: C419
        body = way.said(documents)[1]
        assert not any(one.lines[0].line.encode() in body for one in documents), "names alone"
        address = f"{desk.address}/v1/hooks/eventim/hus/{SECRETS[NEW].removeprefix('whsec_')}"
        assert 202 == desk.http.post(address, content=body).status_code
        desk.round()
        assert sums(last(documents)) == received(desk.sink.topics[RECEIVED.name])
        assert (0, []) == (desk.waiting(), desk.dead())


def test_a_till_calls_with_credits_and_customers_until_they_are_taken(
    told: dict[str, list[Document]], tmp_path: Path
) -> None:
    edge, documents = Edge(tmp_path), told["pckasse"]
    given_back = [one for one in documents if one.transaction != one.order]
    with serving(edge.app) as address:
        password = SECRETS[NEW].removeprefix("whsec_")
        way = till(address, "hus", "1001", password)
        assert isinstance(way, Called)
        assert given_back == [one for one in documents if way.take(one)]
        assert len(given_back) > 3
        edge.sink.away = True
        way.flush(whole=False)
        assert not edge.sink.stored
        edge.sink.away = False
        way.flush()
    assert sums(last(given_back)) == received(edge.sink.topics[RECEIVED.name])
    known = {one.account.number for one in documents if one.account and one.account.number}
    assert len(known) == len(edge.sink.topics[PROFILES.name]) > 3
    assert not edge.sink.topics[f"{RECEIVED.name}.dead"]


def test_files_are_imported_when_it_is_time_and_the_rest_at_the_end(
    told: dict[str, list[Document]], tmp_path: Path
) -> None:
    documents, sink = told["saft"], MemorySink()
    taken: list[int] = []

    def importing(path: Path) -> None:
        register = install(tmp_path / "r.toml", tmp_path / "i", tmp_path / "t").register
        house = documents[0].house
        origin = Origin(register.organisations[house], register.feeds["saft", house])
        sealer = Sealer(new_key_pair()[1])
        dead = DeadLetters("ingest", sealer, lambda _reason: None, Limit(0))
        desk = Import(ImportFeed(origin, ADAPTERS["saft"], None), sealer, dead, sink)
        taken.append(desk.take(path, path.name, Journal(UNTIL), lambda _journal: None).done)

    way = Dropped(tmp_path / "files", importing, every_s=0.0)
    assert all(map(way.take, documents[:5]))
    way.flush()
    assert [5] == taken
    waiting = Dropped(tmp_path / "files", importing, every_s=3600.0)
    assert all(map(waiting.take, documents[5:]))
    waiting.flush(whole=False)
    assert [5] == taken
    waiting.flush()
    assert [5, len(documents) - 5] == taken
    assert sums(last(documents)) == received(sink.topics[RECEIVED.name])
    assert not list((tmp_path / "files").iterdir())


def test_an_import_that_fails_is_told(told: dict[str, list[Document]], tmp_path: Path) -> None:
    def importing(_path: Path) -> None:
        raise ValueError("torn")

    way = Dropped(tmp_path / "files", importing)
    way.take(told["saft"][0])
    with pytest.raises(ConnectionError, match="torn"):
        way.flush()


@pytest.fixture
def beside() -> Iterator[Served]:
    with served() as found:
        yield found


def test_the_register_says_who_is_not_pushed_and_follows_where_they_answer(
    beside: Served, tmp_path: Path
) -> None:
    places = (tmp_path / "r.toml", tmp_path / "ingest", tmp_path / "tokens.txt")
    access = install(*places, beside.register)
    feeds = [(house.id, vendor) for house in houses.HOUSES for vendor in house.feeds]

    def ways(access: Any, served: Served) -> Any:
        return served.ways(access.register, access.secrets, "http://127.0.0.1:9", tmp_path, print)

    found = ways(access, beside)
    assert (
        "33 pushed, 2 polled (ticketco, ticketmaster), 1 named and fetched (eventim), "
        "1 files (saft), 1 a till's calls (pckasse)"
    ) == summary(feeds, found)
    assert beside.register.keys() == found.keys()
    with served() as moved:
        again = install(*places, moved.register)
        assert access.secrets == again.secrets
        assert found.keys() == ways(again, moved).keys()
        text = places[0].read_text("utf-8")
        for server in beside.servers.values():
            assert server.address not in text
    # what an earlier release wrote is pushed, all of it
    old = (tmp_path / "old.toml", *places[1:])
    install(*old)
    assert {} == ways(install(*old, beside.register), beside)


def test_a_courier_pushes_nothing_that_goes_another_way(
    told: dict[str, list[Document]], tmp_path: Path
) -> None:
    documents = told["ticketco"]
    feed = (documents[0].house, "ticketco")
    with served() as beside:
        way = Listed(beside.servers[feed])
        # nobody answers there
        with Courier("http://127.0.0.1:9", {feed: b"k" * 24}, ways={feed: way}) as courier:
            for one in documents:
                courier.take(Delivery(one))
        count = courier.counts[feed]
        assert (0, len(documents)) == (count.requests, count.deliveries)
        assert len(last(documents)) == len(beside.servers[feed].rows)  # type: ignore[attr-defined]
