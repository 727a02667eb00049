"""TicketCo's item grosses: a row each ticket, which changes; names as its users' code has them."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import article, cheaper, document, guid, kroner, offset, says

_SAYS = says("discount fee vat_rate ticket_type price_category", "number production starts_at")


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield a row each ticket, again where it is refunded or renamed, and those exchanged for."""
    rows = {line.line: _row(order, n, line) for n, line in enumerate(order.lines)}
    yield from rows.values()
    number = len(rows)
    for fate in fates:
        for name in fate.pieces.keys() & rows.keys():
            row = rows[name]
            (line,) = row.lines[:1]
            if len(row.lines) > 1:
                continue
            lines = _changed(line, fate)
            if lines:
                rows[name] = structs.replace(row, lines=lines, due=fate.at)
                yield rows[name]
            if fate.what == "exchange":
                new = structs.replace(line, performance=fate.performance, fee_minor=0)
                other = _row(order, number, new)
                number += 1
                yield structs.replace(other, sold_at=fate.at, due=fate.at)


def _changed(line: Line, fate: Fate) -> tuple[Line, ...]:
    """Return what a row tells afterwards; nothing where it cannot tell it."""
    if fate.what == "correct":
        return (cheaper(line),) if fate.how == "retype" else ()
    return line, structs.replace(line, kind="refund", undated=True, fee_minor=0)


def _row(order: Order, number: int, line: Line) -> Document:
    name = guid(order.house.id, order.number, number)
    told = structs.replace(_SAYS.of(line), line=name)
    row = document(order, name, [told], channel="other")
    return structs.replace(row, order=str(order.number))


def native(row: Document) -> dict[str, Any]:
    """Return the row."""
    line, played, buyer = row.lines[0], row.lines[0].performance, row.account
    return {
        "uuid": row.transaction,
        "ref_number": f"TC-{row.order}",
        "order_id": int(row.order),
        "transaction_datestamp": row.sold_at.isoformat(),
        "status": "refunded" if len(row.lines) > 1 else "paid",
        "item_type_id": article(line.ticket_type),
        "item_type_title": line.ticket_type,
        "item_type_type": "TicketType",
        "capacity_name": line.price_category,
        "section_name": "A",
        "row": str(row.style % 30 + 1),
        "event_id": played and played.number,
        "event_name": played and played.production,
        "event_start": offset(played.starts_at) if played else None,
        "buyer_first_name": buyer and buyer.given_name,
        "buyer_last_name": buyer and buyer.family_name,
        "buyer_email": buyer and buyer.email,
        "customer_id": buyer and buyer.number and int(buyer.number),
        "holder_first_name": None,
        "checked_in_at": None,
        "answers": [],
        "gross": kroner(line.amount_minor),
        "discount": kroner(line.discount_minor),
        "fee": kroner(line.fee_minor),
        "vat_rate": None if line.vat_rate is None else kroner(line.vat_rate),
        "currency": row.currency,
    }
