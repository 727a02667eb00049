"""How a weekday usually goes, and one look for all who listen."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.query.answer import Live, Minute
from services.query.hub import Hub
from services.query.live import Figure, Pulse, lag, usual
from services.query.pool import Away
from services.query.streaming import events

AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
PULSE = Pulse(Live("huset", date(2026, 5, 20), AT, ()), (Figure("tickets", 0),))


def minute(of_day: int, tickets: int = 0, gross: int = 0, currency: str = "NOK") -> Minute:
    """Return a minute with one order and a refund of one ticket."""
    return Minute(of_day, currency, 1, tickets + 1, 1, gross, 0)


def test_a_weekday_is_usual_by_the_quarter_of_an_hour() -> None:
    days = [[minute(0, 1, 100), minute(14, 1, 100), minute(15, n, 1000 * n)] for n in range(5)]
    found = usual(days, "NOK")
    assert found is not None
    assert 5 == found.days
    assert 96 == len(found.tickets) == len(found.gross_revenue)
    assert (2.0, 2.0, 2.0) == found.tickets[0]
    # 2 and then 0, 1, 2, 3, 4
    assert (3.0, 4.0, 5.0) == found.tickets[1] == found.tickets[95]
    assert (1200.0, 2200.0, 3200.0) == found.gross_revenue[95]


def test_days_without_a_sale_are_not_usual_and_two_are_too_few() -> None:
    refund = Minute(700, "NOK", 0, 0, 3, 0, -100)
    sold = [minute(0, 1, 100)]
    assert usual([sold, sold, [refund], []], "NOK") is None
    found = usual([sold, sold, sold, [refund], []], "NOK")
    assert found is not None
    assert 3 == found.days


def test_only_one_currency_is_revenue_but_all_are_tickets() -> None:
    day = [minute(0, 1, 100), minute(1, 2, 9999, "SEK")]
    found = usual([day] * 3, "NOK")
    assert found is not None
    assert (3.0, 3.0, 3.0) == found.tickets[0]
    assert (100.0, 100.0, 100.0) == found.gross_revenue[0]


def test_the_lag_is_never_below_0() -> None:
    assert lag(None, AT) is None
    assert 1.5 == lag(AT, AT + timedelta(seconds=1.5))
    assert 0.0 == lag(AT + timedelta(seconds=1), AT)


@dataclass
class World:
    """What a look finds, and how often was looked."""

    pulse: Pulse = PULSE
    away: bool = False
    looks: int = 0

    def look(self, organisation: str) -> Pulse:
        assert organisation == "huset"
        # never in the loop's own thread: it would stand still for all
        assert threading.current_thread() is not threading.main_thread()
        self.looks += 1
        if self.away:
            raise Away("away")
        return self.pulse


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)  # between two looks, with a deadline


async def followed(hub: Hub, ended: Callable[[], bool], into: list[tuple[str, Any]]) -> None:
    async for event in events(hub, "huset", ended):
        assert event.event is not None
        into.append((event.event, msgspec.json.decode(str(event.data))))


async def test_fifty_who_listen_are_one_look_and_hear_the_same() -> None:
    world, ends = World(), False
    hub = Hub(world.look, every_s=0.05)
    heard: list[list[tuple[str, Any]]] = [[] for _ in range(50)]
    tasks = [asyncio.create_task(followed(hub, lambda: ends, into)) for into in heard]
    await until(lambda: all(heard))
    assert 50 == hub.listeners
    assert world.looks < 20
    live = replace(PULSE.live, minutes=(minute(720, 4, 100),))
    world.pulse = replace(PULSE, live=live)
    await until(lambda: all(len(into) == 2 for into in heard))
    world.pulse = replace(PULSE, live=replace(live, as_of=AT + timedelta(seconds=1)))
    await until(lambda: all(len(into) == 3 for into in heard))
    ends = True
    await asyncio.gather(*tasks)
    assert all(into == heard[0] for into in heard)
    assert ["live", "live", "watermark"] == [name for name, _ in heard[0]]
    assert 5 == heard[0][1][1]["minutes"][0]["tickets"]
    assert {"as_of": "2026-05-20T12:00:01Z"} == heard[0][2][1]


async def test_nobody_listens_and_nothing_is_looked_for() -> None:
    world = World()
    hub = Hub(world.look, every_s=0.01)
    tasks = [asyncio.create_task(followed(hub, lambda: False, [])) for _ in range(2)]
    await until(lambda: world.looks > 2)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    before = world.looks
    await until(lambda: world.looks > before)
    assert 1 == hub.listeners
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    assert 0 == hub.listeners
    await until(lambda: not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()])
    # who comes again starts a new one
    again: list[tuple[str, Any]] = []
    task = asyncio.create_task(followed(hub, lambda: False, again))
    await until(lambda: bool(again))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_clickhouse_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    world, heard = World(away=True), list[tuple[str, Any]]()
    hub = Hub(world.look, every_s=0.01)
    task = asyncio.create_task(followed(hub, lambda: False, heard))
    await until(lambda: world.looks > 3)
    assert not heard
    world.away = False
    await until(lambda: bool(heard))
    assert "live" == heard[0][0]
    assert 1 == sum("away" in record.message for record in caplog.records)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_reads_slowly_misses_what_was_in_between() -> None:
    world = World()
    hub = Hub(world.look, every_s=0.01)
    stream: AsyncIterator[Any] = events(hub, "huset", lambda: False)
    await anext(stream)
    for tickets in range(5):
        live = replace(PULSE.live, minutes=(minute(1, tickets),))
        world.pulse = replace(PULSE, live=live)
        before = world.looks
        await until(lambda: world.looks > before + 1)  # noqa: B023 (it is waited for here)
    event = await anext(stream)
    assert 5 == msgspec.json.decode(event.data)["minutes"][0]["tickets"]
    await stream.aclose()  # type: ignore[attr-defined]  # a generator
    assert 0 == hub.listeners
