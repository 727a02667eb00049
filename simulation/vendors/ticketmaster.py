"""Ticketmaster's orders of its Partner API: bare dates, and of a customer the e-mail alone."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import Changes, document, kroner, local, revoked, says, sold

_SAYS = says("fee vat_rate", "number")


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the order, and again when tickets are voided or exchanged."""

    def name(place: int, _line: Line) -> str:
        return str(order.number * 1000 + place)

    names = {line.line: name(place, line) for place, line in enumerate(order.lines, 1)}
    lines = [_taxed(structs.replace(_SAYS.of(x), line=names[x.line])) for x in order.lines]
    purchase = document(order, f"TM-{order.number}", lines, channel="other", day=True)
    for told in Changes(_SAYS, names, name).told(purchase, fates):
        yield structs.replace(told, lines=tuple(map(_taxed, told.lines)))


def _parts(line: Line) -> tuple[int, int]:
    """Return a ticket's price without tax, and its tax."""
    tax = line.amount_minor - round(line.amount_minor * 10_000 / (10_000 + (line.vat_rate or 0)))
    return line.amount_minor - tax, tax


def _taxed(line: Line) -> Line:
    """Return *line* with the rate that can be told by its tax: of nothing none, of øre not all."""
    price, tax = _parts(line)
    rate = line.vat_rate or 0
    is_told = line.vat_rate is not None and abs(10_000 * tax - rate * price) <= 5_000
    return structs.replace(line, vat_rate=(rate if price else 0) if is_told else None)


def native(told: Document) -> dict[str, Any]:
    """Return the order."""
    gone = revoked(told)
    whole = told.style % 3 == 0 and len(gone) == len(sold(told)) > 0
    return {
        "customer_email": told.account and told.account.email,
        "voided": whole,
        "upsells": [],
        "tickets": [
            {
                "barcode_id": line.line,
                "order_number": told.transaction,
                "order_date": local(told.sold_at, "%Y-%m-%d"),
                "event_id": line.performance and line.performance.number,
                "voided": line.line in gone and not whole,
                "charges": _charges(line, told.currency),
            }
            for line in sold(told)
        ],
    }


def _charges(line: Line, currency: str) -> list[dict[str, Any]]:
    price, tax = _parts(line)
    charged = {"price": price, "fee": line.fee_minor, "tax": tax}
    return [
        {"type": kind, "amount": {"amount": kroner(minor), "currency": currency}}
        for kind, minor in charged.items()
        if kind != "tax" or line.vat_rate is not None
    ]
