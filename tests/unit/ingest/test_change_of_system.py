"""Who changes systems, or sells for a guest, counts nothing twice and keeps its customers.

Both as it goes in truth: by ingest, identity with its real rules, and aggregate.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kudos import avro
from kudos.records import Link
from kudos.register import Feed, Organisation
from kudos.stream import DeadLetters, Message
from kudos.topics import CLAIMS, LINKS, RECEIVED
from services.identity import active, step
from services.identity.resolve import Resolver
from services.identity.state import State
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Ignored, Origin
from services.ingest.receiving import Intake
from tests.support.origin import NOW
from tests.support.standing import KEYS, OPENER, PSEUDONYMISE, SEALER, TICK, counted, stood
from tests.support.turns import MemoryTopics

PROFILES = step.profiles(KEYS, OPENER, SEALER)
MOVED = date(2026, 3, 1)
HOUSE = Organisation("hus", "Hus", "annet", "03", "hus", "0301")
OLD, NEW = Feed("tixly", until=MOVED), Feed("homemade", begins=MOVED)


def delivered(whose: Origin, records: Iterable[Any], at: datetime = NOW) -> list[Message]:
    """Return what ingest makes of *records*, sales and customers' pages, one by one."""
    dead = DeadLetters("ingest", SEALER, lambda *_: None)
    intake = Intake(ADAPTERS[whose.feed.id], whose, SEALER, dead, "receipt")
    return [
        message
        for place, record in enumerate(records)
        for message in intake.take(msgspec.json.encode(record), at + place * TICK)
    ]


def row(number: int, order: int, customer: int, sold: str, count: int = 1) -> dict[str, Any]:
    """Return a sale's row as Tixly has it: 300 kroner a ticket."""
    return {
        "SaleTicketId": number,
        "EventId": 1,
        "OrderId": order,
        "CustomerId": customer,
        "TicketType": "Ordinær",
        "TicketCount": count,
        "Price": 300.0,
        "Fee": 0.0,
        "Online": True,
        "Created": sold,
    }


def page(number: int, given: str, family: str, email: str) -> dict[str, Any]:
    """Return a customer as Tixly's page has one."""
    return {
        "Id": number,
        "FirstName": given,
        "LastName": family,
        "Email": email,
        "Created": "2024-01-12T10:11:12",
    }


def order(number: str, sold: str, count: int, customer: Mapping[str, str]) -> dict[str, Any]:
    """Return an order as the new system has it: 300 kroner a ticket."""
    line = {"line": "1", "quantity": count, "unit_price": "300.00"}
    return {
        "transaction": number,
        "version": 1,
        "sold_at": sold,
        "customer": customer,
        "lines": [line],
    }


KARI = {"given_name": "Kari", "family_name": "Nordvik", "email": "kari@nordvik.no"}
SIRI = {"given_name": "Siri", "family_name": "Lund", "email": "siri@lund.no"}
#: The old system: three customers, four orders; the last two after the house had left it.
BEFORE = [
    page(1, given="Kari", family="Nordvik", email="kari@nordvik.no"),
    page(2, given="Siri", family="Lund", email="siri.gammel@lund.no"),
    page(3, given="Jon", family="Berg", email="jon@berg.no"),
    row(11, 101, 1, "2025-11-02T12:00:00", 2),
    row(12, 102, 2, "2026-01-15T12:00:00", 1),
    row(13, 103, 3, "2026-02-28T23:59:59", 3),
    row(14, 104, 1, "2026-03-01T00:00:00", 7),
]
#: The new one: the same three orders by other numbers, migrated, and three of its own.
AFTER = [
    order("M-101", "2025-11-02T12:00:00", 2, KARI | {"number": "901"}),
    order("M-102", "2026-01-15T12:00:00", 1, SIRI | {"number": "902"}),
    order("M-103", "2026-02-28T23:59:59", 3, {"number": "903", "email": "jon@berg.no"}),
    order("N-1", "2026-03-01T00:00:00", 2, KARI | {"number": "901"}),
    order("N-2", "2026-03-08T12:00:00", 1, SIRI | {"number": "902"}),
    order("N-3", "2026-03-09T12:00:00", 4, {"number": "904", "email": "per@vik.no"}),
]


