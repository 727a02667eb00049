"""A broker in memory."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from kudos.kafka import murmur2
from kudos.stream import Message

PARTITIONS = 4


class MemorySink:
    """Topics hold what was sent, once it is flushed; *open* holds a flush up, *away* fails it.

    What a broker that was away had been sent is gone, as with a producer whose time is up.
    """

    def __init__(self) -> None:
        self.topics: defaultdict[str, list[Message]] = defaultdict(list)
        self.flushes = 0
        self.away = False
        self.open = threading.Event()
        self.open.set()
        self._unsent: list[Message] = []
        #: By group: how far it has come in each partition of each topic.
        self.committed: defaultdict[str, dict[tuple[str, int], int]] = defaultdict(dict)

    def send(self, message: Message) -> None:
        """Take *message*."""
        self._unsent.append(message)

    def flush(self) -> None:
        """Store what was sent, or raise ConnectionError."""
        assert self.open.wait(10), "nobody let the flush go on"
        unsent, self._unsent = self._unsent, []
        if self.away:
            raise ConnectionError("away")
        self.flushes += 1
        for message in unsent:
            self.topics[message.topic].append(message)

    @property
    def stored(self) -> Sequence[Message]:
        """Return everything, whatever the topic."""
        return [message for messages in self.topics.values() for message in messages]


class MemorySource:
    """Reads what a MemorySink holds, as *group*; ends where a real one would wait for more."""

    def __init__(
        self, sink: MemorySink, group: str, topics: Sequence[str], *, most: int = 1000
    ) -> None:
        self._sink, self._group, self._topics, self._most = sink, group, topics, most

    def batches(self) -> Iterator[Sequence[Message]]:
        """Yield what is at hand and not committed when reading begins, and what comes meanwhile."""
        at = dict(self._sink.committed[self._group])
        while batch := self._at_hand(at)[: self._most]:
            for message in batch:
                at[message.topic, message.partition or 0] = (message.offset or 0) + 1
            yield batch

    def commit(self, batch: Sequence[Message]) -> None:
        """Note that *batch* and all before it is done."""
        done = self._sink.committed[self._group]
        for message in batch:
            done[message.topic, message.partition or 0] = (message.offset or 0) + 1

    def _at_hand(self, at: Mapping[tuple[str, int], int]) -> list[Message]:
        found: list[Message] = []
        for topic in self._topics:
            ends: dict[int, int] = defaultdict(int)
            for message in self._sink.topics[topic]:
                number = _partition(message)
                if ends[number] >= at.get((topic, number), 0):
                    found.append(replace(message, by=None, partition=number, offset=ends[number]))
                ends[number] += 1
        return found


def _partition(message: Message) -> int:
    if message.partition is not None and message.offset is None:
        return message.partition
    chosen = message.key if message.by is None else message.by
    return 0 if chosen is None else (murmur2(chosen) & 0x7FFFFFFF) % PARTITIONS
