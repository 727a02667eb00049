"""Read links and evidence off the broker: what is at hand, and up to where that is."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from msgspec import Struct

from kudos import avro
from kudos.kafka import REBALANCING, Config, passing
from kudos.place import Places
from kudos.records import Evidence, Link
from kudos.topics import EVIDENCE, LINKS
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.links import Batch
from services.aggregate.watermark import Part

GROUP = "aggregate.links"
#: Messages a batch, and how long it waits for others: for many a statement costs little more.
MOST, WITHIN_S = 20_000, 0.25
_TIMEOUT_S = 10.0


class Read(Struct, frozen=True):
    """What was at hand, and where each partition is done when it has been kept."""

    batch: Batch
    ends: Mapping[Part, int]


class Stuck(Exception):
    """What was read may be left out by going on: the service has to begin again where it was."""


class LinksSource:
    """A consumer that is told what is done.

    Identity's own links and evidence are not dead-lettered: one that cannot be read is a release at
    fault, so Rejected ends the service before anything is skipped.
    """

    def __init__(self, config: Config, places: Places) -> None:
        self._places = places
        #: Up to where what was read of each partition has been kept, by whomever.
        self._done: dict[Part, int] = {}
        self._consumer = Consumer(
            config
            | {
                "group.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                # behind the last message stands its transaction's marker: the end is past it
                "enable.partition.eof": True,
                "session.timeout.ms": 10_000,
                "heartbeat.interval.ms": 1000,
                "partition.assignment.strategy": "cooperative-sticky",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 100,
            }
        )
        self._consumer.subscribe(
            [LINKS.name, EVIDENCE.name],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )

    def take(self) -> Read | None:
        """Return what is at hand, or None; raise Stuck where the broker refuses."""
        try:
            return self._read(self._consumer.consume(MOST, timeout=WITHIN_S))
        except KafkaException as error:
            raise Stuck(error.args[0].str()) from error

    def _read(self, messages: Sequence[Any]) -> Read | None:
        links, evidence, ends = [], [], dict[Part, int]()
        for message in messages:
            part = (message.topic(), message.partition())
            if _is_end(message):
                ends[part] = message.offset()
            elif not passing(message) and part in self._done:  # else another has it now
                offset, value = message.offset(), message.value()
                ends[part] = offset + 1
                # a tombstone: who erases takes the rows away
                if value is not None and part[0] == LINKS.name:
                    links.append((avro.decode(value, Link), offset))
                elif value is not None:
                    stated = statement_of(avro.decode(value, Evidence), offset, self._places)
                    evidence.append(Taken(stated, self._done[part]))
        new = {part: end for part, end in ends.items() if end > self._done.get(part, end)}
        return Read(Batch(links, evidence), new) if new else None

    def commit(self, read: Read) -> None:
        """Note that *read* has been kept; a rebalance in between redelivers, which is harmless."""
        offsets = [TopicPartition(*part, end) for part, end in read.ends.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in REBALANCING:
                raise
        self._done |= {part: end for part, end in read.ends.items() if part in self._done}

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _assigned(self, consumer: Any, parts: list[TopicPartition]) -> None:
        try:
            found = consumer.committed(parts, timeout=_TIMEOUT_S)
        except KafkaException:
            found = parts
        for part in found:
            # where it is not known, everything that stands is taken for half done: that is harmless
            known = part.error is None and part.offset > 0
            self._done[part.topic, part.partition] = part.offset if known else 0

    def _revoked(self, _consumer: Any, parts: list[TopicPartition]) -> None:
        for part in parts:
            self._done.pop((part.topic, part.partition), None)


def _is_end(message: Any) -> bool:
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001 (a public constant of the C library)
