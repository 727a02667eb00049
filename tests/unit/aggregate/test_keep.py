"""A batch of frames: what is bad is refused alone, and nothing goes on before it is kept."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from msgspec.structs import replace

from kudos import avro
from kudos.records import EnrichedTransaction, Frame, Performance
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Message, TooManyRejections
from kudos.topics import ENRICHED
from services.aggregate.app import WITHIN_S, create, vouched
from services.aggregate.facts import NO_RATE, Fact, day_of, fact_of
from services.aggregate.keep import Arrivals, Keeper
from services.aggregate.sequence import Sequence as Offsets
from services.aggregate.sequence import Skipped
from services.aggregate.settings import AggregateSettings
from tests.support.sales import MONDAY, sale, ticket

PRIVATE, PUBLIC = new_key_pair()


class Memory:
    """A store and a sink that a test can look into."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.sent: list[Message] = []
        self.flushed = 0

    def write(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        self.facts += facts
        return ()

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def flush(self) -> None:
        self.flushed = len(self.sent)


def keeper(memory: Memory, arrivals: Arrivals | None = None) -> Keeper:
    """Return a keeper whose store and sink are *memory*."""
    dead = DeadLetters("aggregate", Sealer(PUBLIC), lambda _reason: None)
    return Keeper(memory.write, memory, dead, arrivals or Arrivals())


def frame(*transactions: EnrichedTransaction, offset: int = 0) -> Message:
    """Return a message of *transactions*."""
    return Message(
        ENRICHED.name, None, avro.encode(Frame(transactions)), partition=1, offset=offset
    )


def changed(one: EnrichedTransaction, **fields: Any) -> EnrichedTransaction:
    """Return *one* with other fields in its first line."""
    line = replace(one.transaction.lines[0], **fields)
    return replace(one, transaction=replace(one.transaction, lines=(line,)))


GOOD = sale("good", 1, MONDAY, ticket("a", MONDAY))
BAD = changed(sale("bad", 1, MONDAY, ticket("b", MONDAY)), amount_minor=1 << 60)


def test_a_transaction_that_no_table_can_hold_is_refused_alone() -> None:
    memory = Memory()
    keeper(memory).keep([frame(GOOD, BAD, offset=7)])
    assert [fact_of(GOOD)] == memory.facts
    [letter] = memory.sent
    assert 1 == memory.flushed
    assert f"{ENRICHED.name}.dead" == letter.topic
    # what goes back to the topic holds it and nothing else
    assert Frame((BAD,)) == avro.decode(Opener(PRIVATE).open(letter.value or b""), Frame)
    told = {name: letter.header(name) for name, _ in letter.headers}
    stamp = str(int(MONDAY.timestamp()) * 1_000_000)
    assert {
        "unit_id": BAD.transaction.transaction_id,
        "organisation": "house",
        "vendor": "homemade",
        "received_at": stamp,
        "stage": "aggregate",
        "reason": "invalid_field",
        "detail": "lines: quantity or amount",
        "partition": "1",
        "offset": "7",
    } == told


@pytest.mark.parametrize("value", [b"", b"no frame", avro.encode(GOOD.transaction), None])
def test_a_frame_that_is_none_is_refused_whole(value: bytes | None) -> None:
    memory = Memory()
    keeper(memory).keep([Message(ENRICHED.name, None, value, offset=1), frame(GOOD)])
    assert [fact_of(GOOD)] == memory.facts
    [letter] = memory.sent
    assert (value or b"") == Opener(PRIVATE).open(letter.value or b"")
    assert "unreadable" == letter.header("reason")


def test_a_bad_release_does_not_drain_the_topic() -> None:
    with pytest.raises(TooManyRejections):
        keeper(Memory()).keep([frame(*[BAD] * 600)])


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": 1 << 40},
        {"quantity": -1},
        {"discount_minor": 1 << 62},
        {"fee_minor": -5},
        {"at": datetime(1969, 12, 31, tzinfo=UTC)},
        {"at": datetime(2110, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_would_not_fit_is_refused(fields: dict[str, Any]) -> None:
    memory = Memory()
    keeper(memory).keep([frame(changed(GOOD, **fields))])
    assert ([], 1) == (memory.facts, len(memory.sent))


@pytest.mark.parametrize(
    ("starts_at", "seconds"),
    [
        (datetime(2999, 1, 1, tzinfo=UTC), (1 << 32) - 1),
        (datetime(1900, 1, 1, tzinfo=UTC), 1),
        (datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC), 9),
    ],
)
def test_a_ticket_for_no_certain_day_is_a_sale(starts_at: datetime, seconds: int) -> None:
    fact = fact_of(changed(GOOD, performance=Performance(starts_at=starts_at)))
    [[line]] = fact.dated.values()
    assert (seconds, True) == (line.starts_at, line.starts_timed)


def test_what_is_not_said_is_told_from_nothing() -> None:
    [[line]] = fact_of(GOOD).dated.values()
    assert (NO_RATE, "", 0, False) == (line.vat_rate, line.venue, line.starts_at, line.starts_timed)
    [[line]] = fact_of(changed(GOOD, vat_rate=0)).dated.values()
    assert 0 == line.vat_rate


@pytest.mark.parametrize(
    ("at", "local"),
    [
        (datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC), "2025-12-31"),
        (datetime(2025, 12, 31, 23, 0, tzinfo=UTC), "2026-01-01"),
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), "2026-06-30"),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "2026-07-01"),
    ],
)
def test_a_day_is_local(at: datetime, local: str) -> None:
    day = day_of(int(at.timestamp()))
    assert local == (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def test_what_was_received_before_the_watermark_is_no_ordinary_traffic() -> None:
    arrivals, memory = Arrivals(), Memory()
    stamp = int(MONDAY.timestamp()) * 1_000_000
    assert [] == arrivals.passed(stamp)
    keeper(memory, arrivals).keep([frame(GOOD)])
    assert [stamp] == arrivals.passed(stamp + 1)
    assert [] == arrivals.passed(stamp + 2)
    keeper(memory, arrivals).keep([frame(GOOD)])  # a replay
    assert [] == arrivals.passed(stamp + 3)


def settings(tmp_path: Path) -> AggregateSettings:
    """Return settings of a broker that is never asked."""
    return AggregateSettings(
        kafka="127.0.0.1:1",
        clickhouse="http://127.0.0.1:1/x",
        secrets=tmp_path,
        organisations=tmp_path / "organisations.toml",
    )


async def nothing_left_out(_app: object, _offsets: object, events: Sequence[Any]) -> Sequence[Any]:
    """Say that no message was left out: an agent under test has no consumer to ask."""
    return events


async def test_frames_are_kept_in_batches_off_the_event_loop(tmp_path: Path) -> None:
    kept: list[bytes | None] = []
    threads: set[int] = set()
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def keep(messages: Sequence[Message]) -> None:
        kept.extend(m.value for m in messages)
        threads.add(threading.get_ident())
        if len(kept) == 3:
            loop.call_soon_threadsafe(done.set)

    app, agent = create(settings(tmp_path), keep, nothing_left_out)
    app.finalize()
    async with agent.test_context() as facts:
        for n in range(3):
            await facts.put(b"%d" % n)
        await asyncio.wait_for(done.wait(), 10)
    assert [b"0", b"1", b"2"] == kept
    assert threading.get_ident() not in threads


async def test_after_a_batch_that_was_not_kept_none_is(tmp_path: Path) -> None:
    kept: list[bytes | None] = []
    went_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def keep(messages: Sequence[Message]) -> None:
        kept.extend(m.value for m in messages)
        if len(kept) > 1:
            loop.call_soon_threadsafe(went_on.set)
        raise ConnectionError("ClickHouse is away")

    app, agent = create(settings(tmp_path), keep, nothing_left_out)
    app.finalize()
    facts = await agent.test_context().__aenter__()
    await facts.put(b"first")
    await asyncio.wait_for(app._crashed.wait(), 10)  # noqa: SLF001 (mode has no other name for it)
    assert "Died('ConnectionError')" == repr(app.crash_reason)
    await facts.put(b"second")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(went_on.wait(), 10 * WITHIN_S)
    assert [b"first"] == kept


async def test_nothing_is_kept_after_a_message_that_was_left_out(tmp_path: Path) -> None:
    """Faust takes a gap of one for none, and would acknowledge past it."""
    kept: list[Message] = []

    async def left_out(*_asked: object) -> Sequence[Any]:
        raise Skipped

    app, agent = create(settings(tmp_path), kept.extend, left_out)
    app.finalize()
    facts = await agent.test_context().__aenter__()
    await facts.put(b"the second")
    await asyncio.wait_for(app._crashed.wait(), 10)  # noqa: SLF001 (mode has no other name for it)
    assert "Died('Skipped')" == repr(app.crash_reason)
    assert [] == kept


async def test_what_is_left_of_a_partition_that_is_not_held_is_not_acknowledged() -> None:
    """It may lack what came before it, and whoever holds the partition is given it again."""
    held, others = TP(ENRICHED.name, 0), TP(ENRICHED.name, 1)
    consumer = SimpleNamespace(assignment=lambda: {held}, _committed_offset={held: 7})
    app: Any = SimpleNamespace(consumer=consumer)
    events = [
        SimpleNamespace(message=SimpleNamespace(tp=tp, offset=offset))
        for tp, offset in ((held, 7), (others, 12), (held, 8))
    ]
    assert [events[0], events[2]] == await vouched(app, Offsets(), events)
    with pytest.raises(Skipped):
        await vouched(app, Offsets(), events[2:])
