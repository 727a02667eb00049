"""Hoopla: the purchase is the transaction, a line each ticket; a reservation is no sale.

SEEN, in the vendor's own test data (hooplab/hoopla-serializer at fda4f999, of 2014; today's form
is not known): all names, integers for money, UTC times. ASSUMED: the integers are øre of the
organisation's currency; ``vat_factor`` is a fraction (0.12); ``finalized`` is when it was sold and
null is a purchase not completed; ``is_revoked`` is a refund of the whole price without the fee,
and of its time nothing is told; ``checkout_method`` other than pos and creditcard is another way;
pages name their list ``purchases``. A purchase marks no version: what comes later replaces it.
"""

from typing import Annotated, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Channel, Customer, Item, Line, Performance, Transaction
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import LARGEST_MINOR, Amount, vat_rate
from services.ingest.adapters.reading import Numeric, Text, number_of, reader
from services.ingest.adapters.sales import DRAFT, lines_of, told
from services.ingest.adapters.times import Moment

Minor = Annotated[int, Meta(ge=0, lt=LARGEST_MINOR)]
_CHANNELS: dict[str | None, Channel] = {"pos": "box_office", "creditcard": "web"}


class User(Struct, frozen=True):
    """A buyer, or a ticket's owner; names may be null."""

    user_id: Numeric | None = None
    email: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    phone_number: Text | None = None


class Event(Struct, frozen=True):
    """One dated performance; its venue and genre are not told."""

    name: Text | None = None
    start: Moment | None = None


class TicketType(Struct, frozen=True):
    """What kind of ticket; its own price is before what the ticket cost in the end."""

    name: Text | None = None
    vat_factor: Amount | None = None


class Ticket(Struct, frozen=True):
    """One piece."""

    ticket_id: Numeric
    price: Minor
    fee: Minor | None = None
    event_id: Numeric | None = None
    event: Event | None = None
    ticket_type_id: Numeric | None = None
    ticket_type: TicketType | None = None
    price_group: Text | None = None
    owner: User | None = None
    is_revoked: bool | None = None


class Checkout(Struct, frozen=True):
    """How it was bought."""

    checkout_method: Text | None = None


class Data(Struct, frozen=True):
    """What the shop noted of the purchase."""

    checkout: Checkout | None = None


class Purchase(Struct, frozen=True):
    """A purchase, or a reservation, which has a number of its own and none of a purchase."""

    purchase_id: Numeric | None = None
    reservation_id: Numeric | None = None
    finalized: Moment | None = None
    tickets: Annotated[tuple[Ticket, ...], Meta(max_length=10_000)] | None = None
    fee: Minor | None = None
    user_id: Numeric | None = None
    user: User | None = None
    data: Data | None = None


class _Reservation(Struct, frozen=True):
    reservation_id: Numeric | None = None
    purchase_id: Numeric | None = None


