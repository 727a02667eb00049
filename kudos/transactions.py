"""One active writer among several instances: outputs and offsets are committed together or not.

Whoever is assigned the one partition of the topic is active. It announces its transactional id,
which ends whatever the one before had under way, and from then on fences it.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, Protocol

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from kudos import kafka, reading
from kudos.kafka import Config, KafkaSink
from kudos.stream import Message

#: How long a commit may take before the broker counts as gone.
_PATIENCE_S = 60.0
#: How long a batch waits for others: a transaction costs the broker and the disk the same for many.
_GATHER_S = 0.5


class Fenced(Exception):
    """Another instance is the active one now; nothing of what was not committed got out."""


class Turn(Protocol):
    """Being the active one, until it is ``Fenced`` or its batches end."""

    cluster: str

    def committed(self) -> int:
        """Return the offset up to which the outputs stand."""

    def begins(self) -> int:
        """Return the first offset that is still kept."""

    def held(self, topic: str) -> Iterator[Message]:
        """Yield everything that was committed to *topic*, partition by partition."""

    def batches(self, start: int) -> Iterator[Sequence[Message]]:
        """Yield what is at hand from *start* on."""

    def commit(self, outputs: Sequence[Message], past: int | None) -> None:
        """Make *outputs*, and the offset *past* where it is known, stand together."""


class KafkaTurns:
    """Turns at *topic*, whose one partition *group* shares, by Apache Kafka."""

    def __init__(
        self,
        config: Config,
        group: str,
        topic: str,
        *,
        most: int = 1000,
        session_s: float = 10.0,
        alive: Callable[[], bool] = lambda: True,
        progress: Callable[[Mapping[tuple[str, int], int]], None] = lambda _lag: None,
    ) -> None:
        self._config, self._group, self._topic = config, group, topic
        self._most, self._session = most, session_s
        self._alive, self._progress = alive, progress
        #: Whether the broker has taken it into its group, active or waiting.
        self.joined = False

    def turns(self) -> Generator["KafkaTurn", None, None]:
        """Yield each time that this instance becomes the active one, until ``alive`` says no."""
        while self._alive():
            membership = _Membership(self._config, self._group, self._topic, self._session)
            try:
                while self._alive() and not membership.is_active:
                    membership.wait()
                    self.joined = self.joined or membership.joined
                if membership.is_active:
                    yield KafkaTurn(
                        self._config,
                        membership,
                        most=self._most,
                        alive=self._alive,
                        progress=self._progress,
                    )
            finally:
                membership.close()


class _Membership:
    """A consumer in its group, which reads only once it is told from where."""

    def __init__(self, config: Config, group: str, topic: str, session_s: float) -> None:
        self.group, self.topic = group, topic
        self.place = TopicPartition(topic, 0)
        self.is_active = False
        self.consumer = Consumer(
            config
            | {
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "session.timeout.ms": int(session_s * 1000),
                "heartbeat.interval.ms": int(min(1.0, session_s / 4) * 1000),
                "partition.assignment.strategy": "cooperative-sticky",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 100,
            }
        )
        self.consumer.subscribe(
            [topic], on_assign=self._assigned, on_revoke=self._lost, on_lost=self._lost
        )

    @property
    def joined(self) -> bool:
        """Tell whether the broker has taken it in."""
        return bool(self.consumer.memberid())

    def wait(self, seconds: float = 0.25) -> None:
        """Let the group's news come in; nothing is read."""
        read = self.consumer.poll(seconds)
        if read is not None:
            kafka.passing(read)

    def close(self) -> None:
        """Leave the group."""
        self.consumer.close()

    def _assigned(self, consumer: Consumer, parts: Sequence[Any]) -> None:
        # from its end, and held: where to begin is found out first
        consumer.incremental_assign([TopicPartition(p.topic, p.partition, 0) for p in parts])
        consumer.pause(parts)
        self.is_active = self.is_active or bool(parts)

    def _lost(self, _consumer: Consumer, parts: Sequence[Any]) -> None:
        self.is_active = self.is_active and not parts


