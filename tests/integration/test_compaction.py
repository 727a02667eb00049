"""What a compacted topic holds after real cleaning still tells the whole state."""

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from kudos import avro, sources
from kudos.kafka import KafkaSink
from kudos.records import (
    Evidence,
    Link,
    PseudonymousTransaction,
    ReceivedTransaction,
    StoppedSource,
)
from kudos.sealing import Opener, Sealer
from kudos.stream import Message
from kudos.topics import EVIDENCE, LINKS, PSEUDONYMOUS, RECEIVED, RECORDS, STOPPED, TOPICS, Topic
from services.identity import active, step
from services.identity.pseudonym import Keys
from services.identity.state import State
from tests.support import examples
from tests.support.broker import PARTITIONS, Kafka
from tests.support.claimed import claims, messages, resolver, town
from tests.support.turns import MemoryTopics

pytestmark = pytest.mark.kafka

DEADLINE_S = 60.0
#: As declared, with a second where it says a day.
QUICK = {
    "segment.ms": "1000",
    "max.compaction.lag.ms": "1000",
    "delete.retention.ms": "1000",
    "min.cleanable.dirty.ratio": "0.001",
}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
FILLER = b"filler"
KEYS = Keys(b"i" * 32, (b"1" * 32,))
CUSTOMERS = [
    name
    for name in examples.of("received_transaction")
    if examples.fields_of(name)["customer"] is not None
]


def deliveries(seed: int) -> list[ReceivedTransaction]:
    """Return versions of sales in any order, with repeats; some change their customer."""
    chance, found = random.Random(seed), []
    dated = examples.example("received_transaction/sale_of_a_known_customer")
    undated = examples.example("received_transaction/refund_without_a_time")
    for number in range(40):
        basis = undated if number % 4 == 0 else dated
        for version in range(1, chance.randint(2, 5)):
            [line, *_] = basis.transaction.lines
            lines = (replace(line, amount_minor=1000 * number + version),)
            sale = replace(
                basis.transaction,
                transaction=f"A-{number}",
                # what bears no version is ordered by its time of receipt
                version=None if number % 5 == 0 else version,
                lines=lines,
            )
            customer = examples.example(chance.choice(CUSTOMERS)).customer
            received = replace(basis, transaction=sale, customer=customer)
            found += [received] * chance.randint(1, 3)
    chance.shuffle(found)
    return [
        replace(r, received_at=r.received_at + timedelta(minutes=n)) for n, r in enumerate(found)
    ]


def produced(topic: Topic, received: Iterable[ReceivedTransaction]) -> list[Message]:
    """Return what identity sends to *topic* of *received*."""
    made = step.transactions(KEYS, Opener(examples.PRIVATE), Sealer(examples.PUBLIC))
    outputs = [m for r in received for m in made(Message(RECEIVED.name, b"k", avro.encode(r)))]
    return [m for m in outputs if m.topic == topic.name]


def cleaned(kafka: Kafka, topic: Topic, messages: Sequence[Message]) -> list[Message]:
    """Return what is left of *messages* once no key stands twice and no tombstone stands."""
    settings = {k.replace(".", "_"): v for k, v in (topic.config() | QUICK).items()}
    name = kafka.new_topic(**settings)
    sink = KafkaSink(kafka.config())
    chunk = len(messages) // 4 + 1
    for start in range(0, len(messages), chunk):
        for message in messages[start : start + chunk]:
            sink.send(replace(message, topic=name))
        _roll(sink, name)
    deadline = time.monotonic() + DEADLINE_S
    while True:
        # a segment is closed by what comes after it, and only what is closed is cleaned
        _roll(sink, name)
        left = [m for m in kafka.everything(name) if m.key != FILLER]
        most = max(Counter(m.key for m in left).values(), default=0)
        if most <= 1 and all(m.value is not None for m in left):
            return left
        assert time.monotonic() < deadline, "nothing was cleaned"


def _roll(sink: KafkaSink, name: str) -> None:
    """Send to each partition until its segment is old enough to be closed."""
    until = time.monotonic() + 1.1
    while time.monotonic() < until:
        for number in range(PARTITIONS):
            sink.send(Message(name, FILLER, b"", partition=number))
        sink.flush()


def transactions(messages: Iterable[Message]) -> list[PseudonymousTransaction]:
    return [avro.decode(m.value or b"", PseudonymousTransaction) for m in messages]