_read = reader(Purchase)
_read_reservation = reader(_Reservation)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the purchase in *record*; a reservation or an unfinished one is a draft."""
    if b'"reservation_id"' in record:
        # its tickets are not of a purchase's form
        found = _read_reservation(record)
        if found.purchase_id is None and found.reservation_id is not None:
            return DRAFT
    sent = _read(record)
    if sent.purchase_id is None:
        raise Rejected(Reason.INVALID_FIELD, "$.purchase_id: missing")
    if sent.finalized is None:
        return DRAFT
    if sent.tickets is None:
        raise Rejected(Reason.INVALID_FIELD, "$.tickets: missing")
    number = str(sent.purchase_id)
    checkout = (sent.data or _NO_DATA).checkout or _NO_CHECKOUT
    transaction = Transaction(
        transaction=number,
        order=number,
        version=None,
        sold_at=sent.finalized.at,
        sold_is_date=sent.finalized.is_date,
        channel=_CHANNELS.get(checkout.checkout_method, "other"),
        currency=origin.organisation.currency,
        lines=_lines(sent.tickets, sent, origin),
    )
    return told(transaction, _customer(sent, sent.tickets), origin)


def _lines(tickets: tuple[Ticket, ...], sent: Purchase, origin: Origin) -> tuple[Line, ...]:
    """Return a sale for each ticket, and a refund of each that is revoked, with the same number."""
    assert sent.finalized is not None  # noqa: S101 (a draft has no lines)
    if len({str(ticket.ticket_id) for ticket in tickets}) < len(tickets):
        raise Rejected(Reason.INVALID_FIELD, "$.tickets: a ticket_id stands twice")
    # what the tickets do not account for is on the purchase as a whole
    rest = max(0, (sent.fee or 0) - sum(ticket.fee or 0 for ticket in tickets))
    lines: list[Line] = []
    for place, ticket in enumerate(tickets):
        sale = _sale(ticket, place, sent.finalized, origin, 0 if place else rest)
        lines += lines_of(sale, "refunded" if ticket.is_revoked else "sold")
    return tuple(lines)


def _sale(ticket: Ticket, place: int, sold: Moment, origin: Origin, fee: int) -> Line:
    kind = ticket.ticket_type or _NO_TYPE
    number = None if ticket.ticket_type_id is None else str(ticket.ticket_type_id)
    factor = kind.vat_factor
    return Line(
        line=str(ticket.ticket_id),
        kind="sale",
        item=cast("Item", origin.feed.item(number, kind.name)),
        quantity=1,
        amount_minor=ticket.price,
        fee_minor=(ticket.fee or 0) + fee,
        vat_rate=None
        if factor is None
        else vat_rate(factor * 100, f"$.tickets[{place}].ticket_type.vat_factor"),
        at=sold.at,
        at_is_date=sold.is_date,
        ticket_type=kind.name or None,
        price_category=ticket.price_group or None,
        performance=_performance(ticket),
    )


def _performance(ticket: Ticket) -> Performance | None:
    if ticket.event_id is None and ticket.event is None:
        return None
    event = ticket.event or _NO_EVENT
    return Performance(
        performance=None if ticket.event_id is None else str(ticket.event_id),
        starts_at=None if event.start is None else event.start.at,
        starts_is_date=event.start is not None and event.start.is_date,
        production=event.name or None,
    )


def _customer(sent: Purchase, tickets: tuple[Ticket, ...]) -> Customer | None:
    """Return the buyer: the purchase's user, else the first ticket's owner where it is the same."""
    user = sent.user
    if user is None and tickets:
        owner = tickets[0].owner
        if owner is not None and sent.user_id in {None, owner.user_id}:
            user = owner
    number = sent.user_id if user is None or user.user_id is None else user.user_id
    if user is None:
        return None if number is None else Customer(number=str(number))
    return Customer(
        number=None if number is None else str(number),
        given_name=user.first_name,
        family_name=user.last_name,
        email=user.email,
        phone=user.phone_number,
    )


_NO_TYPE, _NO_EVENT, _NO_DATA, _NO_CHECKOUT = TicketType(), Event(), Data(), Checkout()

ABOUT = About(
    name="Hoopla",
    delivers={
        "transaction": "SEEN",
        "order": "SEEN",
        "sold_at": "SEEN",
        "channel": "SEEN",
        "customer.number": "SEEN",
        "customer.given_name": "SEEN",
        "customer.family_name": "SEEN",
        "customer.email": "SEEN",
        "customer.phone": "SEEN",
        "line": "SEEN",
        "kind": "SEEN",
        "item": "SEEN",
        "ticket_type": "SEEN",
        "price_category": "SEEN",
        "quantity": "SEEN",
        "amount": "SEEN",
        "fee": "SEEN",
        "vat_rate": "SEEN",
        "performance.id": "SEEN",
        "performance.starts_at": "SEEN",
        "performance.production": "SEEN",
    },
    money="Integers: øre of the register's currency (ASSUMED; verify with a known price). The "
    "`fee` is the ticket's; what the purchase's `fee` is above them stands on the first line, an "
    "`invoice_fee` too. `vat_factor` is a fraction, 0.12; above 1 is rejected.",
    times="UTC (SEEN). `finalized` is when it was sold; null is a draft, and ignored (ASSUMED).",
    refunds="`is_revoked` of a ticket: a refund with its number and whole price, without the fee "
    "(ASSUMED), whose time nobody tells. `credits` are not read.",
    exchanges="ASSUMED a revoked ticket and a new purchase.",
    versions="None: what was received later replaces the purchase.",
    authentication="Not known. A script or a poller signs as the open standard does.",
    configure='`id = "hoopla"`; `items` by `ticket_type_id` or the type\'s name. A body is a '
    'purchase, a list, or a page `{"purchases": […]}` (that name is ASSUMED). A record with '
    "`reservation_id` and no `purchase_id` is ignored. `checkout_method` pos is the box office, "
    "creditcard web, else other (ASSUMED). The customer is `user`, else the first ticket's `owner` "
    "where it is the purchase's `user_id`, else that number alone.",
    verify=(
        "Today's API: all that was seen is of 2014",
        "The unit of money, with a known price",
        "What is paid back of a revoked ticket, and when",
    ),
)

ADAPTER = Adapter(
    label="SEEN",
    transports=("push", "import"),
    transaction_is="the purchase, purchase_id, which is the order too",
    split=splitter("purchases"),
    parse=parse,
    number=number_of("purchase_id"),
    about=ABOUT,
)
