"""Published and reconstructed payloads, which stay beside the project, go in as they say."""

import json

import pytest

from kudos.errors import Rejected
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Ignored, Parsed, Person, Sale
from tests.support.origin import origin
from tests.support.shared import beside


def test_the_published_purchase_of_hoopla_goes_in() -> None:
    body = beside("vendors/samples/hoopla/purchase.json").read_bytes()
    (record,) = ADAPTERS["hoopla"].split(body)
    (sale,) = ADAPTERS["hoopla"].parse(record, origin("hoopla"))
    assert isinstance(sale, Sale)
    (line,) = sale.transaction.lines
    assert (1000, 1500, "box_office") == (
        line.amount_minor,
        line.fee_minor,
        sale.transaction.channel,
    )
    assert sale.customer is not None
    assert "3314774599" == sale.customer.number
    body = beside("vendors/samples/hoopla/reservation.json").read_bytes()
    assert (Ignored("draft"),) == ADAPTERS["hoopla"].parse(body, origin("hoopla"))


def test_the_pages_of_tixly_go_in() -> None:
    adapter = ADAPTERS["tixly"]
    body = beside("vendors/reconstructed/tixly/events_sales_page.json").read_bytes()
    sales = [adapter.parse(record, origin("tixly"))[0] for record in adapter.split(body)]
    lines = [sale.transaction.lines[0] for sale in sales if isinstance(sale, Sale)]
    assert [("sale", 45_000), ("sale", 22_500), ("refund", 22_500)] == [
        (line.kind, line.amount_minor) for line in lines
    ]
    body = beside("vendors/reconstructed/tixly/customers_page.json").read_bytes()
    (person,) = adapter.parse(adapter.split(body)[0], origin("tixly"))
    assert isinstance(person, Person)
    assert ("1984-05-17", "male") == (person.customer.birth_date, person.customer.gender)
    assert person.observed_at is not None
    assert "2024-01-12T09:11:12+00:00" == person.observed_at.isoformat()


def parsed(vendor: str, path: str) -> list[Parsed]:
    """Return what stands in each record of a file."""
    body = beside(f"vendors/{path}").read_bytes()
    return [ADAPTERS[vendor].parse(one, origin(vendor)) for one in ADAPTERS[vendor].split(body)]


def sold(vendor: str, path: str) -> Sale:
    """Return the one sale in a file."""
    ((sale,),) = parsed(vendor, path)
    assert isinstance(sale, Sale)
    return sale


def test_the_item_gross_of_ticketco_goes_in() -> None:
    sale = sold("ticketco", "reconstructed/ticketco/item_grosses_page.json")
    (line,) = sale.transaction.lines
    assert ("990112", "5b1f8a52-3f6e-4f1c-9c55-0d1f9f4f7a01") == (sale.transaction.order, line.line)
    assert (35_000, 2_000, 0, "Voksen", "Parkett") == (
        line.amount_minor,
        line.fee_minor,
        line.vat_rate,
        line.ticket_type,
        line.price_category,
    )
    assert "2026-07-16T14:01:42+00:00" == sale.transaction.sold_at.isoformat()
    assert line.performance is not None
    assert line.performance.starts_at is not None
    assert "2026-08-01T17:00:00+00:00" == line.performance.starts_at.isoformat()
    assert sale.customer is not None
    assert ("Ola", "ola.nordmann@example.com") == (sale.customer.given_name, sale.customer.email)


def test_eventims_order_goes_in_and_its_notification_is_thin() -> None:
    sale = sold("eventim", "reconstructed/eventim/fetched_order.json")
    (line,) = sale.transaction.lines
    assert ("sale", 45_000, 0, "Prisgruppe 1") == (
        line.kind,
        line.amount_minor,
        line.vat_rate,
        line.price_category,
    )
    assert line.performance is not None
    assert ("Peer Gynt", "Storscenen") == (line.performance.production, line.performance.venue)
    assert sale.customer is not None
    assert ("K-88123", "8002", None) == (
        sale.customer.number,
        sale.customer.postal_code,
        sale.customer.birth_date,
    )
    thin = parsed("eventim", "reconstructed/eventim/thin_webhook.json")
    assert [(Ignored("thin"),)] == thin
    feed = parsed("eventim", "samples/eventim/event_feed.json")
    assert {(Ignored("event"),)} == set(map(tuple, feed))


def test_the_documented_order_of_ticketmaster_goes_in() -> None:
    sale = sold("ticketmaster", "samples/ticketmaster/partner_order_management.json")
    (line,) = sale.transaction.lines
    assert ("29-16792/PHX", "USD", True) == (
        sale.transaction.transaction,
        sale.transaction.currency,
        sale.transaction.sold_is_date,
    )
    assert ("8819624561542398", "sale", 6_600, 0, 0) == (
        line.line,
        line.kind,
        line.amount_minor,
        line.fee_minor,
        line.vat_rate,
    )
    assert "2015-12-09T23:00:00+00:00" == sale.transaction.sold_at.isoformat()
    events = parsed("ticketmaster", "reconstructed/ticketmaster/mfx_event_v2.json")
    assert [(Ignored("event"),)] == events


