"""Ask the broker what groups have committed and where topics end: it needs Describe rights only."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from kudos.kafka import Config
from services.aggregate.watermark import ASKED, Part, Reader

_TIMEOUT_S = 5.0
#: Partitions may be added while we run.
_PARTITIONS_S = 30.0


class Offsets:
    """Committed offsets and ends of what the watermark follows; raises KafkaException."""

    def __init__(
        self, config: Config, asked: Sequence[tuple[str, tuple[str, ...]]] = ASKED
    ) -> None:
        self._admin = AdminClient(config)
        self._groups = sorted({group for group, _ in asked})
        self._topics = sorted({topic for _, topics in asked for topic in topics})
        self._parts: list[Part] = []
        self._until = 0.0

    def committed(self) -> dict[Reader, int]:
        """Return what each group has committed, where it has."""
        asked = [
            self._admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group)], request_timeout=_TIMEOUT_S
            )
            for group in self._groups
        ]
        found: dict[Reader, int] = {}
        for futures in asked:
            for group, future in futures.items():
                for part in _result(future):
                    if part.offset >= 0:
                        found[group, part.topic, part.partition] = part.offset
        return found

    def ends(self) -> dict[Part, int]:
        """Return where each partition ends: the offset of what will come next."""
        if time.monotonic() > self._until:
            self._parts = self._partitions()
            self._until = time.monotonic() + _PARTITIONS_S
        return self._offsets(self._parts, OffsetSpec.latest())

    def begins(self, parts: Iterable[Part]) -> dict[Part, int]:
        """Return the first offset that is still there, of *parts*."""
        return self._offsets(list(parts), OffsetSpec.earliest())

    def _offsets(self, parts: Sequence[Part], spec: OffsetSpec) -> dict[Part, int]:
        asked = {TopicPartition(*part): spec for part in parts}
        futures = self._admin.list_offsets(asked, request_timeout=_TIMEOUT_S) if asked else {}
        return {(p.topic, p.partition): f.result(_TIMEOUT_S).offset for p, f in futures.items()}

    def _partitions(self) -> list[Part]:
        there = self._admin.list_topics(timeout=_TIMEOUT_S).topics
        for topic in self._topics:
            if topic not in there or there[topic].error is not None:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        return [(topic, number) for topic in self._topics for number in there[topic].partitions]


def _result(future: Any) -> Iterable[Any]:
    """Return a group's partitions; a group that nobody has joined yet has committed nothing."""
    try:
        found: Iterable[Any] = future.result(_TIMEOUT_S).topic_partitions
    except KafkaException as error:
        if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
            raise
        return ()
    return found
