"""Links and evidence from a real broker: past markers, without what was aborted, and again."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec.structs import replace

from kudos import avro
from kudos.clickhouse import connect
from kudos.records import Evidence, Link
from kudos.topics import EVIDENCE, LINKS, Topic
from services.aggregate import links, refresh, store
from services.aggregate.facts import fact_of
from services.aggregate.links_loop import Linker
from services.aggregate.links_source import GROUP, LinksSource, Read
from services.aggregate.offsets import Offsets
from tests.support.broker import PARTITIONS, Kafka
from tests.support.sales import MONDAY, sale, ticket
from tests.support.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

DEADLINE_S = 60.0
ASKED = {GROUP: (LINKS.name, EVIDENCE.name)}
TODAY = MONDAY.date()


def ref() -> str:
    """Return a customer that no other test has."""
    return uuid.uuid4().hex


def alone(customer: str) -> Link:
    """Return the first link of a customer who is nobody else."""
    return Link("house", customer, customer[:16], customer[:16], None, None)


class Identity:
    """Writes as identity does: links in transactions, evidence without."""

    def __init__(self, kafka: Kafka) -> None:
        config = kafka.config("identity") | {"partitioner": "murmur2_random"}
        self._resolve = Producer(config | {"transactional.id": "identity.resolve"})
        self._resolve.init_transactions(DEADLINE_S)
        self._plain = Producer(config)

    def state(self, *evidence: Evidence) -> None:
        """Send evidence."""
        for one in evidence:
            self._plain.produce(EVIDENCE.name, avro.encode(one), key=_key(one))
        assert 0 == self._plain.flush(DEADLINE_S)

    def begin(self, *records: Link) -> None:
        """Send links in a transaction that stays open."""
        self._resolve.begin_transaction()
        for one in records:
            self._resolve.produce(LINKS.name, avro.encode(one), key=_key(one))
        assert 0 == self._resolve.flush(DEADLINE_S)

    def commit(self) -> None:
        """End the transaction."""
        self._resolve.commit_transaction(DEADLINE_S)

    def abort(self) -> None:
        """End the transaction as if it had not been."""
        self._resolve.abort_transaction(DEADLINE_S)


def _key(one: Link | Evidence) -> bytes:
    return bytes.fromhex(one.customer_ref)


def go_to_the_end(kafka: Kafka) -> None:
    """Have the group begin where the topics end now: other tests have written into them."""
    consumer = Consumer(kafka.config("aggregate") | {"group.id": GROUP})
    try:
        ends = []
        for topic in ASKED[GROUP]:
            for number in range(PARTITIONS):
                part = TopicPartition(topic, number)
                part.offset = consumer.get_watermark_offsets(part, timeout=DEADLINE_S)[1]
                ends.append(part)
        consumer.commit(offsets=ends, asynchronous=False)
    finally:
        consumer.close()


@contextmanager
def linking(kafka: Kafka, url: str) -> Iterator[None]:
    """Run an instance's loop."""
    stop = threading.Event()
    loop = Linker(url, LinksSource(kafka.config("aggregate"), {}), stop)
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def behind(offsets: Offsets, topic: Topic) -> int:
    """Return how many messages and markers of *topic* the group has not committed."""
    ends = {part: end for part, end in offsets.ends().items() if part[0] == topic.name}
    committed = offsets.committed()
    return sum(end - committed.get((GROUP, *part), 0) for part, end in ends.items())


def stored(client: Client, customer: str) -> list[tuple[int, int]]:
    """Return the persons that *customer* is linked to, as ClickHouse has them."""
    rows = client.query(
        "SELECT person, own_person FROM links FINAL WHERE customer_ref IN {refs:Array(UInt128)}",
        parameters={"refs": [int(customer, 16)]},
    ).result_rows
    return [(person, own) for person, own in rows]


def test_what_is_committed_counts_and_markers_hold_nothing_up(
    kafka: Kafka, engine_url: str
) -> None:
    go_to_the_end(kafka)
    identity, offsets = Identity(kafka), Offsets(kafka.config("aggregate"), ASKED)
    many = [ref() for _ in range(200)]
    with connect(engine_url) as client, linking(kafka, engine_url):
        identity.begin(*(alone(one) for one in many))
        identity.commit()
        until(lambda: behind(offsets, LINKS) == 0, "it does not pass the markers")
        assert all(stored(client, one) == [(int(one[:16], 16),) * 2] for one in many[:20])
        [(count,)] = client.query("SELECT count() FROM links FINAL").result_rows
        assert len(many) == count
        lost = ref()
        identity.begin(alone(lost))
        identity.abort()
        until(lambda: behind(offsets, LINKS) == 0, "it does not pass what was aborted")
        assert [] == stored(client, lost)
        # nothing but what the transaction holds stands behind what is committed
        late = ref()
        identity.begin(alone(late))
        assert 1 == behind(offsets, LINKS)
        said = Evidence(late, "house", "gender", "female", "homemade", "declared", 1.0, MONDAY)
        identity.state(said)
        until(lambda: behind(offsets, EVIDENCE) == 0, "evidence waits for links")
        assert 1 == behind(offsets, LINKS)
        assert [] == stored(client, late)
        identity.commit()
        until(lambda: behind(offsets, LINKS) == 0, "it does not go on")
        assert [(int(late[:16], 16),) * 2] == stored(client, late)


def test_what_a_killed_one_wrote_is_marked_by_the_next(kafka: Kafka, engine_url: str) -> None:
    go_to_the_end(kafka)
    identity, offsets = Identity(kafka), Offsets(kafka.config("aggregate"), ASKED)
    customer = ref()
    first = Evidence(customer, "house", "gender", "female", "homemade", "declared", 1.0, MONDAY)
    with connect(engine_url) as client:
        one = sale(customer, 1, MONDAY, ticket(customer, MONDAY))
        sold = replace(one.transaction, customer_ref=customer)
        store.write(client, [fact_of(replace(one, transaction=sold))])
        identity.state(first)
        killed = LinksSource(kafka.config("aggregate"), {})
        read: list[Read] = []

        def taken() -> bool:
            found = killed.take()
            read.extend([found] if found else [])
            return any(one.batch.evidence for one in read)

        until(taken, "nothing comes in")
        [written] = [x for one in read for x in one.batch.evidence]
        links.insert(client, "evidence", type(written.statement)._fields, [written.statement])
        refresh.run_pass(client, TODAY, refresh.PERSONS)
        killed.close()  # it came to no mark, and committed nothing
        assert () == refresh.look(client, refresh.PERSONS).cells
        with linking(kafka, engine_url):
            until(lambda: behind(offsets, EVIDENCE) == 0, "it does not go on")
        [cell] = refresh.look(client, refresh.PERSONS).cells
        assert ("house", TODAY) == (cell.organisation, cell.day)


def test_a_place_is_looked_up(kafka: Kafka, engine_url: str) -> None:
    from kudos.place import packaged

    go_to_the_end(kafka)
    identity, places = Identity(kafka), packaged()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    said = Evidence(ref(), "house", "postal_code", "NO-5003", "homemade", "declared", 1.0, at)
    identity.state(said)
    source = LinksSource(kafka.config("aggregate"), places)
    try:
        found: list[Any] = []

        def taken() -> bool:
            read = source.take()
            found.extend(read.batch.evidence if read else [])
            return bool(found)

        until(taken, "nothing comes in")
        [one] = found
        assert "46" == one.statement.county
    finally:
        source.close()