@pytest.mark.parametrize("vendor", ["ebillett", "dx"])
def test_what_dx_tells_a_buyer_goes_in(vendor: str) -> None:
    sale = sold(vendor, "reconstructed/dx/public_purchase_list.json")
    assert ("16237845", None) == (sale.transaction.transaction, sale.customer)
    assert "2026-09-03T10:04:11+00:00" == sale.transaction.sold_at.isoformat()
    assert [("7/14", "Voksen", 45_000), ("7/15", "Honnør", 39_000)] == [
        (line.line, line.ticket_type, line.amount_minor) for line in sale.transaction.lines
    ]
    played = sale.transaction.lines[0].performance
    assert played is not None
    assert played.starts_at is not None
    assert ("Peer Gynt", "Kulturhuset", "2026-10-17T17:00:00+00:00") == (
        played.production,
        played.venue,
        played.starts_at.isoformat(),
    )
    assert [(Ignored("event"),)] == parsed(vendor, "reconstructed/dx/events.json")


@pytest.mark.parametrize("vendor", ["ebillett", "dx"])
def test_what_was_seen_of_dx_s_back_office_lacks_what_makes_a_sale(vendor: str) -> None:
    body = beside("vendors/reconstructed/dx/backoffice_purchases.json").read_bytes()
    (record,) = ADAPTERS[vendor].split(body)
    with pytest.raises(Rejected) as caught:
        ADAPTERS[vendor].parse(record, origin(vendor))
    assert "$.purchaseItems[0].tickets[0].price: missing" in str(caught.value)
    # with the names that are assumed of what must be there, it is read
    purchase = json.loads(record) | {"purchaseId": 1, "purchaseDateTime": "2026-09-03 12:04:11"}
    for ticket in purchase["purchaseItems"][0]["tickets"]:
        ticket["price"] = "450.00"
    (sale,) = ADAPTERS[vendor].parse(json.dumps(purchase).encode(), origin(vendor))
    assert isinstance(sale, Sale)
    assert [("sale", 45_000), ("sale", 45_000), ("refund", 45_000)] == [
        (line.kind, line.amount_minor) for line in sale.transaction.lines
    ]


def test_tessituras_order_goes_in_with_its_donation_and_its_fee() -> None:
    sale = sold("tessitura", "reconstructed/tessitura/order_products_view.json")
    assert ("1029384", "web", "2026-09-03T10:04:11+00:00") == (
        sale.transaction.transaction,
        sale.transaction.channel,
        sale.transaction.sold_at.isoformat(),
    )
    assert [
        ("9001", "ticket", 47_500, 3_000, "Ordinær", "Parkett"),
        ("9002", "ticket", 47_500, 0, "Ordinær", "Parkett"),
        ("Contribution-33", "donation", 5_000, 0, None, None),
    ] == [
        (x.line, x.item, x.amount_minor, x.fee_minor, x.ticket_type, x.price_category)
        for x in sale.transaction.lines
    ]
    assert sale.customer is not None
    assert "552011" == sale.customer.number
    assert [(Ignored("thin"),)] == parsed("tessitura", "reconstructed/tessitura/plugin_push.json")
    for name in ("performance", "performance-prices"):
        found = parsed("tessitura", f"samples/tessitura/{name}.json")
        assert {(Ignored("event"),)} == set(map(tuple, found))


def test_the_booking_of_trekksoft_goes_in() -> None:
    sale = sold("trekksoft", "reconstructed/trekksoft/booking.json")
    (line,) = sale.transaction.lines
    assert ("88123456", "web", "2026-06-14T07:20:31+00:00") == (
        sale.transaction.transaction,
        sale.transaction.channel,
        sale.transaction.sold_at.isoformat(),
    )
    assert (2, 125_000, "Voksen") == (line.quantity, line.amount_minor, line.ticket_type)
    assert line.performance is not None
    assert line.performance.starts_at is not None
    assert "2026-07-03T09:00:00+00:00" == line.performance.starts_at.isoformat()
    found = parsed("trekksoft", "samples/trekksoft/availability_item.json")
    assert [(Ignored("event"),)] == found


def test_the_fetched_invoice_of_business_central_goes_in() -> None:
    path = "reconstructed/businesscentral/fetched_invoice_expanded.json"
    sale = sold("businesscentral", path)
    (line,) = sale.transaction.lines
    assert ("9e0f5c9c-44e3-ea11-bb43-000d3a2feca1", 1_788_429_851_337_000, True) == (
        sale.transaction.transaction,
        sale.transaction.version,
        sale.transaction.sold_is_date,
    )
    assert (2, 30_000, 0, 1_200) == (
        line.quantity,
        line.amount_minor,
        line.discount_minor,
        line.vat_rate,
    )
    assert sale.customer is not None
    assert ("20000", "0155", "", None) == (
        sale.customer.number,
        sale.customer.postal_code,
        sale.customer.phone,
        sale.customer.family_name,
    )


def test_the_documented_invoice_and_line_of_business_central_go_in() -> None:
    folder = "vendors/samples/businesscentral"
    invoice = json.loads(beside(f"{folder}/salesInvoice.json").read_bytes())
    adapter = ADAPTERS["businesscentral"]
    with pytest.raises(Rejected, match="expanded"):
        adapter.parse(json.dumps(invoice).encode(), origin("businesscentral"))
    invoice["salesInvoiceLines"] = [
        json.loads(beside(f"{folder}/salesInvoiceLine.json").read_bytes())
    ]
    (sale,) = adapter.parse(json.dumps(invoice).encode(), origin("businesscentral"))
    assert isinstance(sale, Sale)
    (line,) = sale.transaction.lines
    assert ("USD", 3, 17_294, 500, "AMSTERDAM Lamp", "other") == (
        sale.transaction.currency,
        line.quantity,
        line.amount_minor,
        line.vat_rate,
        line.ticket_type,
        line.item,
    )
    thin = parsed("businesscentral", "samples/businesscentral/webhook_notification.json")
    assert [(Ignored("thin"),)] * 4 == thin