class KafkaTurn:
    """A turn: its producer fences that of the turn before, whoever's it was."""

    def __init__(
        self,
        config: Config,
        membership: _Membership,
        *,
        most: int,
        alive: Callable[[], bool],
        progress: Callable[[Mapping[tuple[str, int], int]], None],
    ) -> None:
        self._config, self._member = config, membership
        self._most, self._alive, self._progress = most, alive, progress
        self._sink = KafkaSink(config | {"transactional.id": membership.group})
        self._producer = self._sink.producer
        self._retried(self._producer.init_transactions)
        self.cluster = membership.consumer.list_topics(timeout=30).cluster_id

    def committed(self) -> int:
        """Return the offset up to which the outputs stand; where there is none, the first kept."""
        [found] = self._member.consumer.committed([self._member.place], timeout=30)
        if found.error is not None:
            raise ConnectionError(f"the broker does not say what is committed: {found.error.str()}")
        return self.begins() if found.offset == OFFSET_INVALID else int(found.offset)

    def begins(self) -> int:
        """Return the first offset that is still kept."""
        first, _ = self._member.consumer.get_watermark_offsets(self._member.place, timeout=30)
        return int(first)

    def held(self, topic: str) -> Iterator[Message]:
        """Yield everything that was committed to *topic*, partition by partition."""
        for number, message in enumerate(reading.held(self._config, self._member.group, [topic])):
            if number % 1000 == 0:
                self._check()
            yield message

    def batches(self, start: int) -> Iterator[Sequence[Message]]:
        """Yield what is at hand from *start* on, until another is active or ``alive`` says no."""
        member, consumer = self._member, self._member.consumer
        consumer.seek(TopicPartition(member.topic, 0, start))
        consumer.resume([member.place])
        while self._alive() and member.is_active:
            read = consumer.consume(1, timeout=0.25)
            if read and self._most > 1:
                read += consumer.consume(self._most - 1, timeout=_GATHER_S)
            batch = [kafka.message(m) for m in read if not kafka.passing(m)]
            if batch:
                yield batch
            self._progress(kafka.lag(consumer))

    def commit(self, outputs: Sequence[Message], past: int | None) -> None:
        """Make *outputs* and the offset stand together, or raise ``Fenced`` or ConnectionError."""
        self._check()
        try:
            self._retried(self._producer.begin_transaction)
            for message in outputs:
                self._sink.send(message)
            if past is not None:
                self._send_offset(past)
            self._retried(self._producer.commit_transaction)
        except ConnectionError:
            self._abort()
            raise

    def _send_offset(self, past: int) -> None:
        consumer = self._member.consumer
        offsets = [TopicPartition(self._member.topic, 0, past)]
        group = consumer.consumer_group_metadata()
        self._retried(lambda: self._producer.send_offsets_to_transaction(offsets, group, 30))

    def _check(self) -> None:
        """Raise ``Fenced`` where the group has given the partition to another."""
        if not self._member.is_active:
            raise Fenced

    def _retried(self, call: Callable[[], object]) -> None:
        """Call until the broker has answered; what says that another is active is ``Fenced``."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                call()
            except KafkaException as raised:
                error = raised.args[0]
                if error.code() in _FENCED:
                    self._abort()
                    raise Fenced from raised
                if not error.retriable() or time.monotonic() > deadline:
                    raise ConnectionError(f"the transaction failed: {error.str()}") from raised
            else:
                return

    def _abort(self) -> None:
        """Take back what is under way; where that fails, the next turn does it."""
        try:
            self._producer.abort_transaction(5)
        except KafkaException:
            return


#: What the broker says to an instance that is the active one no more.
_FENCED = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 (public constants of the C library)
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.UNKNOWN_MEMBER_ID,
    }
)
