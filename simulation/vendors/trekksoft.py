"""TrekkSoft's bookings: activities as its API tells of them, the rest of a booking assumed."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from kudos.records import Channel
from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import (
    Changes,
    article,
    cheaper,
    document,
    kroner,
    local,
    revoked,
    says,
    sold,
)

_SAYS = says("ticket_type", "production starts_at")
_SOURCES: dict[Channel, str] = {
    "web": "website",
    "agent": "agent",
    "phone": "phone",
    "box_office": "backoffice",
    "till": "pos",
    "other": "partner",
}


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the booking, and again as it is after each change: exchanged is booked otherwise."""

    def name(place: int, _line: Line) -> str:
        return f"{place}.1"

    names = {line.line: name(place, line) for place, line in enumerate(order.lines, 1)}
    lines = [structs.replace(_SAYS.of(line), line=names[line.line]) for line in order.lines]
    booking = document(order, str(order.number), lines, channel=order.channel)
    changes = Changes(_SAYS, names, name)
    yield booking
    for fate in fates:
        changed = _booked(booking, fate, names)
        if fate.what == "refund" or fate.how == "claim":
            changed = [*changes.told(booking, [fate])][-1]
        if changed is not booking:
            booking = structs.replace(changed, due=fate.at)
            yield booking


def _booked(booking: Document, fate: Fate, names: dict[str, str]) -> Document:
    """Return *booking* with a line of it at another time, of another number or kind."""
    if fate.what != "exchange" and fate.how not in {"quantity", "retype"}:
        return booking
    changed = {names[line]: count for line, count in fate.pieces.items()}
    if changed.keys() & revoked(booking):
        return booking
    lines = [
        _other(line, fate, changed[line.line]) if line.line in changed else line
        for line in booking.lines
    ]
    return structs.replace(booking, lines=tuple(lines))


def _other(line: Line, fate: Fate, count: int) -> Line:
    if fate.what == "exchange":
        return structs.replace(line, performance=_SAYS.event(fate.performance))
    if fate.how == "retype":
        return cheaper(line)
    each = line.amount_minor // line.quantity
    return structs.replace(line, quantity=count, amount_minor=each * count)


def native(told: Document) -> dict[str, Any]:
    """Return the booking."""
    gone = revoked(told)
    whole = told.style % 2 == 0 and len(gone) == len(sold(told)) > 0
    total = sum(line.amount_minor for line in sold(told))
    return {
        "bookingId": int(told.transaction),
        "reference": f"TS-{told.transaction}",
        "status": "cancelled" if whole else "confirmed",
        "createdAt": told.sold_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "source": _SOURCES[told.channel],
        "language": "nb",
        "totalPrice": {"amount": kroner(total), "currency": told.currency},
        "guest": told.account and _guest(told.account),
        "items": [
            _item(line, told.currency, cancelled=line.line in gone and not whole)
            for line in sold(told)
        ],
    }


def _guest(who: Account) -> dict[str, Any]:
    return {
        "firstName": who.given_name,
        "lastName": who.family_name,
        "email": who.email,
        "phone": who.phone,
        "zip": who.postal_code,
        "country": who.country,
    }


def _item(line: Line, currency: str, *, cancelled: bool) -> dict[str, Any]:
    played = line.performance
    starts = None if played is None else played.starts_at
    each = kroner(line.amount_minor // line.quantity)
    item: dict[str, Any] = {
        "activityId": 66_000 + int(line.line.partition(".")[0]),
        "activityTitle": played and played.production,
        "status": "cancelled" if cancelled else "confirmed",
        "categories": [
            {
                "id": article(line.ticket_type),
                "name": line.ticket_type,
                "quantity": line.quantity,
                "price": {"amount": each, "currency": currency},
            }
        ],
    }
    if starts is not None:
        item["startsAt"] = starts.strftime("%Y-%m-%dT%H:%M:%S%z")
        item["startDate"] = local(starts, "%Y-%m-%d")
        item["startTime"] = local(starts, "%H:%M:%S")
        item["timezone"] = "Europe/Oslo"
    return item
