"""PCKasse's messages over SOAP: web orders, and a credit of one as a call of its own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.markup import HEAD, element
from simulation.vendors.telling import article, back, corrected, document, says, since_1970, written

_SAYS = says("discount vat_rate ticket_type", "")
_TELLS = ("claim", "drop", "order_day", "quantity", "retype")
_SPACES = {
    "xmlns:soapenv": "http://schemas.xmlsoap.org/soap/envelope/",
    "xmlns:ws": "http://webservice.webshop.deltasoft.no/",
}


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the web order, again where it was corrected, and a credit for each return."""
    lines = [structs.replace(_SAYS.of(line), line=line.line) for line in order.lines]
    told = document(order, str(order.number), lines, channel="web")
    yield told
    gone: set[str] = set()
    for place, fate in enumerate(fates, 1):
        if fate.what == "refund":
            given = [x for x in told.lines if x.line in fate.pieces and x.line not in gone]
            gone |= fate.pieces.keys()
            if given:
                yield _credit(told, given, fate, place)
        elif fate.what == "correct" and not gone and fate.how in _TELLS:
            changed = corrected(told, fate)
            if changed is not None:
                told = structs.replace(changed, due=fate.at)
                yield told


def _credit(told: Document, given: Sequence[Line], fate: Fate, place: int) -> Document:
    """Return the credit; it says nothing of the customer."""
    lines = [back(line, min(fate.pieces[line.line], line.quantity)) for line in given]
    return structs.replace(
        told,
        transaction=f"{told.order}-credit-{place}",
        sold_at=fate.at,
        account=None,
        lines=tuple(lines),
        due=fate.at,
    )


def native(told: Document) -> dict[str, Any]:
    """Return what stands in a web order, or in a credit."""
    lines = [_line(line) for line in told.lines]
    milliseconds = since_1970(told.sold_at) // 1000
    if told.transaction == told.order:
        return {
            "alternativeTax": "false",
            **_contact(told.account),
            "deltaOrderId": told.transaction,
            "orderDate": milliseconds,
            "orderLines": lines,
        }
    return {
        "deltaOrderId": told.order,
        "sendId": told.transaction.rpartition("-")[2],
        "timestamp": milliseconds,
        "orderLines": lines,
    }


def _contact(who: Account | None) -> dict[str, Any]:
    if who is None:
        return {"contactId": 0, "contactName": ""}
    return {
        "contactId": who.number,
        "contactName": f"{who.given_name or ''} {who.family_name or ''}".strip(),
        "contactEmail": who.email,
        "contactPhone": who.phone,
        "contactAddressline1": who.street,
        "contactPostNo": who.postal_code,
        "contactCountryCode": who.country,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "orderLineId": line.line,
        "articleNo": article(line.ticket_type),
        "name": line.ticket_type,
        "amount": line.quantity,
        "price": written(line.amount_minor // line.quantity),
        "discount": written(line.discount_minor),
        "vat": written(line.vat_rate or 0),
    }


def whole(sent: Sequence[Mapping[str, Any]], _form: int) -> tuple[str, bytes]:
    """Return a message that holds all that was *sent*."""
    calls = "".join(
        element("ws:CreditOrder", {"creditOrder": one})
        if "sendId" in one
        else element("ws:getOrdersResponse", {"return": {"listWebOrders": one}})
        for one in sent
    )
    attributes = "".join(f' {name}="{value}"' for name, value in _SPACES.items())
    text = f"<soapenv:Envelope{attributes}><soapenv:Body>{calls}</soapenv:Body></soapenv:Envelope>"
    return "text/xml; charset=utf-8", (HEAD + text).encode()
