"""A random network: who sold what to whom, as records of the product and as rows of a truth.

Houses are of like sizes, so that groups of them can be published; orders are mixed, refunded,
anonymous, in another currency, or of a bare date; some venues are in another municipality.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from kudos.records import (
    EnrichedTransaction,
    Evidence,
    Line,
    Link,
    Performance,
    Place,
    PseudonymousTransaction,
)

OSLO = ZoneInfo("Europe/Oslo")
#: Two months, quarters and years, one season; the turn of the year, in one ISO week.
DAYS = [date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 16)]
#: By postal code: county, municipality, centrality.
PLACES = {
    "0155": ("03", "0301", "1"),
    "5003": ("46", "4601", "2"),
    "5200": ("46", "4612", "4"),
    "7011": ("50", "5001", "2"),
}
CLASSES = {"Ordinær": "full", "Barn": "child", "Honnør": "senior"}
GENRES = {"Skuespill": "theatre", "Konsert": "classical"}
_TYPES = (*CLASSES, "Ansatt", None)
_GENRES = ("Skuespill", "Konsert", "opera", "Foredrag", None)  # opera is a shared word itself
_SHARED = {**GENRES, "opera": "opera"}
_BORN = ("1948-06", "1975-01", "1975-02", "1988-12", "2001-01")  # one has a birthday on the way
_VENUES = ("Storsalen", "Storsalen", "Kirken", None)
_CHANNELS = ("web", "web", "box_office", "phone", "agent")
_ITEMS = (*("ticket",) * 9, "season_pass", "season_pass_use", "gift_card", "donation", "food")
_PRICES = (0, 9_900, 15_000, 25_000, 42_000, 61_500, 80_000)
_AT = datetime(2026, 1, 1, tzinfo=UTC)


class House(NamedTuple):
    """One institution."""

    id: str
    industry: str
    city: str
    owner: str
    elsewhere: str | None  # the municipality of its venue Kirken


class Person(NamedTuple):
    """Somebody, and what is known of them; None: nothing."""

    number: int
    gender: str | None
    birth: str | None
    home: str | None  # a postal code
    segment: str | None


def houses() -> list[House]:
    """Return the houses: two industries in two regions, some on tour, one owner of two."""
    cities, industries = ("4601", "0301"), ("scenekunst", "museum")
    return [
        House(
            *(f"hus-{n:02d}", industries[n // 2 % 2], cities[n % 2], f"eier-{max(n, 1)}"),
            "4612" if n % 5 == 0 else None,
        )
        for n in range(24)
    ]


class Network:
    """What was sold: records for the product, and rows for who counts another way."""

    def __init__(self, seed: int, people: int = 500, orders: int = 4_000) -> None:
        self._chance = Random(seed)
        self.houses = houses()
        self.people = [self._person(n) for n in range(people)]
        self.links: list[Link] = []
        self.evidence: list[Evidence] = []
        self.sold: list[EnrichedTransaction] = []
        self.rows: list[dict[str, Any]] = []
        self._known: dict[str, str] = {}
        for number in range(orders):
            self._order(number)

    def lines(self) -> pl.DataFrame:
        """Return a row for each line that was sold or refunded."""
        return pl.DataFrame(self.rows, infer_schema_length=None)

    def _person(self, number: int) -> Person:
        choose = self._chance.choice
        return Person(
            number,
            choose(("female", "female", "male", None)),
            choose((None, *_BORN)),
            choose((None, *PLACES)),
            choose((None, None, "Essence", "Expression", "Release")),
        )

    def _ref(self, person: Person, house: House) -> str:
        """Return a customer's reference at a house; a few have two, and the first tells."""
        ref = _hex("ref", person.number, house.id, self._chance.random() < 0.1)
        if ref not in self._known:
            self._known[ref] = house.id
            one = f"{person.number + 1:016x}"
            self.links.append(Link(house.id, ref, one, _hex("own", one, house.id)[:16], None, None))
            said = {"gender": person.gender, "birth": person.birth, "segment": person.segment}
            said["postal_code"] = f"NO-{person.home}" if person.home else None
            self._state(ref, house, {name: value for name, value in said.items() if value})
        return ref

    def _state(self, ref: str, house: House, said: Mapping[str, str]) -> None:
        for attribute, value in said.items():
            told = [("declared", value)]
            if attribute == "gender" and self._chance.random() < 0.2:
                told.append(("inferred", "male" if value == "female" else "female"))
            for basis, what in told:
                self.evidence.append(
                    Evidence(
                        customer_ref=ref,
                        organisation=house.id,
                        attribute=attribute,  # type: ignore[arg-type]  # the words above
                        value=what,
                        source="order",
                        basis=basis,  # type: ignore[arg-type]  # as above
                        confidence=1.0,
                        observed_at=_AT,
                    )
                )

    def _order(self, number: int) -> None:
        chance = self._chance
        house = chance.choice(self.houses)
        buyer = None if chance.random() < 0.15 else chance.choice(self.people)
        ref = buyer and self._ref(buyer, house)
        own = chance.choice((None, None, *PLACES))
        sale = {
            "house": house,
            "buyer": buyer,
            "ref": ref,
            "order": number,
            "channel": chance.choice(_CHANNELS),
            "currency": chance.choice((*("NOK",) * 14, "SEK")),
            "place": PLACES[own] if own else None,
            "dated": chance.random() < 0.1,  # its system tells days, not hours
        }
        day = chance.choice(DAYS)
        lines = [self._line() for _ in range(chance.choice((1, 1, 2, 3)))]
        self._transaction(sale, "sale", day, lines)
        if chance.random() < 0.12:
            later = chance.choice([d for d in DAYS if d >= day])
            self._transaction(sale, "refund", later, lines[:1])

    def _line(self) -> dict[str, Any]:
        chance = self._chance
        quantity, price = chance.choice((1, 2, 2, 3, 4)), chance.choice(_PRICES)
        return {
            "item": chance.choice(_ITEMS),
            "quantity": quantity,
            "amount": quantity * price,
            "discount": chance.choice((0, 0, 0, quantity * price // 4)),
            "fee": chance.choice((0, 0, 1_500)),
            "ticket_type": chance.choice(_TYPES),
            "venue": chance.choice(_VENUES),
            "genre": chance.choice(_GENRES),
            "ahead": chance.choice((None, 0, 1, 5, 20, 60, 120)),
        }

    def _transaction(
        self, sale: Mapping[str, Any], kind: str, day: date, lines: Sequence[Mapping[str, Any]]
    ) -> None:
        hour = 0 if sale["dated"] else self._chance.choice((0, 9, 12, 19, 23))
        at = datetime.combine(day, time(hour), OSLO).astimezone(UTC)
        name = (sale["order"], kind)
        house, ref, place = sale["house"], sale["ref"], sale["place"]
        told = [
            _told(one, sale, {"kind": kind, "at": at, "name": (*name, n)})
            for n, one in enumerate(lines)
        ]
        self.rows += [row for row, _ in told]
        sold = PseudonymousTransaction(
            organisation=house.id,
            vendor="homemade",
            transaction_id=_hex("transaction", *name),
            order_id=_hex("order", sale["order"]),
            revision=f"{1 << 64:032x}",
            received_at=at,
            sold_at=at,
            sold_is_date=sale["dated"],
            channel=sale["channel"],
            currency=sale["currency"],
            customer_ref=ref,
            record_ref=ref,
            birth=None,
            postal_code=None,
            country=None,
            lines=tuple(line for _, line in told),
        )
        self.sold.append(EnrichedTransaction(sold, "unknown", Place(*(place or ()))))


def _told(
    one: Mapping[str, Any], sale: Mapping[str, Any], of: Mapping[str, Any]
) -> tuple[dict[str, Any], Line]:
    """Return a line as a row of the truth, and as the product's record."""
    house, buyer, at = sale["house"], sale["buyer"], of["at"]
    day = at.astimezone(OSLO).date()
    ahead = one["ahead"]
    starts = None
    if ahead is not None:
        starts = datetime.combine(day + timedelta(days=ahead), time(19), OSLO).astimezone(UTC)
    home = PLACES.get(buyer.home or "") if buyer else None
    _, municipality, centrality = sale["place"] or home or (None, None, None)
    elsewhere = house.elsewhere if one["venue"] == "Kirken" else None
    row = {
        "organisation": house.id,
        "industry": house.industry,
        "city": elsewhere or house.city,
        "bought": sale["order"],
        "person": buyer and buyer.number,
        "record": sale["ref"],
        "kind": of["kind"],
        "item": one["item"],
        "quantity": one["quantity"],
        "price": one["amount"] - one["discount"],
        "fee_minor": one["fee"],
        "currency": sale["currency"],
        "channel": sale["channel"],
        "day": day,
        "weekday": day.isoweekday(),
        "hour": at.astimezone(OSLO).hour,
        "at_is_date": sale["dated"],
        "undated": False,
        "played": None if ahead is None else day + timedelta(days=ahead),
        "ticket_class": CLASSES.get(one["ticket_type"] or ""),
        "genre": one["genre"],
        "shared_genre": _SHARED.get(one["genre"] or ""),
        "gender": buyer and buyer.gender,
        "birth": buyer and buyer.birth,
        "segment": buyer and buyer.segment,
        "place": {"municipality": municipality, "centrality": centrality},
    }
    line = Line(
        line=_hex("line", *of["name"]),
        kind=of["kind"],
        item=one["item"],
        quantity=one["quantity"],
        amount_minor=one["amount"],
        discount_minor=one["discount"],
        fee_minor=one["fee"],
        at=at,
        at_is_date=sale["dated"],
        ticket_type=one["ticket_type"],
        performance=Performance(
            venue=one["venue"], genre=one["genre"], starts_at=starts, starts_is_date=False
        ),
    )
    return row, line


def _hex(*parts: object) -> str:
    return f"{Random(repr(parts)).getrandbits(128):032x}"
