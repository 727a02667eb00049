"""Customers of a small world: their links and evidence as identity sends them, and who was where.

What follows is worked out here in plain Python from ``kpis.md``, with no code of the product but
the definition of age.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos.records import EnrichedTransaction, Evidence, Link, Performance, Place
from kudos.register import OSLO
from services.enrich.age import age_band
from tests.support.sales import deliveries, hex_id, standing

RANKS = {"inferred": 1, "register": 2, "declared": 3}
#: What is known of postal codes; "NO-9999" is not.
PLACES = {"0155": Place("03", "0301", "1"), "5003": Place("46", "4601", "2")}
NOWHERE = Place()
#: Of a house: where it is, and which of its venues are elsewhere. The last house is not known.
CITIES = {0: ("0301", {"Kirken": "4601", "Teltet": "5001"}), 1: ("5001", {})}
_VENUES = (None, "Storsalen", "Kirken", "Teltet")
_VALUES: Mapping[Any, Sequence[str]] = {
    "gender": ("female", "male", "other"),
    "birth": ("1980-05", "1980-06", "1951-01", "2010", "1890"),
    "postal_code": ("NO-0155", "NO-5003", "NO-9999", "SE-11122"),
    "segment": ("Essence", "Release", "Stimulation"),
}
_AT = datetime(2026, 1, 1, tzinfo=UTC)
HOUSES = 3
Cell = tuple[str, date]
#: Person, own person, city, age band, gender, county, municipality, centrality, segment.
Visitor = tuple[int, int, str, str, str, str, str, str, str]


class World:
    """Some customers: sales in any order, and links and evidence in the order of each partition."""

    def __init__(self, chance: Random, world: int, refs: int = 6, steps: int = 4) -> None:
        self._chance = chance
        self.houses = [f"house-{world}-{n}" for n in range(HOUSES)]
        names = [hex_id("customer", world, n) for n in range(refs)]
        self.refs = {name: self.houses[n % HOUSES] for n, name in enumerate(names)}
        #: Known to a source, and never a customer of any sale.
        self._strangers = names[HOUSES : HOUSES + 2]
        self.links: list[Link] = []
        self.evidence: list[Evidence] = []
        self._now: dict[str, Link] = {}
        for _ in range(steps):
            self._resolve()
            self._state(chance.randrange(8))
        received = deliveries(chance, world, transactions=8, versions=2)
        self.sold = [self._sold(one) for one in received]

    def _resolve(self) -> None:
        """Join and part customers anyhow; who is new or elsewhere than before gets a link."""
        chance = self._chance
        known = [ref for ref in self.refs if ref in self._now or chance.random() < 0.5]
        cluster = {ref: chance.randrange(len(self.refs)) for ref in known}
        own = {ref: (self.refs[ref], cluster[ref], chance.random() < 0.8) for ref in known}
        links = []
        for ref in known:
            person = min(r for r in known if cluster[r] == cluster[ref])[:16]
            own_person = min(r for r in known if own[r] == own[ref])[:16]
            before = self._now.get(ref)
            was = (before.person, before.own_person) if before else (None, None)
            if was != (person, own_person):
                links.append(Link(self.refs[ref], ref, person, own_person, *was))
        chance.shuffle(links)
        self._now |= {link.customer_ref: link for link in links}
        self.links += links

    def _state(self, many: int) -> None:
        """Let sources say things: the same again, something else, late, and twice."""
        chance = self._chance
        for _ in range(many):
            attribute = chance.choice(list(_VALUES))
            basis = chance.choice(list(RANKS))
            ref = chance.choice(list(self.refs))
            said = Evidence(
                customer_ref=ref,
                organisation=self.refs[ref],
                attribute=attribute,
                value=chance.choice(_VALUES[attribute]),
                source=f"{basis}-{chance.randrange(2)}",
                basis=basis,  # type: ignore[arg-type]  # the words above
                confidence=chance.choice((0.5, 1.0)),
                observed_at=_AT + timedelta(days=chance.randrange(6)),
            )
            self.evidence.append(said)
            if chance.random() < 0.3:
                later = said.observed_at + timedelta(days=1)
                self.evidence.append(chance.choice((said, replace(said, observed_at=later))))

    def _sold(self, one: EnrichedTransaction) -> EnrichedTransaction:
        """Return a version with one of our customers; content follows from its revision."""
        sold = one.transaction
        house = Random(sold.transaction_id).choice(self.houses)
        chance = Random(sold.transaction_id + sold.revision)
        ours = [ref for ref, of in self.refs.items() if of == house and ref not in self._strangers]
        lines = tuple(
            replace(x, performance=Performance(venue=chance.choice(_VENUES))) for x in sold.lines
        )
        ref = sold.customer_ref and chance.choice(ours)
        place = chance.choice((NOWHERE, NOWHERE, *PLACES.values()))
        return EnrichedTransaction(
            replace(sold, organisation=house, customer_ref=ref, lines=lines),
            one.age_band,
            place if ref else NOWHERE,
        )


def persons(links: Iterable[Link]) -> dict[str, tuple[str, str]]:
    """Return the person and own person of each linked ref: what was said last."""
    return {link.customer_ref: (link.person, link.own_person) for link in links}


def profiles(
    evidence: Iterable[Evidence], linked: Mapping[str, tuple[str, str]]
) -> dict[str, dict[str, str]]:
    """Return what wins of each person, by attribute."""
    said: defaultdict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for one in evidence:
        person = linked.get(one.customer_ref, (one.customer_ref[:16],))[0]
        standing_ = (RANKS[one.basis], one.observed_at, one.confidence, one.value)
        said[person, one.attribute].append(standing_)
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for (person, attribute), statements in said.items():
        found[person][attribute] = max(statements)[-1]
    return found


def visits(
    sold: Sequence[EnrichedTransaction], links: Iterable[Link], evidence: Iterable[Evidence]
) -> dict[Cell, set[Visitor]]:
    """Return what ``visits`` must say, of every cell in which there is somebody."""
    linked = persons(links)
    known = profiles(evidence, linked)
    place_of = {(x.transaction.transaction_id, x.transaction.revision): x.place for x in sold}
    found: defaultdict[Cell, set[Visitor]] = defaultdict(set)
    for one, lines in standing(sold):
        for x in lines:
            if x.kind != "sale" or one.customer_ref is None:
                continue
            assert x.at is not None
            day = x.at.astimezone(OSLO).date()
            ref = one.customer_ref
            person, own = linked.get(ref, (ref[:16], ref[:16]))
            profile = known.get(person, {})
            order = place_of[one.transaction_id, one.revision]
            place = order if order.county else home(profile.get("postal_code", ""))
            noon = datetime.combine(day, time(12), OSLO)
            found[one.organisation, day].add(
                (
                    int(person, 16),
                    int(own, 16),
                    city(one.organisation, x.performance.venue if x.performance else None),
                    age_band(profile.get("birth"), noon),
                    profile.get("gender", "unknown"),
                    place.county or "",
                    place.municipality or "",
                    place.centrality or "",
                    profile.get("segment", "unknown"),
                )
            )
    return dict(found)


def city(house: str, venue: str | None) -> str:
    """Return the municipality that a line of *house* counts in."""
    own, elsewhere = CITIES.get(int(house.rpartition("-")[2]), ("", {}))
    return elsewhere.get(venue or "", own)


def home(value: str) -> Place:
    """Return the place of a postal code, as evidence has it."""
    country, _, code = value.partition("-")
    return PLACES.get(code, NOWHERE) if country == "NO" else NOWHERE


def register(client: Client, houses: Iterable[str]) -> None:
    """Write *houses* into ``organisations``, but for the last of each world."""
    names = ["organisation", "city", "venues", "version"]
    known = [(house, int(house.rpartition("-")[2])) for house in houses]
    rows = [(house, *CITIES[number], 1) for house, number in known if number in CITIES]
    client.insert("organisations", rows, column_names=names)


def stored(client: Client, houses: Sequence[str]) -> dict[Cell, set[Visitor]]:
    """Return what ``visits`` says, but for cells in which there is nobody."""
    rows = client.query(
        "SELECT organisation, day, arrayZip(customer.person, customer.own_person, customer.city, "
        "customer.age_band, customer.gender, customer.county, customer.municipality, "
        "customer.centrality, customer.segment) FROM visits FINAL "
        "WHERE organisation IN {houses:Array(String)}",
        parameters={"houses": list(houses)},
    ).result_rows
    found = {}
    for organisation, day, visitors in rows:
        assert len(visitors) == len(set(visitors))
        if visitors:
            found[organisation, day] = set(visitors)
    return found
