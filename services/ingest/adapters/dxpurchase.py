"""A purchase of DX's back end, in the two forms it is told in; DX and eBillett share them."""

import re
from collections.abc import Sequence
from typing import Annotated, cast

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import sales
from services.ingest.adapters.base import Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Amount, minor_units
from services.ingest.adapters.reading import Numeric, Quantity, Text, number_of, reader
from services.ingest.adapters.times import Moment, joined, read

#: Words of a seat: numbers, or text that may be empty.
Mark = Annotated[int, Meta(ge=0, le=(1 << 53))] | Text


class Seat(Struct, frozen=True):
    """One ticket of the list that a buyer sees."""

    pris: Amount
    kategori: Text | None = None
    rad: Mark | None = None
    sete: Mark | None = None


class Ticket(Struct, frozen=True, rename="camel"):
    """Tickets of one kind of the back office; unnumbered places have a ``count`` above 1."""

    price: Amount
    count: Quantity = 1
    ticket_type: Text | None = None
    seat_id: Mark | None = None
    annulled: bool | None = None


class PurchaseItem(Struct, frozen=True, rename="camel"):
    """What was bought of one event."""

    tickets: Annotated[tuple[Ticket, ...], Meta(max_length=10_000)]
    event_id: Numeric | None = None
    title: Text | None = None
    begin: Text | None = None
    location_name: Text | None = None


class Buyer(Struct, frozen=True, rename="camel"):
    """Who bought."""

    customer_id: Numeric | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    postal_code: Text | None = None


class Purchase(Struct, frozen=True, rename="camel"):
    """A purchase as the back office tells it."""

    purchase_items: Annotated[tuple[PurchaseItem, ...], Meta(max_length=1_000)]
    purchase_id: Numeric | None = None
    purchase_date_time: Text | None = None
    customer: Buyer | None = None


class Receipt(Struct, frozen=True):
    """A purchase as the buyer's list tells it: dates and clocks stand apart, and are Oslo's."""

    dato: Text
    tickets: Annotated[tuple[Seat, ...], Meta(max_length=10_000)]
    kl: Text | None = None
    tittel: Text | None = None
    sted: Text | None = None
    fdato: Text | None = None
    fkl: Text | None = None


class _Kind(Struct, frozen=True, rename={"purchase_items": "purchaseItems"}):
    """What tells the forms apart."""

    purchase_items: msgspec.Raw = msgspec.Raw(b"null")
    event_id: Numeric | None = None
    begin: Text | None = None


_read_kind, _read_purchase, _read_receipt = reader(_Kind), reader(Purchase), reader(Receipt)
_split = splitter("purchases", "data")
#: What a page of the back office is wrapped in.
_WRAPPED = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"data"\s*:\s*(\{.*\})\s*\}\s*\Z', re.DOTALL)

number = number_of("purchaseId", "receipt_id", "utref")


def split(body: bytes) -> Sequence[bytes]:
    """Return the purchases in *body*, which may be wrapped in ``data``."""
    wrapped = _WRAPPED.match(body)
    return _split(body if wrapped is None else wrapped[1])


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the purchase in *record*, of either form; an event is none."""
    kind = _read_kind(record)
    if bytes(kind.purchase_items) != b"null":
        return _purchase(_read_purchase(record), number(record), origin)
    if kind.event_id is not None and kind.begin is not None:
        return sales.EVENT
    return _receipt(_read_receipt(record), number(record), origin)


def _purchase(sent: Purchase, found: str | None, origin: Origin) -> Parsed:
    if sent.purchase_id is None or found is None or sent.purchase_date_time is None:
        raise Rejected(Reason.INVALID_FIELD, "$: purchaseId or purchaseDateTime is missing")
    sold = read(sent.purchase_date_time, "$.purchaseDateTime")
    pairs = [(one, ticket) for one in sent.purchase_items for ticket in one.tickets]
    names = sales.numbered([_name(one.event_id, ticket.seat_id) for one, ticket in pairs])
    lines: list[Line] = []
    for (one, ticket), name in zip(pairs, names, strict=True):
        line = _line(name, ticket.ticket_type, ticket.price, ticket.count, origin)
        line = replace(line, performance=_performance(one), at=sold.at, at_is_date=sold.is_date)
        lines += sales.lines_of(line, "refunded" if ticket.annulled else "sold")
    return _told(found, sold, lines, _customer(sent.customer), origin)


def _receipt(sent: Receipt, found: str | None, origin: Origin) -> Parsed:
    if found is None:
        raise Rejected(Reason.INVALID_FIELD, "$: receipt_id or utref is missing")
    sold = joined(sent.dato, sent.kl, "$.dato and kl")
    starts = joined(sent.fdato, sent.fkl, "$.fdato and fkl") if sent.fdato else None
    played = _played(None, starts, sent.tittel, sent.sted)
    names = sales.numbered([_name(seat.rad, seat.sete) for seat in sent.tickets])
    lines = [
        replace(
            _line(name, seat.kategori, seat.pris, 1, origin),
            performance=played,
            at=sold.at,
            at_is_date=sold.is_date,
        )
        for seat, name in zip(sent.tickets, names, strict=True)
    ]
    # it tells nothing of who bought
    return _told(found, sold, lines, None, origin)


def _told(
    found: str, sold: Moment, lines: list[Line], customer: Customer | None, origin: Origin
) -> Parsed:
    transaction = Transaction(
        transaction=found,
        order=found,
        version=None,
        sold_at=sold.at,
        sold_is_date=sold.is_date,
        channel="other",
        currency=origin.organisation.currency,
        lines=tuple(lines),
    )
    return sales.told(transaction, customer, origin)


def _line(name: str, kind: str | None, price: Amount, count: int, origin: Origin) -> Line:
    return Line(
        line=name,
        kind="sale",
        item=cast("Item", origin.feed.item(kind)),
        quantity=count,
        amount_minor=minor_units(price, origin.organisation.currency, "$: a ticket's price", count),
        ticket_type=kind or None,
    )


def _name(first: int | str | None, second: int | str | None) -> str | None:
    """Return a seat's name; None where a part of it is missing."""
    parts = [str(part).strip() for part in (first, second) if part is not None]
    return "/".join(parts) if len(parts) == 2 and all(parts) else None


def _performance(one: PurchaseItem) -> Performance | None:
    starts = read(one.begin, "$.purchaseItems: begin") if one.begin else None
    event = None if one.event_id is None else str(one.event_id)
    return _played(event, starts, one.title, one.location_name)


def _played(
    event: str | None, starts: Moment | None, title: str | None, place: str | None
) -> Performance | None:
    if event is None and starts is None and title is None and place is None:
        return None
    return Performance(
        performance=event,
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=title or None,
        venue=place or None,
    )


def _customer(buyer: Buyer | None) -> Customer | None:
    if buyer is None or buyer == _NOBODY:
        return None
    return Customer(
        number=None if buyer.customer_id is None else str(buyer.customer_id),
        given_name=buyer.first_name,
        family_name=buyer.last_name,
        email=buyer.email,
        phone=buyer.phone,
        postal_code=buyer.postal_code,
    )


_NOBODY = Buyer()
