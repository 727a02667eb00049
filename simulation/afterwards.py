"""What becomes of orders: returns, exchanges and corrections, drawn by chance."""

import random
from datetime import datetime, timedelta

from simulation.accounts import Account
from simulation.orders import Fate, Order
from simulation.programme import Programme

#: Corrections, and how often; only a vendor that marks versions can tell most of them.
_HOWS = ("quantity", "drop", "line_day", "order_day", "retype", "empty", "claim")
_OFTEN = (20, 18, 18, 16, 16, 5, 14)


def fates(
    order: Order,
    programme: Programme,
    owner: Account | None,
    until: datetime,
    chance: random.Random,
) -> list[Fate]:
    """Return what becomes of *order* before *until*, in order; mostly nothing.

    *owner* is who claims an order that was placed by nobody known.
    """
    found = []
    luck = chance.random()
    if luck < 0.055:
        found.append(_refund(order, chance))
        if luck < 0.012:
            found.append(_refund(order, chance))
    elif luck < 0.075:
        found += _exchange(order, programme, chance)
    elif luck < 0.165:
        found.append(_correction(order, owner, chance))
        if luck < 0.09:
            found.append(_refund(order, chance))
    return sorted((f for f in found if f.at < until), key=lambda fate: fate.at)


def _later(order: Order, chance: random.Random) -> datetime:
    """Return a moment after the purchase, whole seconds; most things happen within weeks."""
    return order.sold_at + timedelta(seconds=int(60 + chance.expovariate(1 / (9 * 86_400))))


def _refund(order: Order, chance: random.Random) -> Fate:
    sold = {line.line: line.quantity for line in order.lines if line.item != "season_pass_use"}
    if chance.random() < 0.5 and sold:
        name = chance.choice(list(sold))
        sold = {name: chance.randint(1, sold[name])}
    return Fate(_later(order, chance), "refund", pieces=sold, apart=chance.random() < 0.4)


def _exchange(order: Order, programme: Programme, chance: random.Random) -> list[Fate]:
    tickets = [line for line in order.lines if line.item == "ticket" and line.performance]
    at = _later(order, chance)
    performance = programme.draw(at, chance.uniform(1, 60), chance)
    if not tickets or performance is None or performance.starts_at is None:
        return []
    line = chance.choice(tickets)
    return [Fate(at, "exchange", pieces={line.line: line.quantity}, performance=performance)]


def _correction(order: Order, owner: Account | None, chance: random.Random) -> Fate:
    how = chance.choices(_HOWS, _OFTEN)[0]
    line = chance.choice(order.lines)
    return Fate(
        _later(order, chance),
        "correct",
        how,
        pieces={line.line: chance.randint(1, line.quantity + 1)},
        account=owner,
        days=chance.choice((-40, -7, -2, -1)),
    )
