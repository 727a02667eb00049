"""Ask the broker what groups have committed and where topics end: it needs Describe rights only.

By consumers that join nothing. An AdminClient could be asked the same, but when a broker goes away
in between librdkafka's aborts the whole process (confluentinc/librdkafka#4605, open).
"""

import time
from collections.abc import Iterable, Mapping

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition

from kudos.kafka import Config
from services.aggregate.watermark import ASKED, Part, Reader

_TIMEOUT_S = 3.0
#: Partitions may be added while we run.
_PARTITIONS_S = 30.0


class Offsets:
    """Committed offsets and ends of what the watermark follows; raises KafkaException."""

    def __init__(self, config: Config, asked: Mapping[str, tuple[str, ...]] = ASKED) -> None:
        self._asked = asked
        # where a transaction is open, the end is behind it: what it holds is to be waited for
        config = config | {"isolation.level": "read_uncommitted"}
        self._groups = {group: Consumer(config | {"group.id": group}) for group in asked}
        self._any = next(iter(self._groups.values()))
        self._parts: dict[str, list[int]] = {}
        self._until = 0.0

    def committed(self) -> dict[Reader, int]:
        """Return what each group has committed, where it has."""
        counts = self._partitions()
        found: dict[Reader, int] = {}
        for group, consumer in self._groups.items():
            parts = [TopicPartition(t, n) for t in self._asked[group] for n in counts[t]]
            for part in consumer.committed(parts, timeout=_TIMEOUT_S):
                _raise(part.error)
                if part.offset >= 0:
                    found[group, part.topic, part.partition] = part.offset
        return found

    def ends(self) -> dict[Part, int]:
        """Return where each partition ends: the offset of what will come next."""
        parts = [(topic, n) for topic, numbers in self._partitions().items() for n in numbers]
        return self._at(parts, OFFSET_END)

    def begins(self, parts: Iterable[Part]) -> dict[Part, int]:
        """Return the first offset that is still there, of *parts*."""
        return self._at(parts, OFFSET_BEGINNING)

    def _at(self, parts: Iterable[Part], where: int) -> dict[Part, int]:
        # one request a broker: Kafka's ListOffsets takes these two in place of a time
        asked = [TopicPartition(topic, number, where) for topic, number in parts]
        found = self._any.offsets_for_times(asked, timeout=_TIMEOUT_S) if asked else []
        for part in found:
            _raise(part.error)
        return {(part.topic, part.partition): part.offset for part in found}

    def _partitions(self) -> dict[str, list[int]]:
        if time.monotonic() > self._until:
            known = {}
            for topic in {topic for topics in self._asked.values() for topic in topics}:
                told = self._any.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
                _raise(told.error)
                known[topic] = sorted(told.partitions)
            self._parts, self._until = known, time.monotonic() + _PARTITIONS_S
        return self._parts


def _raise(error: object) -> None:
    if error is not None:
        raise KafkaException(error)
