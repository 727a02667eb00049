"""The vendors that name a record, which is then fetched."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from services.ingest.signature import key
from services.ingest.thin.businesscentral import state
from simulation.servers import api, businesscentral, eventim, tessitura
from simulation.servers.businesscentral import COMPANY
from tests.support.ingest import SECRETS


class Vendor(Struct, frozen=True):
    """How a vendor is served and speaks; an order is known by a number of ours.

    *put* has the server hold one at a price, *told* is a notification of it, *ends* ends the
    server's token, *drift* has it tell an order in other words.
    """

    serving: Callable[[], Any]
    own: dict[str, str]
    secret: str
    put: Callable[[Any, int, int], object]
    told: Callable[[int, str], object]
    named: Callable[[int], str]
    ends: Callable[[Any], object]
    drift: Callable[[Any, int], object]


def document(number: int) -> str:
    """Return the id of an invoice."""
    return f"26814998-936a-401c-81c1-{number:012x}"


def _put_invoice(server: businesscentral.Server, number: int, price: int) -> None:
    line = {
        "id": f"0c1f0000-44e3-ea11-bb43-{number:012x}",
        "sequence": 10000,
        "lineType": "Item",
        "lineObjectNumber": "BILL",
        "description": "Inngang",
        "unitPrice": price,
        "quantity": 1,
        "discountAmount": 0,
        "taxPercent": 0,
        "amountExcludingTax": price,
        "totalTaxAmount": 0,
        "amountIncludingTax": price,
    }
    server.documents[f"salesInvoices({document(number)})"] = {
        "id": document(number),
        "number": f"F-{number}",
        "invoiceDate": "2026-09-03",
        "postingDate": "2026-09-03",
        "customerNumber": "20000",
        "customerName": "Nordmann AS",
        "currencyCode": "NOK",
        "pricesIncludeTax": True,
        "discountAmount": 0,
        "status": "Paid",
        "totalAmountIncludingTax": price,
        "lastModifiedDateTime": f"2026-09-03T10:{price % 60:02}:11.337Z",
        "salesInvoiceLines": [line],
    }


def _told_invoice(number: int, secret: str) -> object:
    resource = f"/api/v2.0/companies({COMPANY})/salesInvoices({document(number)})"
    shown = state(key(SECRETS[secret]) or b"")
    return {"value": [{"clientState": shown, "resource": resource, "changeType": "updated"}]}


def _put_order(server: eventim.Server, number: int, price: int) -> None:
    server.rows[eventim.uuid(number)] = eventim.row(number, str(price))


def _put_saved(server: tessitura.Server, number: int, price: int) -> None:
    server.rows = [one for one in server.rows if one["Id"] != number]
    server.rows.append(tessitura.row(number, float(price)))
    server.saved[number] = f"2024-03-20T12:{price % 60:02}:00+01:00"


def _renamed(record: dict[str, Any], name: str) -> None:
    record[f"{name}New"] = record.pop(name)


VENDORS = {
    "businesscentral": Vendor(
        businesscentral.serving,
        {"token_url": "{}/token", "client_id": "kudos", "company": COMPANY},
        businesscentral.SECRET,
        _put_invoice,
        _told_invoice,
        document,
        lambda server: server.valid.clear(),
        lambda server, n: _renamed(
            server.documents[f"salesInvoices({document(n)})"], "salesInvoiceLines"
        ),
    ),
    "eventim": Vendor(
        lambda: api.serving(eventim.Server),
        {"token_url": "{}/token", "client_id": eventim.CLIENT},
        eventim.SECRET,
        _put_order,
        lambda n, _secret: {"entity": "order", "uuid": eventim.uuid(n)},
        eventim.uuid,
        lambda server: setattr(server, "ended", True),
        lambda server, n: _renamed(server.rows[eventim.uuid(n)], "orderDate"),
    ),
    "tessitura": Vendor(
        lambda: api.serving(tessitura.Server),
        {"client_id": tessitura.CLIENT},
        tessitura.SECRET,
        _put_saved,
        lambda n, _secret: {"OrderId": n},
        str,
        lambda _server: None,
        lambda server, n: _renamed(next(one for one in server.rows if one["Id"] == n), "Products"),
    ),
}
