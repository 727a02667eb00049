"""A world with known truth: organisations, people, and what they buy over a period."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate

from msgspec import Struct

from kudos.records import Channel
from simulation.accounts import Accounts, Kind, Telling
from simulation.afterwards import fates
from simulation.buying import (
    apart,
    channel,
    extras,
    lowered,
    numbered,
    shopping,
    tickets,
    with_fees,
)
from simulation.houses import HOUSES, House
from simulation.orders import Contact, Document, Fate, Feed, Line, Order
from simulation.people import People
from simulation.programme import Programme
from simulation.rhythm import days_between, sales_weight, times_of_day
from simulation.signs import Known
from simulation.systems import SYSTEMS
from simulation.vendors import VENDORS

#: About eighteen months: a season, and the one before to compare with.
PERIOD = timedelta(days=548)
#: The share of a house's orders that its second system sells.
_SECOND = 0.25


def people_for(orders: int) -> int:
    """Return how many people there are to place so many orders; phones have six digits."""
    return min(900_000, max(2_000, orders))


class Told(Struct, frozen=True):
    """One order and every document that tells of it, in the order they came about.

    Beside it is what the vendor tells of the customer, where that is new.
    """

    order: Order
    documents: tuple[Document, ...]
    contacts: tuple[Contact, ...] = ()


class World:
    """What happens in the *period* before *until*; the same for the same seed and arguments."""

    def __init__(
        self,
        seed: int,
        until: datetime,
        *,
        people: int = 20_000,
        kind: Kind = "dirty",
        period: timedelta = PERIOD,
        houses: Sequence[House] = HOUSES,
        first_number: int = 1000,
    ) -> None:
        self.seed, self.until, self.begins = seed, until.astimezone(UTC), until - period
        self.houses = tuple(houses)
        self.people = People(seed, people, self.begins.date(), self.until.date())
        self._accounts = Accounts(seed, self.people, kind)
        self._known = Known() if kind == "clean" else None
        #: What was told last of each customer of whom a vendor tells apart from sales.
        self._told: dict[tuple[str, int], Contact] = {}
        self._programmes = {
            h.id: Programme(h, seed, self.begins, self.until + timedelta(days=60)) for h in houses
        }
        self._numbers = {(h.id, vendor): first_number for h in houses for vendor in h.feeds}

    def season(self, count: int) -> Iterator[Told]:
        """Yield *count* orders in the order they were placed, each with what became of it."""
        chance = random.Random(f"{self.seed}/season")
        for day, orders in self._shared_out(count):
            houses = chance.choices(self.houses, self._weights(day), k=orders)
            for at, house in zip(times_of_day(day, orders, chance), houses, strict=True):
                yield self._placed(house, at.astimezone(UTC), chance)

    def live(self, chance: random.Random, at: datetime) -> Told:
        """Return an order that is placed now, of which nothing has become yet."""
        (house,) = chance.choices(self.houses, self._weights(at.date()))
        order, telling = self._order(house, at.replace(microsecond=0), chance)
        return self._of(order, telling, ())

    @cached_property
    def _days(self) -> list[date]:
        return days_between(self.begins, self.until)

    def _shared_out(self, count: int) -> Iterator[tuple[date, int]]:
        """Yield each day and its orders, by weight, so that they are *count* in all."""
        weights = [sum(self._weights(day)) for day in self._days]
        reached, total = 0, sum(weights)
        for day, so_far in zip(self._days, accumulate(weights), strict=True):
            upto = round(count * so_far / total)
            yield day, upto - reached
            reached = upto

    def _weights(self, day: date) -> list[float]:
        return [sales_weight(house, day) for house in self.houses]

    def _placed(self, house: House, at: datetime, chance: random.Random) -> Told:
        order, telling = self._order(house, min(at, self.until - timedelta(seconds=1)), chance)
        owner = telling.account if telling else None
        later = fates(order, self._programmes[house.id], owner, self.until, chance)
        return self._of(order, telling, later)

    def _of(self, order: Order, telling: Telling | None, later: Sequence[Fate]) -> Told:
        documents = tuple(VENDORS[order.vendor].documents(order, later))
        named = telling if order.account else None
        told = Told(order, documents, tuple(self._contacts(order, named) if named else ()))
        if self._known is not None:
            said = {document.account for document in documents}
            for account in (*said, *(contact.account for contact in told.contacts)):
                if account is not None:
                    self._known.note((order.house.id, order.vendor), account)
        return told

    def _contacts(self, order: Order, telling: Telling) -> Iterator[Contact]:
        """Yield what the vendor tells of the customer of *order*, if it has not told it before."""
        account, at = telling.page, order.sold_at
        key = (order.house.id, telling.account.person)
        before = self._told.get(key)
        if account is not None and (before is None or before.account != account):
            since = at if before is None else before.since
            self._told[key] = Contact(order.house.id, order.vendor, account, at, since)
            yield self._told[key]

    def _findable(self, feed: Feed, telling: Telling, at: datetime) -> Telling | None:
        """Return *telling* with what tells in a clean world who it is; None: it would not do."""
        known = self._known
        if known is None:
            return telling
        fuller = self._accounts.fuller(feed[1], telling, at)
        return next((one for one in fuller if known.fits(feed, one.page or one.account)), None)

    def _order(
        self, house: House, at: datetime, chance: random.Random
    ) -> tuple[Order, Telling | None]:
        """Return a new order, and what could be told of who placed it."""
        second = len(house.feeds) > 1 and chance.random() < _SECOND
        vendor = house.feeds[-1 if second else 0]
        self._numbers[house.id, vendor] += 1
        where = channel(house, vendor, chance)
        number = self.people.draw(chance)
        drawn = self._accounts.told((house, vendor), number, at, where, chance.random())
        telling = self._findable((house.id, vendor), drawn, at)
        shop = second and not SYSTEMS[vendor].tickets_alone
        lines = self._lines(house, vendor, at, chance, shop=shop)
        told = chance.random() >= _nameless(where)
        order = Order(
            house=house,
            vendor=vendor,
            number=self._numbers[house.id, vendor],
            account=telling.account if telling and told else None,
            channel=where,
            currency=_currency(house, chance),
            sold_at=at,
            lines=numbered(lines if second else with_fees(house, where, lines)),
        )
        return order, telling

    def _lines(
        self, house: House, vendor: str, at: datetime, chance: random.Random, *, shop: bool
    ) -> list[Line]:
        programme = self._programmes[house.id]
        sold = [] if shop else tickets(house, vendor, programme, at, chance)
        if SYSTEMS[vendor].extras and not shop:
            sold += extras(house, programme, at, chance)
        if sold or vendor == "homemade":
            return sold or shopping(chance)
        return lowered(vendor, apart(vendor, shopping(chance)), chance)


def _nameless(where: Channel) -> float:
    """Return how often a house is not told who buys."""
    return {"box_office": 0.55, "till": 0.8, "agent": 0.4}.get(where, 0.04)


def _currency(house: House, chance: random.Random) -> str:
    if house.guests_pay and chance.random() < 0.125:
        return house.guests_pay
    return house.currency
