"""Every file of vendors' samples beside the project: the values that stand in it, or why none do.

beside.toml lists them; a file that is in none of its lists fails.
"""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kudos.errors import Rejected
from kudos.records import Customer
from kudos.register import OSLO
from services.ingest.adapters import ADAPTERS, mappings
from services.ingest.adapters.base import Adapter, Ignored, Person, Sale
from services.ingest.adapters.mapped import adapter
from services.ingest.adapters.mapping import load
from services.ingest.adapters.rows import records
from services.ingest.sources import SOURCES
from tests.support.origin import origin
from tests.support.shared import beside

LISTED = tomllib.loads((Path(__file__).parent / "beside.toml").read_text("utf-8"))
HELD: list[dict[str, Any]] = LISTED["held"]
NOTHING: dict[str, str] = LISTED["nothing"]
ALL: dict[str, Adapter] = {**ADAPTERS, **SOURCES}


def said(one: Sale | Person | Ignored) -> str:
    """Return the values of what was read, in one line."""
    if isinstance(one, Ignored):
        return f"ignored: {one.why}"
    if isinstance(one, Person):
        stated = one.stated
        told = stated and (stated.segment, stated.gender, stated.birth_date, stated.postal_code)
        more = [stated and stated.basis, stated and f"{stated.confidence:g}", *(told or ())]
        return " ".join(["person", who(one.customer), "|", *filter(None, more)]).strip(" |")
    sold = one.transaction
    local = sold.sold_at.astimezone(OSLO)
    day = f"{local:%Y-%m-%d}" if sold.sold_is_date else f"{sold.sold_at:%Y-%m-%dT%H:%MZ}"
    lines = [
        f"{x.kind} {x.quantity} {x.item} {x.amount_minor}-{x.discount_minor}+{x.fee_minor}"
        f" {x.ticket_type or x.price_category or ''}".rstrip()
        for x in sold.lines
    ]
    of = "" if sold.order == sold.transaction else f" of {sold.order}"
    head = f"{sold.transaction}{of} {day} {sold.channel} {sold.currency}"
    return " | ".join([head, *lines, who(one.customer)]).rstrip(" |")


def who(customer: Customer | None) -> str:
    """Return what is told of a customer."""
    if customer is None:
        return "nobody"
    told = (
        customer.number,
        customer.given_name,
        customer.family_name,
        # whose address or number it is, is nobody's business here
        customer.email and customer.email[customer.email.index("@") :],
        customer.phone and f"phone of {sum(map(str.isdigit, customer.phone))}",
        customer.postal_code,
        customer.birth_date,
    )
    return " ".join(filter(None, told))


