"""Read topics without a group: what they hold now, and what comes after."""

from collections.abc import Callable, Iterator, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from kudos.kafka import Config, message, passing, trouble
from kudos.stream import Message


def held(config: Config, group: str, topics: Sequence[str]) -> Iterator[Message]:
    """Yield everything that *topics* hold now, partition by partition, from their beginnings.

    It joins no group and commits nothing; *group* is a name that the account may use.
    """
    consumer = Consumer(
        config
        | {
            "group.id": group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 50,
        }
    )
    topic = ""
    try:
        for topic in topics:
            found = consumer.list_topics(topic, timeout=10).topics[topic]
            if found.error is not None:
                raise ConnectionError(trouble(found.error, topic))
            for number in found.partitions:
                yield from _held_in(consumer, topic, number)
    except KafkaException as error:
        raise ConnectionError(trouble(error.args[0], topic)) from error
    finally:
        consumer.close()


def following(
    config: Config, group: str, topic: str, alive: Callable[[], bool]
) -> Iterator[tuple[Sequence[Message], bool]]:
    """Yield what *topic*, of one partition, holds and what comes, and whether that is all of it.

    It joins no group; *group* is a name that the account may use. A broker that is not there when
    it begins is a ConnectionError; one that goes away later is waited for.
    """
    consumer = Consumer(
        config | {"group.id": group, "enable.auto.commit": False, "fetch.wait.max.ms": 100}
    )
    place = TopicPartition(topic, 0)
    try:
        first, end = consumer.get_watermark_offsets(place, timeout=5)
        consumer.assign([TopicPartition(topic, 0, first)])
        while alive():
            read = [message(m) for m in consumer.consume(500, timeout=0.2) if not passing(m)]
            [position] = consumer.position([place])
            yield read, max(first, position.offset) >= end
    except KafkaException as error:
        raise ConnectionError(trouble(error.args[0], topic)) from error
    finally:
        consumer.close()


def _held_in(consumer: Consumer, topic: str, number: int) -> Iterator[Message]:
    first, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
    consumer.assign([TopicPartition(topic, number, first)])
    while first < end:
        for read in consumer.consume(min(1000, end - first), timeout=0.5):
            if not passing(read):
                yield message(read)
        # what ends in a transaction's marker has no last message
        [place] = consumer.position([TopicPartition(topic, number)])
        first = max(first, place.offset)
