"""Apache Kafka behind ``Source`` and ``Sink``."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from kudos.stream import Message
from kudos.topics import LARGEST_LETTER

Config = dict[str, Any]


def client_config(brokers: str, account: str | None, password: str | None) -> Config:
    """Return what every client needs to reach *brokers*; SCRAM where there is a password."""
    config: Config = {
        "bootstrap.servers": brokers,
        # our own errors say it once; librdkafka repeats itself every second
        "log_level": 0,
        "reconnect.backoff.max.ms": 1000,
        "topic.metadata.refresh.interval.ms": 10_000,
    }
    if password is not None:
        config |= {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": account,
            "sasl.password": password,
        }
    return config


class KafkaSink:
    """Sends with an idempotent producer; ``flush`` raises ConnectionError unless all arrived.

    *linger_ms* trades latency against the broker's work: it pays for each request, not message.
    *timeout_s* bounds how long the broker may be gone before a send has failed.
    """

    def __init__(self, config: Config, linger_ms: int = 5, timeout_s: float = 30.0) -> None:
        self._failed: KafkaError | None = None
        self._timeout = timeout_s
        self._counts: dict[str, int] = {}
        self._producer = Producer(
            config
            | {
                "enable.idempotence": True,
                "linger.ms": linger_ms,
                "compression.type": "lz4",
                # Faust's and Java's: keys must meet in one partition whoever sends them
                "partitioner": "murmur2_random",
                "message.timeout.ms": int(timeout_s * 1000),
                "queue.buffering.max.messages": 500_000,
                # a dead letter may be as large as what could not be read
                "message.max.bytes": LARGEST_LETTER,
            }
        )

    def send(self, message: Message) -> None:
        """Queue *message*; BufferError is waited out, as it says that the broker is behind."""
        key, headers = message.key, list(message.headers)
        where: dict[str, int] = {}
        if message.partition is not None and message.offset is None:
            where = {"partition": message.partition}
        elif message.by is not None:
            where = {"partition": self._partition(message.topic, message.by)}
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    value=message.value,
                    key=key,
                    headers=headers,
                    on_delivery=self._delivered,
                    **where,
                )
            except BufferError:
                if time.monotonic() > deadline:
                    raise ConnectionError("the broker does not keep up") from None
                self._producer.poll(0.1)
            except KafkaException as error:
                raise ConnectionError(str(error)) from error
            else:
                return

    @property
    def producer(self) -> Producer:
        """Return the client itself: transactions are begun and ended by it."""
        return self._producer

    def flush(self) -> None:
        """Return when the broker has everything sent so far, or raise ConnectionError."""
        left = self._producer.flush(self._timeout + 1)
        failed, self._failed = self._failed, None
        if left or failed is not None:
            raise ConnectionError(f"not acknowledged: {failed or left}")

    def reach(self, topics: Collection[str], timeout_s: float = 2.0) -> None:
        """Return when the broker answers for all *topics*, or raise ConnectionError.

        Probes ask it. It says so where a topic is not there, or not for this account.
        """
        try:
            found = self._producer.list_topics(timeout=timeout_s).topics
        except KafkaException as error:
            raise ConnectionError(trouble(error.args[0])) from error
        for topic in topics:
            if topic not in found:
                raise ConnectionError(_without(topic))
            if found[topic].error is not None:
                raise ConnectionError(trouble(found[topic].error, topic))

    def _delivered(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failed = error

    def _partition(self, topic: str, by: bytes) -> int:
        count = self._counts.get(topic)
        if count is None:
            try:
                found = self._producer.list_topics(topic, timeout=self._timeout).topics[topic]
            except KafkaException as error:
                raise ConnectionError(str(error)) from error
            if found.error is not None or not found.partitions:
                raise ConnectionError(f"no topic {topic}")
            count = self._counts[topic] = len(found.partitions)
        return (murmur2(by) & 0x7FFFFFFF) % count


class KafkaSource:
    """Reads *topics* as *group*; batches hold what is at hand, and are committed by hand.

    *progress* is called with each partition's lag (messages not yet handed out) after each batch,
    and while nothing comes in.
    """

    def __init__(
        self,
        config: Config,
        group: str,
        topics: Sequence[str],
        *,
        most: int = 1000,
        alive: Callable[[], bool] = lambda: True,
        progress: Callable[[Mapping[tuple[str, int], int]], None] = lambda _lag: None,
    ) -> None:
        self._alive, self._most, self._progress = alive, most, progress
        #: Whether the broker has taken it into its group: what readiness asks.
        self.joined = False
        self._consumer = Consumer(
            config
            | {
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "session.timeout.ms": 10_000,
                "heartbeat.interval.ms": 1000,
                "partition.assignment.strategy": "cooperative-sticky",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 100,
            }
        )
        self._consumer.subscribe(list(topics))

    def batches(self) -> Iterator[Sequence[Message]]:
        """Yield what is at hand until ``alive`` says no; a broker that is away is waited for."""
        try:
            while self._alive():
                # one message is waited for; then what has come with it is taken at once
                read = self._consumer.consume(1, timeout=0.25)
                if read and self._most > 1:
                    read += self._consumer.consume(self._most - 1, timeout=0.005)
                self.joined = self.joined or bool(self._consumer.memberid())
                batch = [message(m) for m in read if not passing(m)]
                if batch:
                    yield batch
                self._progress(lag(self._consumer))
        finally:
            self._consumer.close()

    def commit(self, batch: Sequence[Message]) -> None:
        """Commit past *batch*, at once; a rebalance in between redelivers, which is harmless."""
        ends: dict[tuple[str, int], int] = {}
        for m in batch:
            if m.partition is not None and m.offset is not None:
                ends[m.topic, m.partition] = m.offset + 1
        offsets = [TopicPartition(topic, number, end) for (topic, number), end in ends.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in REBALANCING:
                raise


def lag(consumer: Consumer) -> dict[tuple[str, int], int]:
    """Return how many messages *consumer* has not yet handed out, by topic and partition."""
    found = {}
    for p in consumer.position(consumer.assignment()):
        if p.offset >= 0:
            _, high = consumer.get_watermark_offsets(p, cached=True)
            found[p.topic, p.partition] = max(0, high - p.offset)
    return found


#: The partition is another's now: it will read the batch again.
REBALANCING = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError._STATE,  # noqa: SLF001 (a public constant of the C library)
    }
)


def passing(read: Any) -> bool:
    """Tell whether *read* is an error that passes; raise one that does not."""
    error = read.error()
    if error is None:
        return False
    if error.fatal() or error.code() in _FINAL:
        raise KafkaException(error)
    return True


#: A release may need topics and rights that an older one had not.
_UNDECLARED = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 (public constants of the C library)
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    }
)


def trouble(error: KafkaError, topic: str = "") -> str:
    """Return what is wrong with the broker, or with *topic* on it, and what mends it if we know."""
    if topic and error.code() in _UNDECLARED:
        return _without(topic)
    return f"the broker does not answer: {error.str()}"


def _without(topic: str) -> str:
    return f"the broker has no {topic} for this account: kudos topics apply"


_FINAL = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError._AUTHENTICATION,  # noqa: SLF001
    }
)


def message(read: Any) -> Message:
    """Return what was read."""
    headers = tuple((name, value or b"") for name, value in read.headers() or ())
    return Message(
        read.topic(),
        read.key(),
        read.value(),
        headers,
        partition=read.partition(),
        offset=read.offset(),
    )


def murmur2(data: bytes) -> int:
    """Return Kafka's hash of a key, the one that Java's and Faust's producers choose by.

    librdkafka has it too, but only for the key itself, and a message's key here may be finer than
    what it is partitioned by. org.apache.kafka.common.utils.Utils.murmur2.
    """
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k ^= k >> 24
        h = (h * m & mask) ^ (k * m & mask)
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)
