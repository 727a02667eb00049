"""Move messages through a step: the only loop that touches a broker."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from kudos.errors import Rejected
from kudos.sealing import Sealer

Headers = tuple[tuple[str, bytes], ...]


class Message(Struct, frozen=True):
    """Bytes on a topic; *by* chooses the partition where the key does not, *partition* fixes it."""

    topic: str
    key: bytes | None
    value: bytes | None  # None: a tombstone
    headers: Headers = ()
    by: bytes | None = None
    partition: int | None = None
    offset: int | None = None  # only of what was read

    def header(self, name: str) -> str | None:
        """Return the last header of that *name* as text."""
        return next((v.decode() for k, v in reversed(self.headers) if k == name), None)


class Source(Protocol):
    """Where messages come from, in batches of what is at hand."""

    def batches(self) -> Iterator[Sequence[Message]]:
        """Yield what is at hand, in the order of each partition."""

    def commit(self, batch: Sequence[Message]) -> None:
        """Note that *batch* and all before it is done."""


class Sink(Protocol):
    """Where messages go; ``flush`` returns when the broker has them, or raises ConnectionError."""

    def send(self, message: Message) -> None:
        """Take *message*; it may be on its way for a while."""

    def flush(self) -> None:
        """Return when the broker has all that was sent."""


#: What one message becomes: nothing drops it, several fan it out; raise Rejected to refuse it.
Step = Callable[[Message], Iterable[Message]]
#: What a whole batch becomes, for steps that pack; refusals have become dead letters already.
BatchStep = Callable[[Sequence[Message]], Iterable[Message]]


#: So many different reasons of a row are told.
_REASONS = 3


class TooManyRejections(Exception):
    """So many messages were refused in a row that the release is at fault and not the messages.

    *last* is why the last one was, *first* why the first ones were, where these differ.
    """

    def __init__(
        self, row: int, last: Rejected | None = None, first: Sequence[Rejected] = ()
    ) -> None:
        super().__init__(f"{row} in a row" + ("" if last is None else f", the last for {last}"))
        self.row, self.last, self.first = row, last, tuple(first)


class Limit:
    """Ends the service after *most* rejections in a row: a bad release must not drain a topic.

    Ingest has one a source, and stops that alone: one sender must not end it for all.
    """

    def __init__(self, most: float = 500) -> None:
        self._most = most
        self._row = 0
        self._first: dict[str, Rejected] = {}

    def note(self, *, rejected: bool, why: Rejected | None = None) -> None:
        """Count a rejection, or begin anew; raise TooManyRejections past the limit."""
        if not rejected:
            self._row = 0
            self._first.clear()
            return
        self._row += 1
        if why is not None and len(self._first) < _REASONS:
            self._first.setdefault(str(why), why)
        if self._row > self._most:
            raise TooManyRejections(self._row, why, list(self._first.values()))


def one_by_one(step: Step, dead: "DeadLetters") -> BatchStep:
    """Return *step* for batches: a message that it refuses becomes a dead letter, alone."""

    def apply(batch: Sequence[Message]) -> Iterable[Message]:
        for message in batch:
            try:
                outputs = list(step(message))
            except Rejected as rejected:
                yield dead.letter(message, rejected)
                continue
            dead.limit.note(rejected=False)
            yield from outputs

    return apply


def run(source: Source, step: BatchStep, sink: Sink) -> None:
    """Feed *source* to *step*; commit a batch only when the broker has all that came of it."""
    for batch in source.batches():
        for output in step(batch):
            sink.send(output)
        sink.flush()
        source.commit(batch)


class DeadLetters:
    """Makes dead letters of one *stage*: the original sealed to the replay key, and its reason."""

    def __init__(
        self,
        stage: str,
        sealer: Sealer,
        count: Callable[[str], None],
        limit: Limit | None = None,
    ) -> None:
        self.limit = limit or Limit()
        self._stage = stage
        self._sealer = sealer
        self._count = count

    def within(self, limit: Limit) -> "DeadLetters":
        """Return what makes the same letters within another *limit*."""
        return DeadLetters(self._stage, self._sealer, self._count, limit)

    def letter(self, message: Message, rejected: Rejected) -> Message:
        """Return *message* as a dead letter; its headers (unit, time of receipt) go with it."""
        self.limit.note(rejected=True, why=rejected)
        self._count(rejected.reason)
        why = {"stage": self._stage, "reason": rejected.reason, "detail": rejected.detail}
        if message.offset is not None:
            why |= {"partition": str(message.partition), "offset": str(message.offset)}
        headers = message.headers + tuple((k, v.encode()) for k, v in why.items())
        value = self._sealer.seal(message.value or b"")
        return Message(f"{message.topic}.dead", message.key, value, headers, message.by)
