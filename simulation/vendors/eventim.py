"""Eventim's orders as a fetcher gets them; tickets as unidy.io describes them, the rest assumed."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import (
    Changes,
    document,
    guid,
    offset,
    revoked,
    says,
    sold,
    written,
)

_SAYS = says("vat_rate price_category", "production venue starts_at")


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the order, and again when tickets are cancelled or exchanged."""

    def name(place: int, _line: Line) -> str:
        return f"{order.number:09d}{place:03d}"

    names = {line.line: name(place, line) for place, line in enumerate(order.lines, 1)}
    lines = [structs.replace(_SAYS.of(line), line=names[line.line]) for line in order.lines]
    number = guid(order.house.id, order.number)
    yield from Changes(_SAYS, names, name).told(
        document(order, number, lines, channel="other"), fates
    )


def native(told: Document) -> dict[str, Any]:
    """Return the order."""
    gone = revoked(told)
    # one that is cancelled as a whole may say so itself, and not of its tickets
    whole = told.style % 3 == 0 and len(gone) == len(sold(told)) > 0
    return {
        "orderId": told.transaction,
        "invoiceId": f"{told.sold_at:%Y}-{told.style}",
        "orderDate": offset(told.sold_at),
        "status": "S" if whole else "B",
        "customer": told.account and _customer(told.account),
        "tickets": [
            _ticket(line, told, "S" if line.line in gone and not whole else "B")
            for line in sold(told)
        ],
    }


def _customer(who: Account) -> dict[str, Any]:
    return {
        "customerId": who.number,
        "firstName": who.given_name,
        "lastName": who.family_name,
        "email": who.email,
        "phone": who.phone,
        "zip": who.postal_code,
        "dateOfBirth": who.birth_date,
    }


def _ticket(line: Line, told: Document, status: str) -> dict[str, Any]:
    played = line.performance
    amount = written(line.amount_minor, "," if told.style % 2 else ".")
    return {
        "barcode": line.line,
        "status": status,
        "performer": [played.production] if played else None,
        "starts_at": offset(played.starts_at) if played else None,
        "areaLabel": played and played.venue,
        "seat": {
            "rowLabel": str(told.style % 30 + 1),
            "seatLabel": line.line[-3:],
            "uniqueSeatId": f"S-{line.line}",
            "priceCategory": {
                "id": 3,
                "code": "1",
                "name": line.price_category,
                "vat": None if line.vat_rate is None else line.vat_rate / 10_000,
                "isoAmount": {"amount": amount, "currency": told.currency},
            },
        },
    }
