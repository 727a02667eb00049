"""What a turn promises: the fake by which resolve is tested, and Kafka, keep the same."""

import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol

import pytest
from confluent_kafka import Producer

from kudos.kafka import KafkaSink
from kudos.stream import Message
from kudos.transactions import Fenced, KafkaTurn, KafkaTurns, Turn
from tests.support.broker import Kafka
from tests.support.turns import MemoryTopics

DEADLINE_S = 30.0


class Broker(Protocol):
    """What the contract needs."""

    reads: str
    writes: str

    def send(self, count: int) -> None:
        """Put *count* numbered messages where a turn reads."""

    def turn(self) -> Turn:
        """Return a turn, after the one before has ended."""

    def fence(self) -> None:
        """Let another be the active one."""


class InMemory:
    """The fake."""

    reads, writes = "reads", "writes"

    def __init__(self) -> None:
        self._topics = MemoryTopics()

    def send(self, count: int) -> None:
        known = len(self._topics.claims)
        self._topics.claims += numbered(self.reads, known, count)

    def turn(self) -> Turn:
        return self._topics.turn(most=2)

    def fence(self) -> None:
        self._topics.turn()


class Real:
    """Apache Kafka."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka, self._sent = kafka, 0
        self.reads, self.writes = kafka.new_topic(), kafka.new_topic()
        self._group = f"tests.{uuid.uuid4().hex}"
        self._open: Generator[KafkaTurn, None, None] | None = None

    def send(self, count: int) -> None:
        sink = KafkaSink(self._kafka.config())
        for message in numbered(self.reads, self._sent, count):
            sink.send(message)
        sink.flush()
        self._sent += count

    def turn(self) -> Turn:
        self.close()
        ends = time.monotonic() + DEADLINE_S
        turns = KafkaTurns(
            self._kafka.config(),
            self._group,
            self.reads,
            most=2,
            alive=lambda: time.monotonic() < ends,
        )
        assert not turns.joined
        self._open = turns.turns()
        found = next(self._open)
        assert turns.joined
        return found

    def fence(self) -> None:
        Producer(self._kafka.config() | {"transactional.id": self._group}).init_transactions()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()


def numbered(topic: str, start: int, count: int) -> list[Message]:
    return [Message(topic, b"k", str(n).encode(), partition=0) for n in range(start, start + count)]


def read(turn: Turn, start: int, count: int) -> list[Message]:
    """Return the first *count* from *start* on; no batch holds more than two."""
    found: list[Message] = []
    for batch in turn.batches(start):
        assert len(batch) <= 2
        found += batch
        if len(found) >= count:
            break
    assert count == len(found)
    return found


def values(found: Sequence[Message]) -> list[bytes | None]:
    return [m.value for m in found]


class Contract:
    """The promises; a subclass brings the broker."""

    def test_all_is_read_from_where_is_asked_in_order(self, broker: Broker) -> None:
        broker.send(6)
        turn = broker.turn()
        assert (0, 0) == (turn.committed(), turn.begins())
        found = read(turn, 2, 4)
        assert [(n, str(n).encode()) for n in range(2, 6)] == [(m.offset, m.value) for m in found]

    def test_outputs_and_the_offset_stand_together(self, broker: Broker) -> None:
        broker.send(4)
        turn = broker.turn()
        read(turn, 0, 2)
        turn.commit([Message(broker.writes, b"k", b"first")], 2)
        turn.commit([Message(broker.writes, b"k", b"of no offset")], None)
        after = broker.turn()
        assert 2 == after.committed()
        assert [b"first", b"of no offset"] == values(list(after.held(broker.writes)))
        assert [b"2", b"3"] == values(read(after, after.committed(), 2))

    def test_who_was_followed_by_another_gets_nothing_out(self, broker: Broker) -> None:
        broker.send(2)
        turn = broker.turn()
        read(turn, 0, 2)
        turn.commit([Message(broker.writes, b"k", b"before")], 1)
        broker.fence()
        with pytest.raises(Fenced):
            turn.commit([Message(broker.writes, b"k", b"too late")], 2)
        after = broker.turn()
        assert 1 == after.committed()
        assert [b"before"] == values(list(after.held(broker.writes)))

    def test_a_turn_knows_its_cluster(self, broker: Broker) -> None:
        assert broker.turn().cluster == broker.turn().cluster != ""


class TestInMemory(Contract):
    """The fake keeps the contract."""

    @pytest.fixture
    def broker(self) -> Broker:
        return InMemory()


@pytest.mark.kafka
class TestKafka(Contract):
    """Apache Kafka keeps the contract."""

    @pytest.fixture
    def broker(self, kafka: Kafka) -> Iterator[Broker]:
        found = Real(kafka)
        yield found
        found.close()
