"""What a Source and a Sink promise: the broker in memory and Apache Kafka keep the same."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Protocol

import pytest

from kudos import stream
from kudos.kafka import KafkaSink, KafkaSource, murmur2
from kudos.stream import Message, Sink, Source
from tests.support.broker import PARTITIONS, Kafka
from tests.support.memory import MemorySink, MemorySource

DEADLINE_S = 30.0


class Broker(Protocol):
    """What the contract needs of a broker."""

    def topic(self) -> str:
        """Return a new topic."""

    def sink(self) -> Sink:
        """Return a new sink."""

    def source(
        self, group: str, topic: str, *, most: int = 1000, alive: Callable[[], bool] = ...
    ) -> Source:
        """Return a new member of *group*."""


class InMemory:
    """The fake."""

    def __init__(self) -> None:
        self._sink = MemorySink()

    def topic(self) -> str:
        return uuid.uuid4().hex

    def sink(self) -> Sink:
        return self._sink

    def source(self, group: str, topic: str, *, most: int = 1000, **_more: object) -> MemorySource:
        return MemorySource(self._sink, group, [topic], most=most)


class Real:
    """Apache Kafka."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    def topic(self) -> str:
        return self._kafka.new_topic(message_timestamp_type="LogAppendTime")

    def sink(self) -> Sink:
        return KafkaSink(self._kafka.config())

    def source(
        self, group: str, topic: str, *, most: int = 1000, alive: Callable[[], bool] | None = None
    ) -> Source:
        ends = time.monotonic() + DEADLINE_S
        alive = alive or (lambda: time.monotonic() < ends)
        return KafkaSource(self._kafka.config(), group, [topic], most=most, alive=alive)


def send(sink: Sink, *messages: Message) -> None:
    for message in messages:
        sink.send(message)
    sink.flush()


def read(source: Source, most: int, *, commit: bool = False) -> list[Message]:
    """Return the first *most* messages, batch by batch; and leave the group."""
    found: list[Message] = []
    with closing(generator(source)) as batches:
        for batch in batches:
            found += batch
            if commit:
                source.commit(batch)
            if len(found) >= most:
                break
    assert len(found) >= most, f"{len(found)} of {most} came"
    return found


def generator(source: Source) -> Generator[Sequence[Message], None, None]:
    yield from source.batches()


def seen(messages: Iterable[Message]) -> list[tuple[bytes | None, bytes | None]]:
    return [(m.key, m.value) for m in messages]


def numbered(topic: str, count: int, key: bytes = b"k") -> list[Message]:
    return [Message(topic, key, str(n).encode()) for n in range(count)]


