"""MarketHype: contacts, and orders, as its import takes them.

SEEN, in a public sign-up handler that posts to its import: firstName, lastName, emails, consent.
ASSUMED: id, phones, address, and every field of an order, whose body is not public; price in kroner
a piece. Consent is to be written to, and says nothing of statistics. An order is a copy of a sale
that its own system has: only its contact is read, unless the register says ``orders = "sales"``.
"""

from collections.abc import Iterator
from typing import Annotated, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import sales
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed, Person, Sale
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Amount, minor_units
from services.ingest.adapters.reading import (
    Currency,
    Numeric,
    Quantity,
    Text,
    document,
    number_of,
    reader,
)
from services.ingest.adapters.times import Moment

Several = Annotated[tuple[Text, ...], Meta(max_length=20)]


class Consent(Struct, frozen=True):
    """When the contact agreed to be written to; read for its time alone."""

    occurredAt: Moment | None = None  # noqa: N815 (theirs)


class Address(Struct, frozen=True):
    """Where a contact lives."""

    street: Text | None = None
    postalCode: Text | None = None  # noqa: N815 (theirs)
    country: Text | None = None


class Contact(Struct, frozen=True):
    """A contact; MarketHype itself joins those that are one."""

    id: Numeric | None = None
    firstName: Text | None = None  # noqa: N815 (theirs)
    lastName: Text | None = None  # noqa: N815 (theirs)
    emails: Several | None = None
    phones: Several | None = None
    address: Address | None = None
    consent: Consent | None = None


class Ticket(Struct, frozen=True):
    """A line of an order."""

    lineId: Numeric  # noqa: N815 (theirs)
    quantity: Quantity
    price: Amount
    eventId: Numeric | None = None  # noqa: N815 (theirs)
    eventName: Text | None = None  # noqa: N815 (theirs)
    eventStartsAt: Moment | None = None  # noqa: N815 (theirs)
    venue: Text | None = None
    tags: Several = ()
    ticketType: Text | None = None  # noqa: N815 (theirs)
    currency: Currency | None = None


class Order(Struct, frozen=True):
    """An order; a cancelled one is withdrawn and its contact stays."""

    orderId: Numeric  # noqa: N815 (theirs)
    createdAt: Moment  # noqa: N815 (theirs)
    lines: Annotated[tuple[Ticket, ...], Meta(max_length=10_000)]
    contact: Contact | None = None
    withdrawn: bool | None = None


