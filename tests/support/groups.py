"""What groups' days and breakdowns must say of sales, in plain Python from ``kpis.md``."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple, get_args

from msgspec.structs import replace

from kudos.records import EnrichedTransaction, Line, Performance, PseudonymousTransaction
from kudos.register import Genre, Organisation
from services.enrich.age import age_band
from tests.support import persons
from tests.support.sales import OSLO, hex_id, standing, sums_of

Figures = dict[tuple[str, str, date], dict[str, Any]]
_GENRES = (None, "Skuespill", "opera", "Foredrag")
_TYPES = (None, "Ordinær", "Barn")


class Sold(NamedTuple):
    """A line that stands, whose it is and what is known of them."""

    sale: PseudonymousTransaction
    line: Line
    day: date
    person: str | None
    profile: Mapping[str, str]
    place: tuple[str, str, str]


def shown(one: EnrichedTransaction) -> EnrichedTransaction:
    """Return a version whose lines are for performances of some genre, sooner or later.

    Orders have lines on several days, and several transactions of one house.
    """
    sold, lines = one.transaction, []
    for x in sold.lines:
        chance = Random(x.line + sold.revision)
        venue = x.performance.venue if x.performance else None
        starts = datetime(2026, 5, 17, 18, tzinfo=UTC) + timedelta(days=chance.randrange(60))
        show = Performance(
            venue=venue,
            genre=chance.choice(_GENRES),
            starts_at=chance.choice((None, starts)),
            starts_is_date=False,
        )
        kind = chance.choice(_TYPES)
        lines.append(replace(x, performance=show, ticket_type=kind))
    order = hex_id("order", sold.organisation, Random(sold.transaction_id).randrange(4))
    return replace(one, transaction=replace(sold, lines=tuple(lines), order_id=order))


def lines_of(worlds: Iterable[persons.World]) -> list[Sold]:
    """Return every line that stands."""
    found = []
    for world in worlds:
        linked = persons.persons(world.links)
        known = persons.profiles(world.evidence, linked)
        own = {(x.transaction.transaction_id, x.transaction.revision): x.place for x in world.sold}
        for sale, lines in standing(world.sold):
            ref = sale.customer_ref
            person = ref and linked.get(ref, (ref[:16], ""))[0]
            profile = known.get(person or "", {})
            place = own[sale.transaction_id, sale.revision]
            if not place.county:
                place = persons.home(profile.get("postal_code", ""))
            where = (place.county or "", place.municipality or "", place.centrality or "")
            for x in lines:
                assert x.at is not None
                day = x.at.astimezone(OSLO).date()
                found.append(Sold(sale, x, day, person, profile, where))
    return found


def sums(held: list[Sold]) -> dict[str, Any]:
    """Return what lines come to, persons too."""
    found = sums_of([(one.sale, one.line) for one in held])
    buyers = {one.person for one in held if one.line.kind == "sale" and one.person}
    return found | {"customers": len(buyers)}


def groups(lines: Iterable[Sold], houses: Mapping[str, Organisation]) -> Figures:
    """Return what ``kpi_daily`` must say of groups."""
    found: defaultdict[tuple[str, str, date], list[Sold]] = defaultdict(list)
    for one in lines:
        house = houses.get(one.sale.organisation)
        if house is None:
            continue
        venue = one.line.performance.venue if one.line.performance else None
        city = house.venues.get(venue or "", house.city)
        found["network", "", one.day].append(one)
        found["industry", house.industry, one.day].append(one)
        found["region", city[:2], one.day].append(one)
        found["city", city, one.day].append(one)
        found["industry-region", f"{house.industry}/{city[:2]}", one.day].append(one)
    return {scope: sums(held) for scope, held in found.items()}


def breakdowns(lines: list[Sold], houses: Mapping[str, Organisation]) -> dict[Any, dict[str, Any]]:
    """Return what ``kpi_daily_by`` must say, by organisation, breakdown, day and value."""
    parties: defaultdict[str, int] = defaultdict(int)
    for one in lines:
        if one.line.kind == "sale" and one.line.item == "ticket":
            parties[one.sale.order_id] += one.line.quantity
    found: defaultdict[Any, list[Sold]] = defaultdict(list)
    for one in lines:
        for name, value in _falls(one, parties[one.sale.order_id], houses):
            found[one.sale.organisation, name, one.day, value].append(one)
    return {key: sums(held) for key, held in found.items()}


def _falls(one: Sold, party: int, houses: Mapping[str, Organisation]) -> Iterator[tuple[str, str]]:
    x, house, show = one.line, houses.get(one.sale.organisation), one.line.performance
    noon = datetime.combine(one.day, time(12), OSLO)
    yield "age_band", age_band(one.profile.get("birth"), noon)
    yield "gender", one.profile.get("gender", "unknown")
    yield "segment", one.profile.get("segment", "unknown")
    for name, value in zip(("county", "municipality", "centrality"), one.place, strict=True):
        yield name, value or "unknown"
    classes = house.ticket_classes if house else {}
    yield "ticket_class", classes.get(x.ticket_type or "", "other")
    genre = show.genre if show else None
    mapped = (house.genres if house else {}).get(genre or "")
    shared = genre if genre in get_args(Genre) else "other"
    yield "genre", mapped or (shared if genre else "unknown") or ""
    yield "channel", one.sale.channel
    kroner = (x.amount_minor - x.discount_minor) / x.quantity / 100
    yield "price_band", _band(kroner) if kroner else "0"
    if show is None or show.starts_at is None:
        yield "lead_time", "unknown"
    else:
        yield "lead_time", _lead((show.starts_at.astimezone(OSLO).date() - one.day).days)
    if not x.at_is_date:
        assert x.at is not None
        at = x.at.astimezone(OSLO)
        yield "weekday_hour", f"{at.isoweekday()}-{at.hour}"
    if party:
        yield "party_size", _party(party)


def _band(kroner: float) -> str:
    bands = {100: "1-99", 200: "100-199", 350: "200-349", 500: "350-499", 750: "500-749"}
    return next((name for bound, name in bands.items() if kroner < bound), "750+")


def _lead(days: int) -> str:
    bands = {0: "0", 2: "1-2", 7: "3-7", 30: "8-30", 90: "31-90"}
    return next((name for most, name in bands.items() if days <= most), "91+")


def _party(tickets: int) -> str:
    bands = {1: "1", 2: "2", 4: "3-4", 9: "5-9"}
    return next((name for most, name in bands.items() if tickets <= most), "10+")
