"""Keep a batch of frames: its facts, its dead letters, and who waits to be queryable."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from kudos import avro
from kudos.errors import Rejected
from kudos.metrics import STEP_SECONDS, TRANSACTIONS_COUNTED, VERSION_CONFLICTS
from kudos.records import EnrichedTransaction, Frame
from kudos.stream import DeadLetters, Message, Sink
from kudos.topics import ENRICHED
from services.aggregate.facts import Fact, fact_of

#: Stores facts and returns those whose version another content has too.
Write = Callable[[Sequence[Fact]], Sequence[Fact]]


class Arrivals:
    """When the transactions that are not queryable yet were received, as ingest stamped it.

    What was received before the watermark comes from a replay: that is no ordinary traffic.
    """

    #: Enough to tell the distribution; an import of millions must not fill the memory.
    MOST = 20_000

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._watermark = 0
        self._lock = threading.Lock()

    def note(self, received_at: Sequence[int]) -> None:
        """Add times of receipt, in microseconds since 1970."""
        with self._lock:
            new = [at for at in received_at if at >= self._watermark]
            self._waiting += new[: self.MOST - len(self._waiting)]

    def passed(self, watermark: int) -> list[int]:
        """Return what *watermark* has passed, which waits no more."""
        with self._lock:
            self._watermark = max(watermark, self._watermark)
            done = [at for at in self._waiting if at < watermark]
            if done:
                self._waiting = [at for at in self._waiting if at >= watermark]
        return done


class Keeper:
    """Keeps batches: when it returns, facts are stored and dead letters are on the broker."""

    def __init__(self, write: Write, sink: Sink, dead: DeadLetters, arrivals: Arrivals) -> None:
        self._write, self._sink, self._dead, self._arrivals = write, sink, dead, arrivals
        self._seconds = STEP_SECONDS.labels("aggregate", "facts")

    def keep(self, frames: Sequence[Message]) -> None:
        """Store every transaction in *frames*; what no table can hold becomes a dead letter."""
        with self._seconds.time():
            facts = [fact for message in frames for fact in self._facts(message)]
            conflicts = self._write(facts)
            self._sink.flush()
        for organisation, count in Counter(f.head.organisation for f in facts).items():
            TRANSACTIONS_COUNTED.labels(organisation).inc(count)
        for fact in conflicts:
            VERSION_CONFLICTS.labels(fact.head.vendor, fact.head.organisation).inc()
        self._arrivals.note([fact.receipt.received_at for fact in facts])

    def _facts(self, message: Message) -> Iterator[Fact]:
        try:
            # nothing at all is no frame either
            frame = avro.decode(message.value or b"", Frame)
        except Rejected as rejected:
            self._sink.send(self._dead.letter(message, rejected))
            return
        for enriched in frame.transactions:
            try:
                fact = fact_of(enriched)
            except Rejected as rejected:
                self._sink.send(self._dead.letter(alone(enriched, message), rejected))
            else:
                self._dead.limit.note(rejected=False)
                yield fact


def alone(enriched: EnrichedTransaction, read: Message) -> Message:
    """Return *enriched* as a message of its own, which names its unit: what a replay sends back."""
    sold = enriched.transaction
    stamp = int(sold.received_at.timestamp()) * 1_000_000 + sold.received_at.microsecond
    headers = {
        "unit_id": sold.transaction_id,
        "organisation": sold.organisation,
        "vendor": sold.vendor,
        "received_at": str(stamp),
    }
    return Message(
        ENRICHED.name,
        None,
        avro.encode(Frame((enriched,))),
        tuple((name, text.encode()) for name, text in headers.items()),
        partition=read.partition,
        offset=read.offset,
    )
