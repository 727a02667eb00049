"""Eventim (inhouse, Tixx, CTS): the fetched order is the transaction, a line each ticket.

Nothing of its orders is public. SEEN, in docs.unidy.io's description of ticket data: of a ticket
``barcode``, ``status`` "B", ``performer``, ``starts_at``, ``areaLabel``, ``seat`` with
``priceCategory`` whose ``vat`` is a fraction and whose ``isoAmount.amount`` is text; and, in a
survey, that notifications carry a UUID alone. In its public event feed prices have a decimal comma
("24,20"), so both signs are read. ASSUMED: ``orderId``, ``orderDate``, ``customer``, pages that
name their list ``orders``; that B is booked and S (Storno) cancelled, of a ticket or of the whole
order; that ``isoAmount`` holds the VAT. An order marks no version: what comes later replaces it.
"""

from typing import Annotated, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import declared, sales
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Amount, Local, minor_units, vat_rate
from services.ingest.adapters.reading import (
    Currency,
    Number,
    Numeric,
    Text,
    number_of,
    reader,
)
from services.ingest.adapters.times import Moment, birth_day


class Money(Struct, frozen=True):
    """An amount in the currency's main unit."""

    amount: Local
    currency: Currency


class PriceCategory(Struct, frozen=True, rename="camel"):
    """What the seat costs."""

    iso_amount: Money
    id: Numeric | None = None
    code: Text | None = None
    name: Text | None = None
    vat: Amount | None = None


class Seat(Struct, frozen=True, rename="camel"):
    """Where, and at what price."""

    price_category: PriceCategory
    unique_seat_id: Text | None = None


class Ticket(Struct, frozen=True, rename={"area_label": "areaLabel"}):
    """One piece."""

    seat: Seat
    barcode: Text | None = None
    status: Text | None = None
    performer: Annotated[tuple[Text, ...], Meta(max_length=100)] | None = None
    starts_at: Moment | None = None
    area_label: Text | None = None


class Buyer(Struct, frozen=True, rename="camel"):
    """Who placed the order."""

    customer_id: Numeric | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    zip: Text | None = None
    date_of_birth: Text | None = None


class Order(Struct, frozen=True, rename="camel"):
    """An order; a notification has a ``uuid`` in its place, a series of the feed ``events``."""

    order_id: Number | None = None
    order_date: Moment | None = None
    status: Text | None = None
    customer: Buyer | None = None
    tickets: Annotated[tuple[Ticket, ...], Meta(max_length=10_000)] | None = None
    uuid: Number | None = None
    es_link: Text | None = None