class Contract:
    """The promises; a subclass brings the broker."""

    @pytest.fixture
    def group(self) -> str:
        return f"tests.{uuid.uuid4().hex}"

    def test_one_partition_is_read_in_the_order_it_was_sent(
        self, broker: Broker, group: str
    ) -> None:
        topic, count = broker.topic(), 2500
        send(broker.sink(), *numbered(topic, count))
        found = read(broker.source(group, topic, most=700), count)
        assert [str(n).encode() for n in range(count)] == [m.value for m in found]
        assert [m.offset for m in found] == list(range(count))

    def test_a_batch_holds_no_more_than_it_may(self, broker: Broker, group: str) -> None:
        topic = broker.topic()
        send(broker.sink(), *numbered(topic, 20))
        source, sizes = broker.source(group, topic, most=3), []
        with closing(generator(source)) as batches:
            for batch in batches:
                sizes.append(len(batch))
                if sum(sizes) == 20:
                    break
        assert max(sizes) <= 3

    def test_what_was_not_committed_comes_again(self, broker: Broker, group: str) -> None:
        topic = broker.topic()
        send(broker.sink(), *numbered(topic, 5))
        first = read(broker.source(group, topic), 5)
        assert seen(first) == seen(read(broker.source(group, topic), 5))

    def test_what_was_committed_does_not_come_again(self, broker: Broker, group: str) -> None:
        topic, sink = broker.topic(), broker.sink()
        send(sink, *numbered(topic, 5))
        read(broker.source(group, topic), 5, commit=True)
        send(sink, Message(topic, b"k", b"later"))
        assert [(b"k", b"later")] == seen(read(broker.source(group, topic), 1))

    def test_a_commit_is_of_what_was_read_and_not_of_what_is_there(
        self, broker: Broker, group: str
    ) -> None:
        topic = broker.topic()
        send(broker.sink(), *numbered(topic, 6))
        read(broker.source(group, topic, most=2), 2, commit=True)
        assert b"2" == read(broker.source(group, topic), 4)[0].value

    def test_groups_know_nothing_of_each_other(self, broker: Broker, group: str) -> None:
        topic = broker.topic()
        send(broker.sink(), *numbered(topic, 3))
        read(broker.source(group, topic), 3, commit=True)
        assert 3 == len(read(broker.source(f"{group}.other", topic), 3))

    def test_a_step_whose_output_did_not_arrive_commits_nothing(
        self, broker: Broker, group: str
    ) -> None:
        topic = broker.topic()
        send(broker.sink(), *numbered(topic, 3))

        away = MemorySink()
        away.away = True
        source = broker.source(group, topic)
        with pytest.raises(ConnectionError):
            stream.run(source, list, away)
        assert 3 == len(read(broker.source(group, topic), 3))

    def test_by_chooses_the_partition_and_the_key_where_it_says_nothing(
        self, broker: Broker, group: str
    ) -> None:
        topic = broker.topic()
        sent = [
            Message(topic, f"{n}/{n % 7}".encode(), b"", by=str(n % 7).encode()) for n in range(70)
        ]
        sent += [Message(topic, str(n).encode(), b"by its key") for n in range(7)]
        send(broker.sink(), *sent)
        found = read(broker.source(group, topic), len(sent))
        assert {m.key for m in sent} == {m.key for m in found}
        for m in found:
            chosen = (m.key or b"").rpartition(b"/")[2]
            assert (murmur2(chosen) & 0x7FFFFFFF) % PARTITIONS == m.partition
        assert len({m.partition for m in found}) > 1

    def test_a_partition_that_is_fixed_is_kept(self, broker: Broker, group: str) -> None:
        topic = broker.topic()
        send(broker.sink(), *(Message(topic, None, b"", partition=n) for n in (3, 0, 3, 1)))
        found = read(broker.source(group, topic), 4)
        assert [0, 1, 3, 3] == sorted(m.partition or 0 for m in found)

    def test_what_was_read_and_is_sent_on_is_partitioned_anew(
        self, broker: Broker, group: str
    ) -> None:
        """A message bears where it was read; that binds nobody who sends it on."""
        topic = broker.topic()
        chosen = (murmur2(b"1") & 0x7FFFFFFF) % PARTITIONS
        elsewhere = (chosen + 1) % PARTITIONS
        send(broker.sink(), Message(topic, b"1", b"", partition=elsewhere, offset=17))
        [found] = read(broker.source(group, topic), 1)
        assert chosen == found.partition

    def test_headers_are_kept_in_order_doubles_and_all(self, broker: Broker, group: str) -> None:
        topic = broker.topic()
        headers = (("a", b"1"), ("b", b""), ("a", "æ".encode()), ("unit", b"\x00\xff"))
        send(broker.sink(), Message(topic, b"k", b"v", headers), Message(topic, b"k", b"none"))
        one, other = read(broker.source(group, topic), 2)
        assert headers == one.headers
        assert () == other.headers
        assert "æ" == one.header("a")

    def test_a_tombstone_is_no_empty_value_and_no_key_no_empty_key(
        self, broker: Broker, group: str
    ) -> None:
        topic = broker.topic()
        sent = [(b"k", None), (b"k", b""), (None, b"v"), (b"k", None)]
        send(broker.sink(), *(Message(topic, k, v, partition=0) for k, v in sent))
        assert sent == seen(read(broker.source(group, topic), 4))

    def test_two_runs_of_a_step_that_died_between_output_and_commit_repeat_it(
        self, broker: Broker, group: str
    ) -> None:
        """At least once: the output stands twice, so every record must be one that may."""
        topic, out, sink = broker.topic(), broker.topic(), broker.sink()
        send(sink, *numbered(topic, 2))

        def forward(batch: Sequence[Message]) -> list[Message]:
            return [Message(out, m.key, m.value) for m in batch]

        for _ in range(2):
            for message in forward(read(broker.source(group, topic), 2)):
                sink.send(message)
            sink.flush()
        assert [b"0", b"1"] * 2 == [m.value for m in read(broker.source(group, out), 4)]

    # --- what a fake need not do ------------------------------------------------------------------

    def test_a_source_waits_for_what_comes_later(self, broker: Broker, group: str) -> None:
        topic, ends = broker.topic(), time.monotonic() + DEADLINE_S
        later = threading.Timer(0.5, partial(send, broker.sink(), Message(topic, b"k", b"v")))
        later.start()
        source = broker.source(group, topic, alive=lambda: time.monotonic() < ends)
        assert [(b"k", b"v")] == seen(read(source, 1))
        later.join()

    def test_two_members_share_the_partitions(self, broker: Broker, group: str) -> None:
        topic, sink = broker.topic(), broker.sink()
        stop = threading.Event()
        found: list[list[Message]] = [[], []]

        def member(number: int) -> None:
            source = broker.source(group, topic, alive=lambda: not stop.is_set())
            for batch in source.batches():
                found[number] += batch
                source.commit(batch)

        threads = [threading.Thread(target=member, args=(n,), daemon=True) for n in (0, 1)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + DEADLINE_S
        while not all(found) and any(t.is_alive() for t in threads):
            assert time.monotonic() < deadline, "the partitions are not shared"
            send(sink, *(Message(topic, None, b"", partition=n) for n in range(PARTITIONS)))
            stop.wait(0.1)  # between two looks, with a deadline
        stop.set()
        for thread in threads:
            thread.join(DEADLINE_S)
        assert all(found)

    def test_a_message_that_is_too_large_is_not_acknowledged(self, broker: Broker) -> None:
        sink, large = broker.sink(), random.Random(7).randbytes(2_000_000)
        with pytest.raises(ConnectionError):
            send(sink, Message(broker.topic(), b"k", large))

    def test_a_topic_that_is_not_there_is_not_made(self, broker: Broker) -> None:
        with pytest.raises(ConnectionError):
            send(broker.sink(), Message(f"no.such.{uuid.uuid4().hex}", b"k", b"v", by=b"x"))


#: What the broker in memory cannot do, and why.
CANNOT = {
    "test_a_source_waits_for_what_comes_later": "it ends where a real one waits",
    "test_two_members_share_the_partitions": "it has no groups of several",
    "test_a_message_that_is_too_large_is_not_acknowledged": "it takes any size",
    "test_a_topic_that_is_not_there_is_not_made": "it makes topics as they are named",
}


class TestInMemory(Contract):
    """The fake keeps the contract, but for what it cannot do."""

    @pytest.fixture
    def broker(self, request: pytest.FixtureRequest) -> Broker:
        if why := CANNOT.get(request.node.name):
            request.node.add_marker(pytest.mark.xfail(reason=why, strict=True))
        return InMemory()


@pytest.mark.kafka
class TestKafka(Contract):
    """Apache Kafka keeps the contract."""

    @pytest.fixture
    def broker(self, kafka: Kafka) -> Broker:
        return Real(kafka)
