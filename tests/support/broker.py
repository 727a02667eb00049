"""Apache Kafka as ``kudos local`` starts it, one a session, with every account's own rights."""

import socket
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from kudos import broker
from kudos.kafka import Config, client_config
from kudos.local import kafka as local_kafka
from kudos.local import secrets
from kudos.local.child import Child
from kudos.stream import Message
from tests.support.engine import free_port

READY_S = 60.0
PARTITIONS = 4


class Kafka:
    """A broker that answers: where, and with which passwords."""

    def __init__(self, folder: Path, port: int, passwords: Mapping[str, str]) -> None:
        self.folder, self.address = folder, f"127.0.0.1:{port}"
        self._passwords = passwords

    def config(self, account: str = "admin") -> Config:
        """Return the configuration of a client of *account*."""
        return client_config(self.address, account, self._passwords[account])

    def new_topic(self, name: str | None = None, **settings: str) -> str:
        """Create a topic, with *settings* whose dots are underscores; return its name."""
        name = name or f"test.{uuid.uuid4().hex[:12]}"
        config = {key.replace("_", "."): value for key, value in settings.items()}
        admin = AdminClient(self.config())
        for future in admin.create_topics([NewTopic(name, PARTITIONS, 1, config=config)]).values():
            future.result(30)
        return name

    def everything(self, topic: str) -> list[Message]:
        """Return all that *topic* holds now, partition by partition, with its offsets."""
        consumer = Consumer(self.config() | {"group.id": "tests.everything", **_BY_HAND})
        found: list[Message] = []
        try:
            for number in consumer.list_topics(topic, timeout=30).topics[topic].partitions:
                found += _partition(consumer, topic, number)
        finally:
            consumer.close()
        return found


_BY_HAND = {"enable.auto.commit": False, "auto.offset.reset": "earliest"}


def _partition(consumer: Consumer, topic: str, number: int) -> Sequence[Message]:
    place = TopicPartition(topic, number, 0)
    at, end = consumer.get_watermark_offsets(place, timeout=30)
    consumer.assign([TopicPartition(topic, number, at)])
    found = []
    # what compaction took away leaves no message: the position alone says that the end is reached
    deadline = time.monotonic() + READY_S
    while at < end:
        assert time.monotonic() < deadline, f"{topic} cannot be read to its end"
        for m in consumer.consume(1000, timeout=0.2):
            assert m.error() is None, m.error()
            found.append(
                Message(
                    topic,
                    m.key(),
                    m.value(),
                    tuple(m.headers() or ()),
                    partition=number,
                    offset=m.offset(),
                )
            )
        [position] = consumer.position([place])
        at = max(at, position.offset)
    return found


@contextmanager
def running_kafka(folder: Path, port: int | None = None) -> Iterator[Kafka]:
    """Run a broker on the store in *folder*, with our topics and rights; yield it."""
    port, controller = port or free_port(), free_port()
    while controller == port:
        controller += 1
    passwords = secrets.make_missing(folder / "secrets")
    command = local_kafka.prepare(folder / "kafka", port, controller, passwords, local_kafka.jars())
    kafka = Kafka(folder, port, passwords)
    child = Child("kafka", command, {}, folder / "kafka.log", partial(_answers, kafka))
    child.start()
    try:
        deadline = time.monotonic() + READY_S
        while not child.is_ready():
            assert child.failed() is None, child.last_lines(20)
            assert time.monotonic() < deadline, "Kafka does not answer"
            time.sleep(0.05)  # between two looks, with a deadline
        yield kafka
    finally:
        child.stop(30)


def _answers(kafka: Kafka) -> bool:
    host, _, port = kafka.address.partition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
        broker.apply(kafka.config(), partitions=PARTITIONS)
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Yield a broker with our topics and rights."""
    with running_kafka(tmp_path_factory.mktemp("kafka")) as found:
        yield found