#: Its own system has it.
_COPY = Ignored("copy")
_contact, _order = reader(Contact), reader(Order)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the contact, or the order and its contact, in *record*."""
    found = document(record)
    if "orderId" in found:
        return tuple(_ordered(_order(record), origin))
    if "emails" in found or "firstName" in found:
        contact = _contact(record)
        consent = contact.consent or Consent()
        return tuple(_persons(contact, consent.occurredAt))
    raise Rejected(Reason.INVALID_FIELD, "$: neither a contact nor an order")


def _persons(contact: Contact, at: Moment | None) -> Iterator[Person]:
    """Yield the contact by each of its e-mails: a customer of ours has one."""
    lives, phone = contact.address or Address(), next(iter(contact.phones or ()), None)
    for email in contact.emails or (None,):
        customer = Customer(
            number=None if contact.id is None else str(contact.id),
            given_name=contact.firstName,
            family_name=contact.lastName,
            email=email,
            phone=phone,
            street=lives.street,
            postal_code=lives.postalCode,
            country=lives.country,
        )
        yield Person(customer, None if at is None else at.at)


def _ordered(order: Order, origin: Origin) -> Iterator[Sale | Person | Ignored]:
    contact = order.contact
    persons = [] if contact is None else list(_persons(contact, order.createdAt))
    yield from persons
    if origin.feed.own.get("orders") == "sales":
        sold = _transaction(order, origin)
        yield from sales.told(sold, persons[0].customer if persons else None, origin)
    else:
        yield _COPY


def _transaction(order: Order, origin: Origin) -> Transaction:
    """Return the sale; of one that is withdrawn nothing stands: it was never said how or when."""
    said = {line.currency for line in order.lines if line.currency is not None}
    currency = sales.one_currency(said, origin, "$.lines[...].currency")
    lines = () if order.withdrawn else order.lines
    return Transaction(
        transaction=str(order.orderId),
        order=str(order.orderId),
        version=None,
        sold_at=order.createdAt.at,
        sold_is_date=order.createdAt.is_date,
        channel="other",
        currency=currency,
        lines=tuple(_line(one, order, origin, currency) for one in lines),
    )


def _line(ticket: Ticket, order: Order, origin: Origin, currency: str) -> Line:
    starts = ticket.eventStartsAt
    return Line(
        line=str(ticket.lineId),
        kind="sale",
        item=cast("Item", origin.feed.item(ticket.ticketType)),
        quantity=ticket.quantity,
        amount_minor=minor_units(ticket.price, currency, "$.lines[...].price", ticket.quantity),
        at=order.createdAt.at,
        at_is_date=order.createdAt.is_date,
        ticket_type=ticket.ticketType or None,
        performance=Performance(
            performance=None if ticket.eventId is None else str(ticket.eventId),
            starts_at=None if starts is None else starts.at,
            starts_is_date=starts is not None and starts.is_date,
            production=ticket.eventName or None,
            venue=ticket.venue or None,
            genre=next(iter(ticket.tags), None) or None,
        ),
    )


ABOUT = About(
    name="MarketHype",
    delivers={
        "transaction": "ASSUMED",
        "order": "ASSUMED",
        "sold_at": "ASSUMED",
        "currency": "ASSUMED",
        "customer.number": "ASSUMED",
        "customer.given_name": "SEEN",
        "customer.family_name": "SEEN",
        "customer.email": "SEEN",
        "customer.phone": "ASSUMED",
        "customer.street": "ASSUMED",
        "customer.postal_code": "ASSUMED",
        "customer.country": "ASSUMED",
        "line": "ASSUMED",
        "item": "ASSUMED",
        "ticket_type": "ASSUMED",
        "quantity": "ASSUMED",
        "unit_price": "ASSUMED",
        "performance.id": "ASSUMED",
        "performance.starts_at": "ASSUMED",
        "performance.production": "ASSUMED",
        "performance.venue": "ASSUMED",
        "performance.genre": "ASSUMED",
    },
    money="`price`, kroner a piece (ASSUMED).",
    times="ISO 8601 in UTC; a contact is of its `consent.occurredAt`, else of when it came in.",
    refunds="An order is withdrawn as a whole (documented; `withdrawn` is ASSUMED): it then has no "
    "lines. Part of an order is never refunded.",
    exchanges="None.",
    versions="None: what was received later replaces the order.",
    authentication="Its import takes an `X-API-TOKEN` (documented). To us: as the open standard.",
    configure='`id = "markethype"`, with `numbers_of`. A body is a contact or an order, a list, or '
    'an import request, `{"contacts": […]}` or `{"orders": […]}`. Orders are copies of what a '
    "ticket system has sold, so only their contacts are read; where no other system brings them, "
    '`orders = "sales"` makes them sales. The consent of a contact is to be written to, and says '
    "nothing of statistics. `kudos standard convert FILE --to markethype-contacts` (or `-orders`) "
    "writes import requests of what the open standard holds.",
    verify=(
        "The body of an order import, and how an order is withdrawn",
        "Whether `price` is of a piece, and in kroner",
        "The names of phone, address and the customer's number in a contact",
    ),
)

ADAPTER = Adapter(
    label="ASSUMED",
    transports=("import", "push"),
    transaction_is="the order, orderId, where the register takes its orders for sales",
    split=splitter("contacts", "orders"),
    parse=parse,
    number=number_of("orderId"),
    about=ABOUT,
)