def standing(found: Iterable[PseudonymousTransaction]) -> dict[str, PseudonymousTransaction]:
    """Return the newest revision of each transaction; its time of receipt is no content."""
    newest: dict[str, PseudonymousTransaction] = {}
    for one in found:
        known = newest.setdefault(one.transaction_id, one)
        if one.revision >= known.revision:
            newest[one.transaction_id] = one
    return {k: replace(v, received_at=_NEVER) for k, v in newest.items()}


def refunded(found: Iterable[PseudonymousTransaction]) -> dict[str, datetime]:
    """Return the earliest receipt of each refund line whose time the vendor does not give."""
    earliest: dict[str, datetime] = {}
    for one in found:
        for line in one.lines:
            if line.at is None:
                at = earliest.get(line.line, one.received_at)
                earliest[line.line] = min(at, one.received_at)
    return earliest


def test_the_transactions_that_are_left_tell_the_same_sales(kafka: Kafka) -> None:
    messages = produced(PSEUDONYMOUS, deliveries(1))
    left = cleaned(kafka, PSEUDONYMOUS, messages)
    assert len(left) < len(messages)
    before, after = transactions(messages), transactions(left)
    assert len(standing(before)) == 40
    assert standing(before) == standing(after)
    assert len(refunded(before)) == 10
    assert refunded(before) == refunded(after)


def test_the_evidence_that_is_left_is_the_latest_of_each_key(kafka: Kafka) -> None:
    messages = produced(EVIDENCE, deliveries(2))
    left = cleaned(kafka, EVIDENCE, messages)
    assert len(left) < len(messages)

    def latest(found: Iterable[Message]) -> dict[bytes | None, Evidence]:
        return {m.key: avro.decode(m.value or b"", Evidence) for m in found}

    assert len(latest(messages)) > 5
    assert latest(messages) == latest(left)


def test_what_a_tombstone_took_away_is_gone_for_good(kafka: Kafka) -> None:
    messages = produced(PSEUDONYMOUS, deliveries(3))
    ids = sorted({one.transaction_id for one in transactions(messages)})
    gone = set(ids[::3])

    def taken(message: Message) -> bool:
        return (message.key or b"").decode().partition("/")[0] in gone

    tombstones = [replace(m, value=None) for m in messages if taken(m)]
    left = cleaned(kafka, PSEUDONYMOUS, [*messages, *tombstones])
    kept = [m for m in messages if not taken(m)]
    assert set(ids) - gone == {one.transaction_id for one in transactions(left)}
    assert standing(transactions(kept)) == standing(transactions(left))


def test_resolve_is_rebuilt_from_the_records_and_links_that_are_left(
    kafka: Kafka, tmp_path: Path
) -> None:
    """And then it says nothing, for its links are those that stood."""
    topics = MemoryTopics(messages(claims(**fields) for fields in town(4, 60)))
    resolve(topics, tmp_path / "lost")
    written = dict(topics.committed)
    with ThreadPoolExecutor() as both:
        records, links = both.map(
            lambda topic: cleaned(kafka, topic, written[topic.name]), (RECORDS, LINKS)
        )
    assert len(links) < len(written[LINKS.name])
    topics.committed = {RECORDS.name: records, LINKS.name: links}
    # the claims are no longer kept
    topics.first = topics.done
    resolve(topics, tmp_path / "new")
    assert {RECORDS.name: records, LINKS.name: links} == topics.committed
    assert linked(written[LINKS.name]) == linked(links)


def resolve(topics: MemoryTopics, folder: Path) -> None:
    state, step = State(folder), resolver()
    active.run([topics.turn()], state, step, step.step)
    state.close()


def linked(messages: Iterable[Message]) -> dict[str, tuple[str, str]]:
    found = [avro.decode(m.value or b"", Link) for m in messages]
    return {link.customer_ref: (link.person, link.own_person) for link in found}


def test_what_is_stopped_is_still_stopped_and_what_was_resumed_is_not(kafka: Kafka) -> None:
    at = datetime(2026, 5, 17, tzinfo=UTC)
    names = [("tixly", f"hus-{n}") for n in range(20)]
    messages = [
        sources.stopped(
            StoppedSource(of, vendor, at + timedelta(hours=n), 201, "unreadable", "body")
        )
        for n in range(9)
        for vendor, of in names
    ]
    messages += [sources.resumed(name) for name in names[::2]]
    left = cleaned(kafka, STOPPED, messages)
    assert len(left) < len(messages)
    assert sources.standing(messages) == sources.standing(left)
    assert 10 == len(sources.standing(left))


def test_every_compacted_topic_is_proved_here() -> None:
    here = {PSEUDONYMOUS.name, EVIDENCE.name, RECORDS.name, LINKS.name, STOPPED.name}
    assert here == {t.name for t in TOPICS.values() if t.compacted}