def sales(messages: Iterable[Message]) -> list[Any]:
    """Return what stands of the sales among *messages*."""
    return stood(message for message in messages if message.topic == RECEIVED.name)


def persons(messages: Sequence[Message], folder: Path) -> dict[str, tuple[str, str]]:
    """Return the person and the own person of each ref, as the real resolver has them."""
    claims = [
        told
        for message in messages
        for told in (PSEUDONYMISE if message.topic == RECEIVED.name else PROFILES)(message)
        if told.topic == CLAIMS.name
    ]
    topics, state = MemoryTopics(claims), State(folder)
    try:
        resolver = Resolver(KEYS, OPENER, SEALER)
        active.run([topics.turn(100)], state, resolver, resolver.step)
    finally:
        state.close()
    links = [avro.decode(value or b"", Link) for value in topics.values(LINKS.name).values()]
    return {link.customer_ref: (link.person, link.own_person) for link in links}


def moved(old: Feed = OLD, new: Feed = NEW) -> list[Message]:
    """Return all that both systems bring, the new one's history too."""
    return [*delivered(Origin(HOUSE, old), BEFORE), *delivered(Origin(HOUSE, new), AFTER)]


def test_a_house_that_changes_systems_counts_nothing_twice() -> None:
    rows = sales(moved())
    days = "2025-11-02 2026-01-15 2026-02-28 2026-03-01 2026-03-08 2026-03-09"
    assert f"orders 6; 13-0 ticket; 390000 + 0 NOK; {days}" == counted(rows)
    by_vendor = {v: counted([r for r in rows if r[1].vendor == v]) for v in ("tixly", "homemade")}
    assert (
        "orders 3; 6-0 ticket; 180000 + 0 NOK; 2025-11-02 2026-01-15 2026-02-28"
        == (by_vendor["tixly"])
    )
    assert (
        "orders 3; 7-0 ticket; 210000 + 0 NOK; 2026-03-01 2026-03-08 2026-03-09"
        == (by_vendor["homemade"])
    )


def test_without_dates_in_the_register_it_would() -> None:
    twice = counted(sales(moved(Feed("tixly"), Feed("homemade"))))
    assert twice.startswith("orders 10; 26-0 ticket; 780000 + 0 NOK")


def test_the_history_may_come_again_before_or_after_and_changes_nothing() -> None:
    once = moved()
    assert sales(once) == sales([*reversed(once), *once])


def test_a_refund_in_the_new_system_of_what_the_old_one_sold_counts() -> None:
    credit = order("K-1", "2026-03-10T09:00:00", 1, KARI) | {"order": "M-101"}
    credit["lines"][0]["kind"] = "refund"
    rows = sales([*moved(), *delivered(Origin(HOUSE, NEW), [credit])])
    assert counted(rows).startswith("orders 6; 13-1 ticket; 360000 + 0 NOK")


def test_its_customers_stay_who_they_are(tmp_path: Path) -> None:
    messages = moved()
    links = persons(messages, tmp_path)
    kari, siri, jon = by_day(messages, links, "tixly")
    again, changed, per = by_day(messages, links, "homemade")
    # by her e-mail address, for the network and for the house's own alone
    assert kari == again
    # whose address is another, and who bears a common name, is two: never a guess
    assert siri != changed
    assert 5 == len({kari, siri, jon, changed, per})


def by_day(
    messages: Iterable[Message], links: Mapping[str, tuple[str, str]], vendor: str
) -> list[tuple[str, str]]:
    """Return whose the orders of *vendor* are, by day."""
    rows = [(day, head) for day, head, _ in sales(messages) if head.vendor == vendor]
    return [links[f"{head.customer_ref:032x}"] for _, head in sorted(rows)]


def test_who_is_told_only_by_number_is_joined_by_the_customers_page(tmp_path: Path) -> None:
    rows_only = [one for one in BEFORE if "SaleTicketId" in one]
    messages = [
        *delivered(Origin(HOUSE, OLD), rows_only),
        *delivered(Origin(HOUSE, NEW), AFTER),
    ]
    links = persons(messages, tmp_path)
    assert by_day(messages, links, "tixly")[0] != by_day(messages, links, "homemade")[0]


