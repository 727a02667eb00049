"""Everything that a topic holds, read by whoever may read all."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, TopicPartition

from kudos.kafka import client_config
from tests.support.system import Running


class Found:
    """One message."""

    def __init__(
        self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        self.key, self.value, self.headers = key, value, headers


@contextmanager
def reader(system: Running) -> Iterator[Consumer]:
    """Yield a consumer of whoever may read all."""
    password = (system.data / "secrets" / "admin" / "kafka").read_text("utf-8").strip()
    consumer = Consumer(
        client_config(system.addresses["kafka"], "admin", password)
        | {"group.id": "tests", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    )
    try:
        yield consumer
    finally:
        consumer.close()


def size(consumer: Consumer, topic: str) -> int:
    """Return how much was ever written to *topic*."""
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    places = [TopicPartition(topic, number) for number in partitions]
    return sum(consumer.get_watermark_offsets(place, timeout=30)[1] for place in places)


def everything(system: Running, topic: str) -> Iterator[Found]:
    """Yield all messages that *topic* holds now, partition by partition."""
    with reader(system) as consumer:
        for number in consumer.list_topics(topic, timeout=30).topics[topic].partitions:
            place = TopicPartition(topic, number, 0)
            first, end = consumer.get_watermark_offsets(place, timeout=30)
            place.offset = first
            consumer.assign([place])
            while first < end:
                for message in consumer.consume(1000, timeout=1):
                    assert message.error() is None, message.error()
                    first = message.offset() + 1
                    yield Found(message.key(), message.value(), message.headers() or [])
                [at] = consumer.position([place])
                first = max(first, at.offset)


def names(system: Running) -> list[str]:
    """Return every topic there is, the broker's own too."""
    with reader(system) as consumer:
        return sorted(consumer.list_topics(timeout=30).topics)
