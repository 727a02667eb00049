"""Many requests, one broker: each is told the truth about its own messages."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from kudos.stream import Message
from services.ingest import outbox as module
from services.ingest.outbox import Outbox
from tests.support.ingest import until
from tests.support.memory import MemorySink


class Failing(MemorySink):
    """A broker that loses every message whose key is *lost*, and says so at the next flush.

    As KafkaSink it tells only that something failed since the flush before, and not what.
    """

    lost = b"lost"

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()
        self.largest = 0

    def send(self, message: Message) -> None:
        self.threads.add(threading.get_ident())
        if message.key == b"refused":
            raise ConnectionError("refused")
        super().send(message)

    def flush(self) -> None:
        self.largest = max(self.largest, len(self._unsent))
        good = [m for m in self._unsent if m.key != self.lost]
        failed = len(good) < len(self._unsent)
        self._unsent = good
        super().flush()
        if failed:
            raise ConnectionError("not acknowledged")


@pytest.fixture
def sink() -> Failing:
    return Failing()


@pytest.fixture
async def outbox(sink: Failing) -> AsyncIterator[Outbox]:
    found = Outbox(sink)
    found.start()
    yield found
    sink.open.set()
    await asyncio.to_thread(found.close)


def messages(*keys: str) -> Sequence[Message]:
    return [Message("t", key.encode(), b"value") for key in keys]


async def test_each_of_many_is_acknowledged_after_its_own_messages_are_stored(
    sink: Failing, outbox: Outbox
) -> None:
    async def one(number: int) -> bool:
        names = [f"{number}.{n}" for n in range(3)]
        await outbox.deliver(messages(*names))
        stored = {m.key for m in sink.topics["t"]}
        return {name.encode() for name in names} <= stored

    assert all(await asyncio.gather(*(one(n) for n in range(300))))
    assert 900 == len(sink.topics["t"])
    # shared: far fewer flushes than requests, all from one thread
    assert sink.flushes < 50
    assert 1 == len(sink.threads)
    assert threading.get_ident() not in sink.threads


async def test_whose_message_is_lost_is_never_acknowledged(sink: Failing, outbox: Outbox) -> None:
    async def one(number: int) -> bool:
        key = "lost" if number % 7 == 0 else "refused" if number % 11 == 0 else str(number)
        await asyncio.sleep(number / 10_000)
        try:
            await outbox.deliver(messages(f"{number}.first", key))
        except ConnectionError:
            return False
        return True

    acknowledged = await asyncio.gather(*(one(n) for n in range(200)))
    stored = {m.key for m in sink.topics["t"]}
    for number, was in enumerate(acknowledged):
        if number % 7 == 0 or number % 11 == 0:
            assert not was, number
        if was:
            assert {f"{number}.first".encode(), str(number).encode()} <= stored
    # another's failure may refuse a neighbour, but not everybody and not for long
    await outbox.deliver(messages("afterwards"))
    assert b"afterwards" in {m.key for m in sink.topics["t"]}


async def test_a_failure_does_not_cling(sink: Failing, outbox: Outbox) -> None:
    with pytest.raises(ConnectionError):
        await outbox.deliver(messages("lost"))
    with pytest.raises(ConnectionError):
        await outbox.deliver(messages("refused"))
    for number in range(5):
        await outbox.deliver(messages(str(number)))
    assert 5 == len(sink.topics["t"])


async def test_a_sender_that_goes_harms_nobody(
    sink: Failing, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    sink.open.clear()
    gone = asyncio.create_task(outbox.deliver(messages("gone")))
    stays = asyncio.create_task(outbox.deliver(messages("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    sink.open.set()
    await stays
    assert b"stays" in {m.key for m in sink.topics["t"]}
    assert not caplog.messages


async def test_what_is_too_much_is_refused_at_once(
    sink: Failing, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 1000)
    sink.open.clear()
    first = asyncio.create_task(outbox.deliver(messages("1")))
    # taken by the thread: what follows waits
    await until(lambda: bool(sink._unsent))  # noqa: SLF001 (a fake's own)
    large = asyncio.create_task(outbox.deliver([Message("t", b"large", b"x" * 2000)]))
    await asyncio.sleep(0)
    with pytest.raises(ConnectionError):
        await outbox.deliver(messages("3"))
    sink.open.set()
    # alone even the largest is taken, or it could never be
    await asyncio.gather(first, large)
    assert [b"1", b"large"] == [m.key for m in sink.topics["t"]]


async def test_closing_delivers_what_waits_and_takes_no_more(sink: Failing) -> None:
    outbox = Outbox(sink)
    outbox.start()
    sink.open.clear()
    waiting = [asyncio.create_task(outbox.deliver(messages(str(n)))) for n in range(9)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(outbox.close))
    sink.open.set()
    await asyncio.gather(closing, *waiting)
    assert 9 == len(sink.topics["t"])
    with pytest.raises(ConnectionError):
        await outbox.deliver(messages("late"))


async def test_is_ready_while_the_broker_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_ASK_EVERY_S", 0.01)
    monkeypatch.setattr(module, "_LATELY_S", 0.3)
    there, asked = threading.Event(), threading.Event()

    def reach() -> None:
        asked.set()
        if not there.is_set():
            raise ConnectionError("away")

    outbox = Outbox(MemorySink(), reach)
    assert "the broker has not answered yet" == outbox.trouble
    outbox.start()
    await asyncio.to_thread(asked.wait, 10)
    await until(lambda: outbox.trouble == "away")
    there.set()
    await until(lambda: not outbox.trouble)
    there.clear()
    await until(lambda: outbox.trouble == "away")
    await asyncio.to_thread(outbox.close)
    away = "nothing can be stored: away"
    assert [away, "the broker is back", away] == caplog.messages
