"""Through its writer and its adapter every vendor's sale is again what it was, at each version."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from kudos.records import Consents, Customer, Line, Performance, Transaction
from kudos.register import Feed, Organisation
from services.identity.normalise import postal_code
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin, Sale
from simulation import orders as simulated
from simulation.houses import HOUSES, House
from simulation.orders import Document
from simulation.requests import body
from simulation.systems import SYSTEMS
from simulation.vendors import BY_THE_OPEN_STANDARD, VENDORS
from simulation.world import World

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
ORDERS = 500
#: What is tried of each: a house that offers what its system can sell.
THEATRE = next(house for house in HOUSES if house.id == "hovedstadens-scene")
MUSEUM = next(house for house in HOUSES if house.id == "folkemuseet-lia")
TILLS = frozenset({"trekksoft", "businesscentral", "duell", "pckasse", "datanova", "saft"})
#: Spelled otherwise, and tried by their figures in tests of ingest.
APART = frozenset({"homemade", "tixly", "hoopla"})
#: What a file says of itself, and not of the receipts in it.
FILES = frozenset({"saft"})
#: Who can tell neither a return nor a correction.
FINAL = frozenset({"ebillett"})


@cache
def house(vendor: str) -> House:
    known = MUSEUM if vendor in TILLS else THEATRE
    offers: Any = ("donations", "gift_cards") if vendor == "tessitura" else ()
    return structs.replace(known, feeds=(vendor,), offers=offers, sources=(), prices=(450, 195, 95))


def origin(vendor: str) -> Origin:
    known = house(vendor)
    organisation = Organisation(known.id, known.id, "annet", known.county, known.id, known.city)
    return Origin(organisation, Feed(vendor, items=SYSTEMS[vendor].items))


@cache
def documents(vendor: str) -> list[Document]:
    world = World(3, UNTIL, people=2_000, houses=[house(vendor)])
    return [document for told in world.season(ORDERS) for document in told.documents]


def through(vendor: str) -> Iterator[tuple[Document, Sale]]:
    """Yield each document, and what the adapter makes of it in a request with some others."""
    adapter, whose, told = ADAPTERS[vendor], origin(vendor), documents(vendor)
    begin = 0
    while begin < len(told):
        some = told[begin : begin + (1, 7, 30, 2)[begin % 4]]
        records = adapter.split(body(vendor, some, begin % 3)[1])
        assert len(some) == len(records)
        for document, record in zip(some, records, strict=True):
            assert document.transaction == adapter.number(record)
            (sale,) = adapter.parse(record, whose)
            assert isinstance(sale, Sale)
            yield document, sale
        begin += len(some)


def transaction(document: Document) -> Transaction:
    """Return *document* as ingest passes it on, its lines in an order of ours."""
    return Transaction(
        transaction=document.transaction,
        order=document.order,
        version=document.version,
        sold_at=document.sold_at,
        sold_is_date=document.sold_is_date,
        channel=document.channel,
        currency=document.currency,
        lines=in_order(line(one, document) for one in document.lines),
    )


def in_order(lines: Any) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda one: (one.line, one.kind)))


def line(sold: simulated.Line, document: Document) -> Line:
    names = Line.__struct_fields__
    said = {name: value for name, value in structs.asdict(sold).items() if name in names}
    played = sold.performance
    at = None if sold.undated else (sold.at or document.sold_at)
    is_date = document.sold_is_date and at is not None
    return Line(
        **said | {"performance": played and performance(played), "at": at, "at_is_date": is_date}
    )


def performance(played: Any) -> Performance:
    return Performance(
        performance=None if played.number is None else str(played.number),
        starts_at=played.starts_at,
        production=played.production or None,
        venue=played.venue or None,
        genre=played.genre or None,
    )


def customer(document: Document) -> Customer | None:
    """Return who it is said to be: nobody, where nothing is said of them."""
    system, account = SYSTEMS[document.vendor], document.account
    if account is None:
        return None
    told = [name for name in system.fields(()) if name != "country" or not system.no_country]
    found = Customer(**{name: getattr(account, name) for name in told}, consents=Consents())
    return None if found == Customer() else found


#: The systems that are known to be in use, and the file that every till writes.
IN_USE = {
    *("tixly", "ticketco", "eventim", "ticketmaster", "ebillett", "enjoyly", "duell", "hoopla"),
    *("businesscentral", "pckasse", "reztic", "trekksoft", "sro", "tikkio", "dx", "tessitura"),
    *("museumbillett", "billetten", "datanova", "homemade", "saft"),
}


def test_every_vendor_in_use_is_spoken_or_sends_the_open_standard() -> None:
    spoken = [*VENDORS, *BY_THE_OPEN_STANDARD]
    assert sorted(IN_USE) == sorted(spoken)
    assert set(spoken) <= set(ADAPTERS)
    assert SYSTEMS.keys() == VENDORS.keys()
    unknown = {id_ for id_ in BY_THE_OPEN_STANDARD if ADAPTERS[id_].label != "ASSUMED"}
    assert unknown == set()


def test_every_vendor_sells_for_some_organisation() -> None:
    assert {feed for one in HOUSES for feed in one.feeds} == VENDORS.keys()
    scripted = {one.system for one in HOUSES if "homemade" in one.feeds} - {None}
    assert scripted == set(BY_THE_OPEN_STANDARD)
    # a source carries the numbers of the first system's customers
    numbered = {id_ for id_, system in SYSTEMS.items() if "number" in system.fields(("number",))}
    assert {one.feeds[0] for one in HOUSES if one.sources} <= numbered | {"tixly"}


@pytest.mark.parametrize("vendor", sorted(VENDORS.keys() - APART))
def test_what_was_told_comes_out_again(vendor: str) -> None:
    found = 0
    for document, sale in through(vendor):
        sold = structs.replace(sale.transaction, lines=in_order(sale.transaction.lines))
        if vendor in FILES:
            assert sold.version is not None
            sold = structs.replace(sold, version=None)
        assert transaction(document) == sold
        assert customer(document) == sale.customer
        found += 1
    assert found >= ORDERS


@pytest.mark.parametrize("vendor", sorted(VENDORS.keys() - APART))
def test_what_can_change_does(vendor: str) -> None:
    told = documents(vendor)
    times = Counter(document.key for document in told)
    refunds = sum(one.kind == "refund" for document in told for one in document.lines)
    assert (refunds == 0) == (vendor in FINAL)
    if vendor not in FINAL:
        assert refunds > 10
    # a receipt of a till stands
    assert any(many > 1 for many in times.values()) == (vendor not in FINAL | FILES)
    assert any(document.account for document in told) == bool(SYSTEMS[vendor].tells)
    assert any(one.discount_minor for d in told for one in d.lines) == SYSTEMS[vendor].discounts


@pytest.mark.parametrize("vendor", [id_ for id_, system in SYSTEMS.items() if system.no_country])
def test_a_code_without_its_country_is_where_identity_has_it(vendor: str) -> None:
    accounts = [document.account for document in documents(vendor) if document.account]
    places = [(one.country, one.postal_code) for one in accounts if one.postal_code]
    assert 100 < len(places) < len(accounts)
    assert places == [postal_code(code, None) for _, code in places]
