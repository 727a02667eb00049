"""Plays a season: orders, what is delivered of them, and the truth beside it."""

import time
from collections.abc import Callable, Iterator

from simulation.courier import Courier
from simulation.plan import Plan
from simulation.sources import statements
from simulation.truth import Truth
from simulation.world import Told, World

#: Called with how many orders there have been.
Tick = Callable[[int], None]


class Stopped(Exception):
    """Whoever watches wants no more."""


def play(
    world: World,
    count: int,
    truth: Truth,
    courier: Courier | None,
    *,
    rate: float | None = None,
    tick: Tick = lambda _count: None,
) -> None:
    """Let *count* orders happen and be delivered; *rate* orders/s, None: as fast as they are taken.

    Without a *courier* only the truth is made. It returns when all is acknowledged.
    """
    orders = _watched(world.season(count), truth, rate, tick)
    if courier is None:
        for _ in orders:
            continue
    else:
        for delivery in Plan(world.seed).deliveries(orders):
            courier.take(delivery)
        courier.flush()
    for told in statements(world.seed, world.people, truth.told.known(), world.until):
        if told.counts:
            truth.told.state(told)
        if courier is not None:
            courier.state(told)
    if courier is not None:
        courier.flush()


def _watched(
    orders: Iterator[Told], truth: Truth, rate: float | None, tick: Tick
) -> Iterator[Told]:
    begun = time.monotonic()
    for number, told in enumerate(orders, 1):
        truth.add(told)
        yield told
        tick(number)
        if rate is not None:
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
