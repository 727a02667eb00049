"""Ticketmaster: the Partner API's order is the transaction, a line each ticket.

DOC (developer.ticketmaster.com, Partner API, order management, a copy of 2018): all names of the
order, that a ticket's ``charges`` have ``type`` price, fee or tax, amounts in the main unit with
their currency, that ``order_date`` is a bare date, and ``voided`` of a ticket and of the order.
ASSUMED: that the charges add up, so a ticket costs its price and its tax; that what is voided is
paid back without the fees; that all tickets of an order bear its one ``order_number``; pages that
name their list ``orders``. ``upsells`` have no documented form: an order that has some is
rejected, for half of it would be counted wrong. What a Norwegian organiser gets is by agreement.
An order marks no version: what comes later replaces it.
"""

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import sales
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Signed, minor_units
from services.ingest.adapters.reading import Currency, Number, Numeric, Text, number_of, reader
from services.ingest.adapters.times import Moment


class Money(Struct, frozen=True):
    """An amount in the currency's main unit; what takes something off is negative."""

    amount: Signed
    currency: Currency


class Charge(Struct, frozen=True):
    """A part of what a ticket costs."""

    amount: Money
    type: Literal["price", "fee", "tax"]


class Ticket(Struct, frozen=True):
    """One piece."""

    barcode_id: Numeric
    order_number: Number
    order_date: Moment
    charges: Annotated[tuple[Charge, ...], Meta(max_length=100)]
    event_id: Numeric | None = None
    voided: bool | None = None


class Order(Struct, frozen=True):
    """An order, or an event of the Discovery API, which has a ``local_event_date``."""

    tickets: Annotated[tuple[Ticket, ...], Meta(max_length=10_000)] | None = None
    customer_email: Text | None = None
    upsells: tuple[Any, ...] | None = None
    voided: bool | None = None
    local_event_date: Any = None


class _Numbered(Struct, frozen=True):
    tickets: tuple[msgspec.Raw, ...]


_read = reader(Order)
_numbered = msgspec.json.Decoder(_Numbered).decode
_number = number_of("order_number")


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the order in *record*; an event is none."""
    sent = _read(record)
    if sent.tickets is None and sent.local_event_date is not None:
        return sales.EVENT
    if not sent.tickets:
        raise Rejected(Reason.INVALID_FIELD, "$.tickets: missing")
    if sent.upsells:
        raise Rejected(Reason.INVALID_FIELD, "$.upsells: their form is not known")
    first, *others = sent.tickets
    if any(one.order_number != first.order_number for one in others):
        raise Rejected(Reason.INVALID_FIELD, "$.tickets: of several orders")
    currencies = {charge.amount.currency for one in sent.tickets for charge in one.charges}
    sold = min((one.order_date for one in sent.tickets), key=lambda date: date.at)
    lines: list[Line] = []
    for place, ticket in enumerate(sent.tickets):
        is_voided = ticket.voided or sent.voided
        line = _line(ticket, origin, f"$.tickets[{place}].charges")
        lines += sales.lines_of(line, "refunded" if is_voided else "sold")
    transaction = Transaction(
        transaction=first.order_number,
        order=first.order_number,
        version=None,
        sold_at=sold.at,
        sold_is_date=sold.is_date,
        channel="other",
        currency=sales.one_currency(currencies, origin, "$.tickets"),
        lines=tuple(lines),
    )
    email = sent.customer_email
    return sales.told(transaction, None if email is None else Customer(email=email), origin)


def _line(ticket: Ticket, origin: Origin, at: str) -> Line:
    price, tax = _sum(ticket, "price", at), _sum(ticket, "tax", at)
    if price is None:
        raise Rejected(Reason.INVALID_FIELD, f"{at}: no price among them")
    return Line(
        line=str(ticket.barcode_id),
        kind="sale",
        item=cast("Item", origin.feed.item()),
        quantity=1,
        amount_minor=price + (tax or 0),
        fee_minor=_sum(ticket, "fee", at) or 0,
        vat_rate=_rate(price, tax),
        at=ticket.order_date.at,
        at_is_date=ticket.order_date.is_date,
        performance=None if ticket.event_id is None else Performance(str(ticket.event_id)),
    )


def _sum(ticket: Ticket, kind: str, at: str) -> int | None:
    """Return the charges of one type in minor units, each exact; None: there is none."""
    found = [charge.amount for charge in ticket.charges if charge.type == kind]
    if not found:
        return None
    cents = [
        minor_units(abs(one.amount), one.currency, at) * (-1 if one.amount < 0 else 1)
        for one in found
    ]
    if sum(cents) < 0:
        raise Rejected(Reason.INVALID_FIELD, f"{at}: less than nothing")
    return sum(cents)


def _rate(price: int, tax: int | None) -> int | None:
    """Return the whole per cent that *tax* is of *price*, in hundredths; None: it is no such."""
    if tax is None:
        return None
    per_cent = (200 * tax + price) // (2 * price) if price else 0
    is_exact = per_cent <= 100 and abs(100 * tax - per_cent * price) <= 50
    return per_cent * 100 if is_exact else None


def number(record: bytes) -> str | None:
    """Return the order's number, which stands in its tickets."""
    try:
        tickets = _numbered(record).tickets
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _number(bytes(tickets[0])) if tickets else None


ABOUT = About(
    name="Ticketmaster",
    delivers={
        "transaction": "DOC",
        "order": "DOC",
        "sold_at": "DOC",
        "currency": "DOC",
        "customer.email": "DOC",
        "line": "DOC",
        "kind": "DOC",
        "quantity": "DOC",
        "amount": "DOC",
        "fee": "DOC",
        "vat_rate": "DOC",
        "at": "DOC",
        "performance.id": "DOC",
    },
    money="Decimals in the currency's main unit, each charge with its currency (DOC). A ticket's "
    "amount is the sum of its charges of type price and tax, its fee the sum of type fee; the rate "
    "of VAT is what whole per cent the tax is of the price. Several currencies are rejected.",
    times="`order_date` is a bare date (DOC): sales have a day and no hour, so they stay out of "
    "live figures and of weekday by hour. A performance is a number alone, without its time.",
    refunds="`voided` of a ticket, or of the order and so of every ticket (DOC): a refund of the "
    "price without the fees (ASSUMED), whose time nobody tells.",
    exchanges="ASSUMED a voided ticket and a new one, in the same order or another.",
    versions="None: what was received later replaces the order.",
    authentication="The API takes a key in the query or in `x-api-key` (DOC), some calls by "
    "address of the caller alone. There is no push of its own.",
    configure='`id = "ticketmaster"`; `items = { default = "ticket" }`: what a ticket is called is '
    "not told, so all are of one item.",
    verify=(
        "What an organiser in Norway gets at all: the Partner API, a report or a file",
        "Whether tax is on top of the price, or in it",
        "What is paid back of a voided ticket, and when",
        "The form of `upsells`: an order that has some is rejected",
    ),
    cannot_say={
        "autumn_night": "all its times are bare dates",
        "foreign": "of a customer only the e-mail is told",
    },
)

ADAPTER = Adapter(
    label="DOC",
    transports=("poll", "push", "import"),
    transaction_is="the order, order_number of its tickets",
    split=splitter("orders", "events"),
    parse=parse,
    number=number,
    about=ABOUT,
)
