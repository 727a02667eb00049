"""Sørbillett: a system that is not in the list and does not exist; one purchase is a transaction.

Every field is ASSUMED: amounts in øre, whole numbers; ``changed`` grows with each change; a ticket
that is given back says when in ``returnedAt``, and its fee is kept.
"""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from kudos.records import Customer, Line, Performance, Transaction
from services.ingest.adapters import sales
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import LARGEST_MINOR
from services.ingest.adapters.reading import Currency, Number, Text, number_of, reader
from services.ingest.adapters.times import Moment

Ore = Annotated[int, Meta(ge=0, lt=LARGEST_MINOR)]


class Show(Struct, frozen=True, rename="camel"):
    """What is played."""

    id: Number | None = None
    name: Text | None = None
    hall: Text | None = None
    starts_at: Moment | None = None


class Ticket(Struct, frozen=True, rename="camel"):
    """One ticket."""

    id: Number
    amount_ore: Ore
    fee_ore: Ore = 0
    category: Text | None = None
    returned_at: Moment | None = None
    show: Show | None = None


class Buyer(Struct, frozen=True, rename="camel"):
    """Who bought it."""

    id: Number | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None


class Purchase(Struct, frozen=True, rename="camel"):
    """A purchase, with its tickets as they are now."""

    purchase_no: Number
    changed: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
    placed_at: Moment
    tickets: tuple[Ticket, ...]
    currency: Currency | None = None
    buyer: Buyer | None = None


_read = reader(Purchase)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the purchase in *record*."""
    sent = _read(record)
    transaction = Transaction(
        transaction=sent.purchase_no,
        order=sent.purchase_no,
        version=sent.changed,
        sold_at=sent.placed_at.at,
        sold_is_date=sent.placed_at.is_date,
        channel="web",
        currency=sent.currency or origin.organisation.currency,
        lines=tuple(line for one in sent.tickets for line in _lines(one, sent.placed_at)),
    )
    return sales.told(transaction, _customer(sent.buyer), origin)


def _lines(ticket: Ticket, sold: Moment) -> tuple[Line, ...]:
    """Return the sale of *ticket*, and where it was given back its refund, without the fee."""
    sale = Line(
        line=ticket.id,
        kind="sale",
        item="ticket",
        quantity=1,
        amount_minor=ticket.amount_ore,
        fee_minor=ticket.fee_ore,
        at=sold.at,
        at_is_date=sold.is_date,
        ticket_type=ticket.category or None,
        performance=_performance(ticket.show),
    )
    if (back := ticket.returned_at) is None:
        return (sale,)
    return sale, replace(sale, kind="refund", fee_minor=0, at=back.at, at_is_date=back.is_date)


def _performance(show: Show | None) -> Performance | None:
    if show is None:
        return None
    starts = show.starts_at
    return Performance(
        performance=show.id,
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=show.name or None,
        venue=show.hall or None,
    )


def _customer(buyer: Buyer | None) -> Customer | None:
    if buyer is None:
        return None
    return Customer(
        number=buyer.id,
        given_name=buyer.first_name,
        family_name=buyer.last_name,
        email=buyer.email,
    )


ABOUT = About(
    name="Sørbillett",
    delivers={
        "transaction": "ASSUMED",
        "sold_at": "ASSUMED",
        "currency": "ASSUMED",
        "customer.number": "ASSUMED",
        "customer.given_name": "ASSUMED",
        "customer.family_name": "ASSUMED",
        "customer.email": "ASSUMED",
        "line": "ASSUMED",
        "kind": "ASSUMED",
        "ticket_type": "ASSUMED",
        "amount": "ASSUMED",
        "fee": "ASSUMED",
        "at": "ASSUMED",
        "performance.id": "ASSUMED",
        "performance.starts_at": "ASSUMED",
        "performance.production": "ASSUMED",
        "performance.venue": "ASSUMED",
    },
    money="`amountOre` and `feeOre`, whole øre of the ticket (ASSUMED).",
    times="ISO 8601; without an offset it is Oslo's (ASSUMED).",
    refunds="A ticket with `returnedAt` was given back then, without its fee (ASSUMED).",
    exchanges="One ticket given back and another in the same purchase (ASSUMED).",
    versions="`changed`, which grows with each change (ASSUMED).",
    authentication="None known: a secret address, or a script that signs.",
    configure='`id = "sorbillett"`, and a secret.',
    verify=("Everything: the system does not exist",),
)

ADAPTER = Adapter(
    label="ASSUMED",
    transports=("push", "import"),
    transaction_is="the purchase, purchaseNo",
    split=splitter("purchases"),
    parse=parse,
    number=number_of("purchaseNo"),
    about=ABOUT,
)
