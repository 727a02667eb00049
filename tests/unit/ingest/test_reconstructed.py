"""Payloads that were composed beside the project go in as what stands in them."""

from typing import NamedTuple

import pytest

from kudos.records import Customer, Transaction
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Person, Sale
from tests.support.origin import origin
from tests.support.shared import beside


def sold(vendor: str, file: str) -> tuple[Transaction, Customer | None]:
    """Return the one sale that a file of *vendor* holds."""
    adapter = ADAPTERS[vendor]
    (record,) = adapter.split(beside(f"vendors/reconstructed/{vendor}/{file}").read_bytes())
    (sale,) = adapter.parse(record, origin(vendor))
    assert isinstance(sale, Sale)
    assert sale.transaction.transaction == adapter.number(record)
    return sale.transaction, sale.customer


class File(NamedTuple):
    """A file, and what stands in it."""

    name: str
    number: str
    sold_at: str
    lines: list[tuple[str, int, int, int]]  # kind, pieces, øre, fee
    postal_code: str | None = "0155"
    email: str | None = "ola.nordmann@example.com"
    currency: str = "NOK"


NOON = "2026-09-03T10:04:11+00:00"
FILES = {
    "enjoyly": File(
        "booking_confirmed.json",
        "ENJ4F2K9",
        "2026-06-14T07:20:31+00:00",
        [("sale", 2, 125_000, 0)],
        "5003",
    ),
    "reztic": File("order.json", "RZ-20260903-0187", NOON, [("sale", 2, 38_000, 0)]),
    "sro": File(
        "transaction.json",
        "7711023",
        NOON,
        [("sale", 1, 49_500, 0), ("refund", 1, 49_500, 0), ("sale", 1, 49_500, 10_000)],
    ),
    "tikkio": File("order.json", "TK-441207", NOON, [("sale", 1, 25_000, 1500)], None),
    "museumbillett": File(
        "order.json", "MB-118820", NOON, [("sale", 2, 30_000, 0), ("sale", 1, 0, 0)]
    ),
    "billetten": File(
        "order.json",
        "BLT-5512034",
        NOON,
        [("sale", 2, 49_000, 2000)],
        "8000",
        "mette@example.com",
        "DKK",
    ),
    "duell": File(
        "orders.json",
        "W-2026-1187",
        "2026-09-02T22:00:00+00:00",
        [("sale", 2, 30_000, 0)],
        email=None,
    ),
}


@pytest.mark.parametrize("vendor", FILES)
def test_an_order_goes_in(vendor: str) -> None:
    file = FILES[vendor]
    transaction, customer = sold(vendor, file.name)
    assert (file.number, file.sold_at, file.currency) == (
        transaction.transaction,
        transaction.sold_at.isoformat(),
        transaction.currency,
    )
    assert file.lines == [
        (x.kind, x.quantity, x.amount_minor, x.fee_minor) for x in transaction.lines
    ]
    assert customer is not None
    assert (file.email, file.postal_code) == (customer.email, customer.postal_code)


def test_a_customer_of_duell_goes_in_without_the_phone_that_is_none() -> None:
    body = beside("vendors/reconstructed/duell/customer.json").read_bytes()
    (record,) = ADAPTERS["duell"].split(body)
    (person,) = ADAPTERS["duell"].parse(record, origin("duell"))
    assert isinstance(person, Person)
    who = person.customer
    assert ("44121", "Ola", "Nordmann") == (who.number, who.given_name, who.family_name)
    assert ("ola.nordmann@example.com", None, "0155") == (who.email, who.phone, who.postal_code)
