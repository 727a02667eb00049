"""Customers of a small world: their links and evidence as identity sends them, and who was where.

What follows is worked out here in plain Python from ``kpis.md``, with no code of the product but
the definition of age.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from kudos.records import EnrichedTransaction, Evidence, Link, Performance, Place
from kudos.register import OSLO
from services.enrich.age import age_band
from tests.support.sales import MOMENTS, deliveries, hex_id, standing

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


class Read(NamedTuple):
    """What stands at an offset of a partition."""

    record: Link | Evidence
    offset: int


class World:
    """What became of some customers: sales in any order, and logs of links and of evidence."""

    def __init__(self, chance: Random, world: int, refs: int = 6, steps: int = 4) -> None:
        self.chance = chance
        self.houses = [f"house-{world}-{n}" for n in range(HOUSES)]
        self.refs = {hex_id("customer", world, n): self.houses[n % HOUSES] for n in range(refs)}
        self.links: list[Link] = []
        self.evidence: list[Evidence] = []
        for _ in range(steps):
            self._resolve()
            self._state()
        sold = [self._sold(one) for one in deliveries(chance, world, transactions=6, versions=2)]
        self.sold: list[EnrichedTransaction] = sold

    def _sold(self, one: EnrichedTransaction) -> EnrichedTransaction:
        """Return a version with a customer of ours; its content follows from its revision."""
        sold = one.transaction
        chance = Random(sold.transaction_id + sold.revision)
        house = chance.choice(self.houses) if sold.version_is_ours else sold.organisation
        return one
