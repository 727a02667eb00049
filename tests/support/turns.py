"""Turns at a topic in memory: what the one before wrote stands, and it is fenced."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from msgspec.structs import replace

from kudos.stream import Message
from kudos.transactions import Fenced


class MemoryTopics:
    """What was committed, by topic; *claims* are read, *done* of them by the group."""

    def __init__(self, claims: Sequence[Message] = ()) -> None:
        self.claims = list(claims)
        self.first, self.done = 0, 0
        self.committed: dict[str, list[Message]] = {}
        self.epochs = count(1)
        self.epoch = 0

    def turn(self, most: int = 7, step: Callable[[str], None] = lambda _at: None) -> "MemoryTurn":
        """Return a turn, which fences all before it; *step* is told where it is."""
        self.epoch = next(self.epochs)
        return MemoryTurn(self, most, step)

    def values(self, topic: str) -> dict[bytes | None, bytes | None]:
        """Return the last value of each key, as compaction would leave it."""
        return {m.key: m.value for m in self.committed.get(topic, [])}


class MemoryTurn:
    """A ``Turn``; its batches end where a real one would wait for more."""

    cluster = "memory"

    def __init__(self, topics: MemoryTopics, most: int, step: Callable[[str], None]) -> None:
        self._topics, self._most, self._step = topics, most, step
        self._epoch = topics.epoch

    def committed(self) -> int:
        """Return the offset up to which the outputs stand."""
        return self._topics.done

    def begins(self) -> int:
        """Return the first offset that is still kept."""
        return self._topics.first

    def held(self, topic: str) -> Iterator[Message]:
        """Yield everything that was committed to *topic*."""
        yield from self._topics.committed.get(topic, [])

    def batches(self, start: int) -> Iterator[Sequence[Message]]:
        """Yield what is at hand from *start* on."""
        while batch := self._topics.claims[start : start + self._most]:
            self._step("read")
            yield [replace(m, partition=0, offset=n) for n, m in enumerate(batch, start)]
            start += len(batch)

    def commit(self, outputs: Sequence[Message], past: int | None) -> None:
        """Make *outputs* and the offset stand together, or raise ``Fenced``."""
        self._step("resolved")
        if self._epoch != self._topics.epoch:
            raise Fenced
        for message in outputs:
            self._topics.committed.setdefault(message.topic, []).append(message)
        if past is not None:
            self._topics.done = past
        self._step("sent")