def read(known: Adapter, vendor: str, body: bytes) -> list[str]:
    """Return what *body* holds, record by record; of what is the same many times, once."""
    own = {"orders": "sales"} if vendor == "markethype" else None
    found = [
        said(one) for r in known.split(body) for one in known.parse(r, origin(vendor, own=own))
    ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("one", HELD, ids=lambda one: f"{one['file']}:{one['by']}")
def test_what_stands_in_a_file_goes_in(one: dict[str, Any]) -> None:
    body = beside(f"vendors/{one['file']}").read_bytes()
    assert one["holds"] == read(ALL[one["by"]], one["by"], body)


class Lacking(NamedTuple):
    """A file that lacks what makes a sale: what it is rejected for, and with it what is read."""

    by: str
    known: Callable[[], Adapter]
    why: str
    complete: Callable[[Any], Any]


def _citybreak() -> Adapter:
    # Enjoy.ly is assumed to be like Citybreak, whose own documentation has numbers with a point
    shipped = (Path(mappings.__file__).parent / "enjoyly.toml").read_text("utf-8")
    return adapter(shipped.replace('decimal = ","', 'decimal = "."'))


_PURCHASE = """
[vendor]
name = "GA4"
transaction_is = "the purchase"
[records]
lines = "ecommerce.items"
[status]
path = "event"
[status.words]
purchase = "sale"
refund = "credit"
[fields]
transaction = "ecommerce.transaction_id"
sold_at = "received_at"
currency = "ecommerce.currency"
total = "ecommerce.value"
line = "item_id"
ticket_type = "item_name"
quantity = "quantity"
unit_price = "price"
"""
_FEED = """
[vendor]
name = "OpenActive"
transaction_is = "the order"
[records]
pages = ["items"]
lines = "data.orderedItem"
[status]
path = "kind"
[status.words]
order = "sale"
[fields]
transaction = "data.identifier"
version = "modified"
sold_at = "received_at"
currency = "data.totalPaymentDue.priceCurrency"
line = "@id"
kind = "orderItemStatus"
ticket_type = "acceptedOffer.name"
unit_price = "acceptedOffer.price"
performance.id = "orderedItem"
[constants]
quantity = 1
[values]
kind = { "https://openactive.io/OrderItemConfirmed" = "sale", "*" = "revoked" }
"""
TIME = "2026-09-03T12:04:11+02:00"


def _priced(told: Any) -> Any:
    text = json.dumps(told)
    (found,) = [json.loads(one) for one in ADAPTERS["dx"].split(text.encode())]
    for item in found["purchaseItems"]:
        item["tickets"] = [ticket | {"price": "450.00"} for ticket in item["tickets"]]
    return found | {"purchaseId": 1, "purchaseDateTime": "2026-09-03 12:04:11"}


def _line_beside() -> Any:
    path = "vendors/samples/businesscentral/salesInvoiceLine.json"
    return json.loads(beside(path).read_bytes())


LACKING = {
    "samples/citybreak/booking_json_object.json": Lacking(
        "enjoyly",
        _citybreak,
        "status: not a word",
        lambda told: told | {"Status": "Confirmed", "BookedAt": TIME, "Currency": "SEK"},
    ),
    "samples/citybreak/ga4_purchase.json": Lacking(
        "homemade",
        lambda: adapter(_PURCHASE),
        r"\$.sold_at: missing",
        lambda told: told | {"received_at": TIME},
    ),
    "samples/openactive/order_feed_example_1.json": Lacking(
        "homemade",
        lambda: adapter(_FEED),
        r"\$.sold_at: missing",
        lambda told: told | {"items": [one | {"received_at": TIME} for one in told["items"]]},
    ),
    "reconstructed/envelope/push_envelope.json": Lacking(
        "tixly",
        lambda: ADAPTERS["tixly"],
        r"\$.created: missing",
        lambda told: [one | {"Created": "2026-09-03T12:04:11"} for one in told["native"]],
    ),
    "reconstructed/dx/backoffice_purchases.json": Lacking(
        "dx",
        lambda: ADAPTERS["dx"],
        r"\$.purchaseItems\[0\].tickets\[0\].price: missing",
        _priced,
    ),
    "samples/businesscentral/salesInvoice.json": Lacking(
        "businesscentral",
        lambda: ADAPTERS["businesscentral"],
        "its lines are missing, they have to be expanded",
        lambda told: told | {"salesInvoiceLines": [_line_beside()]},
    ),
}


@pytest.mark.parametrize("file", LACKING)
def test_what_lacks_a_sales_time_or_price_is_rejected_and_with_it_goes_in(file: str) -> None:
    body, one = beside(f"vendors/{file}").read_bytes(), LACKING[file]
    known, told = one.known(), json.loads(body)
    sent = json.dumps(told.get("native", told)).encode()
    with pytest.raises(Rejected, match=one.why):
        read(known, one.by, sent)
    found = read(known, one.by, json.dumps(one.complete(told)).encode())
    assert [LISTED["lacking"][file]] == found


_ORDERS = """
[file]
delimiter = ";"
decimal = ","
thousands = " "
dates = ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
[columns]
transaction = "ordrenr"
line = "linjenr"
kind = "hendelse"
sold_at = "kjøpt"
customer.number = "kundenr"
customer.given_name = "fornavn"
customer.family_name = "etternavn"
customer.email = "epost"
customer.phone = "mobil"
customer.postal_code = "postnr"
customer.birth_date = "fødselsdato"
customer.consents.statistics = "samtykke"
ticket_type = "billettype"
quantity = "antall"
unit_price = "enhetspris"
fee = "avgift"
channel = "kanal"
[constants]
version = 1
[values]
kind = { salg = "sale", retur = "refund" }
channel = { nett = "web", luke = "box_office" }
"""


def test_the_file_of_a_home_made_system_goes_in_by_its_mapping() -> None:
    text = beside("vendors/reconstructed/homemade/orders.csv").read_bytes()
    found = [
        said(one)
        for record in records(text.splitlines(keepends=True), load(_ORDERS))
        for one in ADAPTERS["homemade"].parse(record, origin("homemade"))
    ]
    assert [LISTED["lacking"]["reconstructed/homemade/orders.csv"]] == found


#: Tested above, each by what it needs.
OTHERS = LISTED["lacking"].keys()
#: Part of another file that is tested.
PARTS = {
    "samples/businesscentral/salesInvoiceLine.json": "samples/businesscentral/salesInvoice.json"
}


def test_every_file_is_tested_or_holds_nothing_to_test() -> None:
    folder = beside("vendors")
    there = {
        path.relative_to(folder).as_posix()
        for name in ("samples", "reconstructed")
        for path in (folder / name).rglob("*")
        if path.is_file() and path.suffix != ".source"
    }
    held = [one["file"] for one in HELD]
    known = {*held, *OTHERS, *PARTS, *NOTHING}
    assert there == known
    assert not NOTHING.keys() & {*held, *OTHERS, *PARTS}
    assert {*LACKING, "reconstructed/homemade/orders.csv"} == OTHERS
    assert all(len(why.split()) > 3 for why in NOTHING.values()), "a reason is a sentence"
    assert set(PARTS.values()) <= known
