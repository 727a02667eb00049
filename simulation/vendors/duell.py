"""Duell's orders, as its own plug-in writes them: a bare date, and of a customer the number."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from kudos.records import Channel
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import (
    article,
    back,
    corrected,
    document,
    kroner,
    local,
    midnight,
    revoked,
    says,
    sold,
)

_SAYS = says("discount vat_rate ticket_type", "")
#: The numbers of receipts; a return has one of its own.
_APART = 100
_TELLS = ("claim", "order_day", "quantity", "retype")


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the order, again where it is changed or taken back whole, and returns of parts."""
    channel: Channel = "web" if order.channel == "web" else "till"
    lines = [
        structs.replace(_SAYS.of(line), line=str(place)) for place, line in enumerate(order.lines)
    ]
    told = document(order, str(order.number * _APART), lines, channel=channel, day=True)
    yield told
    names = {line.line: made.line for line, made in zip(order.lines, lines, strict=True)}
    gone: set[str] = set()
    for place, fate in enumerate(fates, 1):
        pieces = {names[x]: n for x, n in fate.pieces.items() if names[x] not in gone}
        changed = _changed(told, structs.replace(fate, pieces=pieces), place, untouched=not gone)
        if changed is None:
            continue
        if fate.what == "refund":
            gone |= {line.line for line in told.lines} if revoked(changed) else pieces.keys()
        if changed.transaction == told.transaction:
            told = structs.replace(changed, due=fate.at)
            yield told
        else:
            yield changed


def _changed(told: Document, fate: Fate, place: int, *, untouched: bool) -> Document | None:
    if fate.what == "correct":
        return corrected(told, fate) if untouched and fate.how in _TELLS else None
    given = [line for line in told.lines if line.line in fate.pieces]
    if fate.what != "refund" or not given:
        return None
    if untouched and all(fate.pieces.get(x.line, 0) >= x.quantity for x in told.lines):
        added = [structs.replace(x, kind="refund", undated=True) for x in told.lines]
        return structs.replace(told, lines=told.lines + tuple(added))
    number = str(int(told.transaction) + place)
    lines = [back(line, min(fate.pieces[line.line], line.quantity)) for line in given]
    return structs.replace(
        told,
        transaction=number,
        order=number,
        sold_at=midnight(fate.at),
        lines=tuple(structs.replace(x, line=str(n)) for n, x in enumerate(lines)),
        due=fate.at,
    )


def native(told: Document) -> dict[str, Any]:
    """Return the order; PHP writes its lines as a list, or as an object."""
    lines = sold(told) or list(told.lines)
    is_back = bool(sold(told)) and bool(revoked(told))
    products = [_product(line) for line in lines]
    return {
        "order_data": {
            "department_id": "1001",
            "order_id": int(told.transaction),
            "order_date": local(told.sold_at, "%Y-%m-%d"),
            "purchase_order_status_id": 8 if is_back else 7,
            "is_pos": int(told.channel == "till"),
            "is_invoice": 0,
            **_customer(told),
        },
        "product_data": {str(n): one for n, one in enumerate(products)}
        if told.style % 2
        else products,
    }


def _customer(told: Document) -> dict[str, Any]:
    who = told.account
    if who is None:
        return {"customer_id": 0, "order_address": {}}
    address = {"address": who.street, "zip": who.postal_code, "country": who.country}
    return {"customer_id": who.number and int(who.number), "order_address": address}


def _product(line: Line) -> dict[str, Any]:
    count = -line.quantity if line.kind == "refund" else line.quantity
    return {
        "entity_type": "product",
        "product_id": article(line.ticket_type),
        "product_name": line.ticket_type,
        "price_inc_vat": kroner(line.amount_minor // line.quantity),
        "quantity": count,
        "vatrate_percent": kroner(line.vat_rate or 0),
        "discount_percentage": 0,
        "discount_amount": kroner(line.discount_minor),
        "comments": "",
    }
