"""DX's purchases as its back office tells them, and eBillett's as the buyer's list does."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import (
    Changes,
    by_the_clock,
    document,
    kroner,
    local,
    revoked,
    says,
    sold,
    written,
)

_SAYS = says("ticket_type", "number production venue starts_at")
_LISTED = says("ticket_type", "production venue starts_at")
_BLANK = "%Y-%m-%d %H:%M:%S"


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the purchase, and again when tickets are annulled or exchanged."""

    def name(place: int, line: Line) -> str:
        event = line.performance and line.performance.number
        return f"{event}/{_seat(order, place)}"

    names = {line.line: name(place, line) for place, line in enumerate(order.lines, 1)}
    lines = [structs.replace(_SAYS.of(line), line=names[line.line]) for line in order.lines]
    purchase = document(order, str(order.number), lines, channel="other")
    purchase = structs.replace(purchase, sold_at=by_the_clock(order.sold_at))
    yield from Changes(_SAYS, names, name).told(purchase, fates)


def _seat(order: Order, place: int) -> int:
    return order.number % 40 * 100 + place


def native(told: Document) -> dict[str, Any]:
    """Return the purchase."""
    gone = revoked(told)
    events = groupby(sold(told), key=lambda line: line.performance)
    return {
        "purchaseId": int(told.transaction),
        "purchaseDateTime": local(told.sold_at, _BLANK),
        "customer": told.account and _customer(told.account),
        "purchaseItems": [
            {
                "eventId": played and played.number,
                "title": played and played.production,
                "begin": local(played.starts_at, _BLANK) if played else None,
                "locationName": played and played.venue,
                "tickets": [_ticket(line, annulled=line.line in gone) for line in lines],
            }
            for played, lines in events
        ],
    }


def _customer(who: Account) -> dict[str, Any]:
    return {
        "customerId": who.number and int(who.number),
        "firstName": who.given_name,
        "lastName": who.family_name,
        "email": who.email,
        "phone": who.phone,
        "postalCode": who.postal_code,
    }


def _ticket(line: Line, *, annulled: bool) -> dict[str, Any]:
    return {
        "count": line.quantity,
        "price": kroner(line.amount_minor // line.quantity),
        "ticketType": line.ticket_type,
        "seatId": int(line.line.rpartition("/")[2]),
        "used": False,
        "usedDateTime": None,
        "annulled": annulled,
    }


def receipts(order: Order, _fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the purchase; the list tells neither who bought nor what becomes of it."""
    row = order.number % 30 + 1
    lines = [
        structs.replace(_LISTED.of(line), line=f"{row}/{place}")
        for place, line in enumerate(order.lines, 1)
    ]
    purchase = document(order, str(order.number), lines, channel="other")
    yield structs.replace(purchase, sold_at=by_the_clock(order.sold_at), account=None)


def receipt(told: Document) -> dict[str, Any]:
    """Return the purchase as the list has it."""
    played = told.lines[0].performance
    starts = None if played is None else played.starts_at
    return {
        "receipt_id": told.transaction,
        "utref": f"eb{told.transaction}",
        "partner_id": "77",
        "tittel": played and played.production,
        "sted": played and played.venue,
        "fdato": local(starts, "%Y-%m-%d"),
        "fkl": local(starts, "%H:%M:%S"),
        "dato": local(told.sold_at, "%Y-%m-%d"),
        "kl": local(told.sold_at, "%H:%M:%S"),
        "tickets": [_place(line) for line in told.lines],
    }


def _place(line: Line) -> dict[str, Any]:
    row, _, seat = line.line.partition("/")
    return {
        "kategori": line.ticket_type,
        "pris": written(line.amount_minor),
        "plassering": f"Rad {row}, sete {seat}",
        "rad": row,
        "sete": seat,
    }