_STATUSES: dict[str, declared.Status] = {"b": "sold", "s": "refunded"}
_read = reader(Order)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the order in *record*; a notification is thin, and the feed of events is no sale."""
    sent = _read(record)
    if sent.order_id is None and sent.tickets is None:
        if sent.uuid is not None:
            return sales.THIN
        if sent.es_link is not None:
            return sales.EVENT
    if sent.order_id is None or sent.order_date is None or sent.tickets is None:
        raise Rejected(Reason.INVALID_FIELD, "$: orderId, orderDate or tickets is missing")
    whole = declared.status(sent.status, _STATUSES, origin, "$.status")
    if whole in sales.NO_SALES:
        return sales.NO_SALES[whole]
    currencies = {ticket.seat.price_category.iso_amount.currency for ticket in sent.tickets}
    transaction = Transaction(
        transaction=sent.order_id,
        order=sent.order_id,
        version=None,
        sold_at=sent.order_date.at,
        sold_is_date=sent.order_date.is_date,
        channel="other",
        currency=sales.one_currency(currencies, origin, "$.tickets"),
        lines=_lines(sent.tickets, sent.order_date, whole, origin),
    )
    return sales.told(transaction, _customer(sent.customer), origin)


def _lines(
    tickets: tuple[Ticket, ...], sold: Moment, whole: declared.Status, origin: Origin
) -> tuple[Line, ...]:
    names = sales.numbered([one.barcode or one.seat.unique_seat_id for one in tickets])
    lines: list[Line] = []
    for place, (ticket, name) in enumerate(zip(tickets, names, strict=True)):
        at = f"$.tickets[{place}]"
        own = declared.status(ticket.status, _STATUSES, origin, f"{at}.status")
        line = _line(ticket, name, sold, origin, at)
        lines += sales.lines_of(line, own if whole == "sold" else whole)
    return tuple(lines)


def _line(ticket: Ticket, name: str, sold: Moment, origin: Origin, at: str) -> Line:
    price = ticket.seat.price_category
    where = f"{at}.seat.priceCategory"
    number = None if price.id is None else str(price.id)
    return Line(
        line=name,
        kind="sale",
        item=cast("Item", origin.feed.item(number, price.code, price.name)),
        quantity=1,
        amount_minor=minor_units(
            price.iso_amount.amount, price.iso_amount.currency, f"{where}.isoAmount.amount"
        ),
        vat_rate=None if price.vat is None else vat_rate(price.vat * 100, f"{where}.vat"),
        at=sold.at,
        at_is_date=sold.is_date,
        price_category=price.name or None,
        performance=_performance(ticket),
    )


def _performance(ticket: Ticket) -> Performance | None:
    if ticket.performer is None and ticket.starts_at is None and ticket.area_label is None:
        return None
    starts = ticket.starts_at
    return Performance(
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=", ".join(filter(None, ticket.performer or ())) or None,
        venue=ticket.area_label or None,
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
        postal_code=buyer.zip,
        birth_date=birth_day(buyer.date_of_birth),
    )


_NOBODY = Buyer()

ABOUT = About(
    name="Eventim",
    delivers={
        "transaction": "ASSUMED",
        "order": "ASSUMED",
        "sold_at": "ASSUMED",
        "currency": "SEEN",
        "customer.number": "ASSUMED",
        "customer.given_name": "ASSUMED",
        "customer.family_name": "ASSUMED",
        "customer.email": "ASSUMED",
        "customer.phone": "ASSUMED",
        "customer.postal_code": "ASSUMED",
        "customer.birth_date": "ASSUMED",
        "line": "SEEN",
        "kind": "ASSUMED",
        "item": "ASSUMED",
        "price_category": "SEEN",
        "quantity": "SEEN",
        "amount": "SEEN",
        "vat_rate": "SEEN",
        "performance.starts_at": "SEEN",
        "performance.production": "SEEN",
        "performance.venue": "SEEN",
    },
    money="`seat.priceCategory.isoAmount`: text in the currency's main unit with its currency "
    "(SEEN), VAT included (ASSUMED); a decimal comma is read too, where at most two digits follow. "
    "`vat` is a fraction, 0.12 (SEEN). Tickets of several currencies in one order are rejected.",
    times="`orderDate` and `starts_at` with an offset (the latter SEEN). Without one it is Oslo's.",
    refunds="`status` S of a ticket is a refund of its price, of the order a refund of every "
    "ticket (ASSUMED); nobody tells when. A code that is not declared is rejected and waits among "
    "the dead letters until the register says what it means.",
    exchanges="ASSUMED a cancelled ticket and a new one in the same order.",
    versions="None: what was received later replaces the order.",
    authentication="Partners' API: OAuth2 with client credentials (SEEN). Of a signature of the "
    "notifications nothing is known: they come to an address that cannot be guessed, and the order "
    "is fetched. A notification alone is counted as ignored (thin).",
    configure='`id = "eventim"`, `base_url`, `token_url`, `client_id` and `credentials` to fetch '
    'orders; `statuses = { X = "refunded" }` for codes of your own (sold, '
    "refunded, draft, test); `items` by the price category's id, code or name.",
    verify=(
        "The whole form of an order; what B means, and every other status, of tickets and orders",
        "Fees, discounts, the channel and the time of a refund: none of them is known",
        "Whether isoAmount holds the VAT",
        "Whether a notification is signed, and for what it is sent",
    ),
    cannot_say={"fee": "no fee was seen in any description of its tickets"},
)

ADAPTER = Adapter(
    label="ASSUMED",
    transports=("push", "import"),
    transaction_is="the order, orderId",
    split=splitter("orders", "eventserie"),
    parse=parse,
    number=number_of("orderId"),
    about=ABOUT,
)
