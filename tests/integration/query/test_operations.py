"""What an operator is told of the data, from rows as the other services write them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.ledger import settled
from kudos.operations import Attribute, Coverage, Delivery, Letters, Operations, keep
from kudos.records import StoppedSource
from services.aggregate.operations import computed
from services.query import operations
from services.query.operations import Running
from tests.support.engine import database

pytestmark = pytest.mark.engine

TODAY = date(2026, 5, 20)
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
LONG_AGO = TODAY - timedelta(days=365)


def hours(n: int) -> datetime:
    """Return so many hours before noon."""
    return NOON - timedelta(hours=n)


def unit(
    number: int, state: str, at: datetime, death: tuple[str, str] = ("", ""), of: str = "huset"
) -> tuple[object, ...]:
    return (number, state, of, "tixly", at, death)


def letter(
    number: int, offset: int, reason: str, of: str = "huset", *, replayed: bool = False
) -> tuple[object, ...]:
    at, stage = hours(5), "" if replayed else "ingest"
    place = ("transactions.received", 0, offset)
    return (number, *place, replayed, stage, reason, of, "tixly", at)


def said(
    ref: int, attribute: str, value: str, source: str, basis: str = "declared"
) -> tuple[object, ...]:
    return (
        ref,
        attribute,
        basis,
        source,
        "naboen" if ref == 21 else "huset",
        value,
        1.0,
        "",
        "",
        "",
        hours(3),
        1,
        ref,
    )


@pytest.fixture(scope="module")
def client(engine: str) -> Iterator[Client]:
    with database(engine) as url, connect(url) as client:
        names = ["unit", "state", "organisation", "vendor", "received_at", "death"]
        enriched, received = "transactions.enriched", "transactions.received"
        units = [
            unit(1, "received", hours(9)),
            unit(2, "received", hours(8)),
            # died twice: the greater of topic and reason, and one unit all the same
            *(unit(2, "dead", hours(8), (topic, "x")) for topic in (enriched, received)),
            unit(3, "dead", hours(8), (received, "x")),
            # stands in the journal: dead once, and counted since
            unit(1, "dead", hours(9), (received, "x")),
            # a raw record that a replay has made transactions of
            unit(4, "dead", hours(7), (received, "unreadable")),
            unit(4, "replaced", hours(1)),
            unit(5, "dead", hours(6), (received, "unreadable"), "naboen"),
            unit(6, "dead", hours(6), ("", ""), "naboen"),
            # sent back, and not there yet
            unit(8, "received", hours(5), of="naboen"),
        ]
        for row in units:  # apart, as they come
            client.insert("ledger_units", [row], column_names=names)
        names = ["unit", "topic", "partition", "offset", "replayed", "stage", "reason"]
        names += ["organisation", "vendor", "received_at"]
        for row in [
            # died, was replayed, and died again of something else
            letter(9, 1, "invalid_field"),
            letter(9, 1, "", replayed=True),
            letter(9, 2, "too_deep"),
            # replayed: no sale after all, or on its way again
            letter(10, 3, "unreadable"),
            letter(10, 3, "", replayed=True),
            letter(8, 4, "unreadable", "naboen"),
            letter(8, 4, "", "naboen", replayed=True),
            # stands in the journal
            letter(1, 5, "unreadable"),
        ]:
            client.insert("letters", [row], column_names=names)
        versions: list[tuple[object, ...]] = [
            (1, 1, hours(9), "huset", "tixly", [TODAY], []),
            (1, 2, hours(2), "huset", "tixly", [TODAY], []),
            (7, 1, hours(4), "huset", "hoopla", [TODAY], []),
        ]
        client.insert("versions", versions)
        names = ["day", "organisation", "transaction_id", "revision", "customer_ref"]
        client.insert("sales", [(TODAY, "huset", 1, 2, 11)], column_names=names)
        days = [(n, "huset", TODAY) for n in (11, 12, 13, 14)]
        days += [(11, "huset", TODAY - timedelta(3)), (15, "huset", LONG_AGO)]
        client.insert("customer_days", [*days, (21, "naboen", TODAY)])
        evidence = [
            said(11, "gender", "female", "tixly"),
            said(11, "birth", "1980-01", "tixly"),
            said(12, "gender", "male", "tixly"),
            said(13, "gender", "male", "given_name", "inferred"),
            said(15, "gender", "male", "tixly"),  # a customer of long ago
            said(99, "gender", "male", "tixly"),  # a contact who never bought
            said(21, "segment", "Essence", "tagtool"),
            said(21, "segment", "Release", "tagtool"),
        ]
        for row in evidence:
            client.insert("evidence", [row])
        columns = ["scope_kind", "scope", "day", "generation", "tickets", "refunded_tickets"]
        columns += ["known_tickets", "known_refunded_tickets"]
        daily = [
            ("organisation", "huset", TODAY, 1, 90, 0, 90, 0),  # replaced by the next
            ("organisation", "huset", TODAY, 2, 10, 2, 5, 1),
            ("organisation", "huset", TODAY - timedelta(1), 1, 2, 0, 1, 0),
            ("organisation", "huset", LONG_AGO, 1, 50, 0, 0, 0),
            ("organisation", "naboen", TODAY, 1, 2, 2, 0, 0),  # nothing to divide by
            ("industry", "museum", TODAY, 1, 10, 0, 10, 0),
        ]
        for row in daily:
            client.insert("kpi_daily", [row], column_names=columns)
        client.insert("watermarks", [("facts", NOON, NOON), ("ledger", hours(1), NOON)])
        yield client


@pytest.fixture(scope="module")
def found(client: Client) -> Operations:
    stopped = (StoppedSource("huset", "tixly", hours(1), 201, "unreadable", "body"),)
    ledger = settled(client, patience_s=0)
    first = computed(client, TODAY, ledger, stopped, hours(1))
    keep(client, first)
    now = computed(client, TODAY, ledger, stopped, NOON)
    keep(client, now)
    # kept and read whole: the newest
    assert now == operations.read(client).found
    return now


def test_dead_letters_are_counted_once_and_not_what_stands_or_was_replaced(
    found: Operations,
) -> None:
    received = "transactions.received"
    assert {
        Letters("huset", "tixly", received, "x", 2, hours(8)),
        Letters("huset", "tixly", received, "too_deep", 1, hours(5)),
        Letters("naboen", "tixly", received, "unreadable", 1, hours(6)),
        Letters("naboen", "tixly", "", "", 1, hours(6)),
    } == set(found.letters)
    assert 2 == found.letters[0].many
    # as many as the ledger says are dead and were not sent back
    dead = sum(a.dead - a.sent_back for a in found.ledger.accounts)
    assert (5, 1) == (dead, sum(a.sent_back for a in found.ledger.accounts))
    assert dead == sum(one.many for one in found.letters)
    assert found.ledger.balances


def test_the_last_delivery_is_of_any_version_repeat_or_letter(found: Operations) -> None:
    assert {
        Delivery("huset", "tixly", hours(2)),
        Delivery("huset", "hoopla", hours(4)),
        Delivery("naboen", "tixly", hours(5)),
        Delivery("naboen", "tagtool", hours(3)),
    } == set(found.deliveries)


def test_coverage_is_of_a_years_net_tickets(found: Operations) -> None:
    assert (Coverage("huset", (5 - 1 + 1) / (10 - 2 + 2)),) == found.coverage


def test_attributes_are_shares_of_a_years_customers(found: Operations) -> None:
    assert (
        Attribute("huset", "tixly", "declared", "birth", 0.25),
        Attribute("huset", "tixly", "declared", "gender", 0.5),
        Attribute("huset", "given_name", "inferred", "gender", 0.25),
        Attribute("naboen", "tagtool", "declared", "segment", 1.0),
    ) == found.attributes


def test_watermarks_are_of_each_family(client: Client, found: Operations) -> None:
    assert {"facts": NOON, "ledger": hours(1)} == operations.read(client).families
    assert hours(1) == found.ledger.watermark


def test_of_nothing_there_is_nothing(engine: str) -> None:
    with database(engine) as url, connect(url) as client:
        assert Running({}, Operations()) == operations.read(client)
        empty = computed(client, TODAY, settled(client, patience_s=0), (), NOON)
    assert Operations(noted_at=NOON) == empty
    assert empty.ledger.balances