GUEST = Organisation("gjest", "Gjest", "annet", "03", "gjest", "0301")
HOST = msgspec.structs.replace(HOUSE, guests={"Gjestescenen": "gjest", "Gjestespill": "gjest"})


def at_both(production: str, venue: str) -> list[Any]:
    """Return an order of the host's: one ticket to its own play, two to another's."""
    own = {"production": "Måkene", "venue": "Storsalen"}
    theirs = {"production": production, "venue": venue}
    return [
        order("B-1", "2026-03-02T12:00:00", 1, KARI)
        | {
            "lines": [
                {"line": "1", "quantity": 1, "unit_price": "300.00", "performance": own},
                {"line": "2", "quantity": 2, "unit_price": "250.00", "performance": theirs},
            ]
        }
    ]


def by_guest() -> list[Any]:
    """Return the same two tickets, as the guest's own system has them."""
    ticket = {
        "transaction_datestamp": "2026-03-02T11:00:00+00:00",
        "item_type_title": "Ordinær",
        "item_type_type": "TicketType",
        "gross": 250.0,
        "order_id": 7,
        "buyer_email": "kari@nordvik.no",
        "status": "paid",
    }
    return [ticket | {"uuid": f"0000000{n}-3f6e-4f1c-9c55-0d1f9f4f7a01"} for n in (1, 2)]


def houses(messages: Iterable[Message]) -> dict[str, str]:
    """Return what each organisation's sales count as."""
    rows = sales(messages)
    return {
        id_: counted([row for row in rows if row[1].organisation == id_])
        for id_ in sorted({head.organisation for _, head, _ in rows})
    }


@pytest.mark.parametrize(
    ("production", "venue"), [("Brand", "Gjestescenen"), ("Gjestespill", "Storsalen")]
)
def test_a_sale_for_a_guest_counts_once_and_for_the_guest(production: str, venue: str) -> None:
    sold = at_both(production, venue)
    host, guest = Origin(HOST, NEW), Origin(GUEST, Feed("ticketco"))
    both = [*delivered(host, sold), *delivered(guest, by_guest())]
    expected = {
        "gjest": "orders 1; 2-0 ticket; 50000 + 0 NOK; 2026-03-02",
        "hus": "orders 1; 1-0 ticket; 30000 + 0 NOK; 2026-03-02",
    }
    assert expected == houses(both)
    assert expected == houses([*reversed(both), *both])
    # were the register silent, they would count twice
    silent = [*delivered(Origin(HOUSE, NEW), sold), *delivered(guest, by_guest())]
    assert "orders 1; 3-0 ticket; 80000 + 0 NOK; 2026-03-02" == houses(silent)["hus"]


def test_an_order_that_is_only_a_guests_is_none_of_the_hosts(tmp_path: Path) -> None:
    (sold,) = at_both("Brand", "Gjestescenen")
    sold["lines"] = sold["lines"][1:]
    record = msgspec.json.encode(sold)
    assert (Ignored("guest"),) == tuple(ADAPTERS["homemade"].parse(record, Origin(HOST, NEW)))
    messages = [
        *delivered(Origin(HOST, NEW), [sold]),
        *delivered(Origin(GUEST, Feed("ticketco")), by_guest()),
    ]
    assert ["gjest"] == list(houses(messages))
    # and the customer is the guest's alone
    assert 1 == len(persons(messages, tmp_path))


def test_a_customer_of_host_and_guest_is_one_in_the_network_and_two_at_home(tmp_path: Path) -> None:
    guest = Origin(GUEST, Feed("ticketco"))
    sold = at_both("Brand", "Gjestescenen")
    messages = [*delivered(Origin(HOST, NEW), sold), *delivered(guest, by_guest())]
    links = persons(messages, tmp_path)
    assert 2 == len(links)
    assert 1 == len({person for person, _ in links.values()})
    assert 2 == len({own for _, own in links.values()})
