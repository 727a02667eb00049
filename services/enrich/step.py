"""What enrich does to a batch: what one record can tell, packed into frames."""

from collections.abc import Iterable, Iterator, Sequence

from kudos import avro
from kudos.errors import Rejected
from kudos.place import Places, place
from kudos.records import EnrichedTransaction, Frame, PseudonymousTransaction
from kudos.stream import BatchStep, DeadLetters, Message
from kudos.topics import ENRICHED
from services.enrich.age import age_band

#: More in a frame gains nothing more; a retry repeats a whole one.
MOST = 200
#: The broker takes messages up to a million bytes, and one transaction may be nearly that.
LARGEST = 500_000


def frames(known: Places, dead: DeadLetters) -> BatchStep:
    """Return the step for ``transactions.pseudonymous``: a partition's transactions in frames.

    A message that is none becomes a dead letter, alone. A tombstone says nothing here: the
    transaction it took away has been sent again without its person.
    """

    def step(batch: Sequence[Message]) -> Iterable[Message]:
        read: dict[int | None, list[Message]] = {}
        for message in batch:
            if message.value is not None:
                read.setdefault(message.partition, []).append(message)
        for partition, messages in read.items():
            for chunk in _chunks(messages):
                yield from _frame(known, dead, partition, chunk)

    return step


def enrich(known: Places, transaction: PseudonymousTransaction) -> EnrichedTransaction:
    """Return *transaction* and what it alone tells of its customer."""
    return EnrichedTransaction(
        transaction,
        age_band(transaction.birth, transaction.sold_at),
        place(known, transaction.country, transaction.postal_code),
    )


def _chunks(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield *messages* in order, as many at a time as fit into one frame."""
    chunk: list[Message] = []
    size = 0
    for message in messages:
        length = len(message.value or b"")
        if chunk and (len(chunk) == MOST or size + length > LARGEST):
            yield chunk
            chunk, size = [], 0
        chunk.append(message)
        size += length
    if chunk:
        yield chunk


def _frame(
    known: Places, dead: DeadLetters, partition: int | None, messages: Sequence[Message]
) -> Iterator[Message]:
    found = []
    for message in messages:
        try:
            transaction = avro.decode(message.value or b"", PseudonymousTransaction)
        except Rejected as rejected:
            yield dead.letter(message, rejected)
            continue
        dead.limit.note(rejected=False)
        found.append(enrich(known, transaction))
    if found:
        value = avro.encode(Frame(tuple(found)))
        yield Message(ENRICHED.name, None, value, partition=partition)
