"""Tixly: one row for each ticket sold or returned; the row is the transaction, or a customer.

SEEN, in the Singer tap quantile-taps/tap-tixly at 51ccb47: the names, ``TicketCount`` negative for
a return, ``Edited`` null until the first edit, and that the casing of names is not consistent.
ASSUMED, for the vendor publishes nothing of it: ``Price`` in kroner a ticket, whatever its sign in
a return; ``Fee`` in kroner of the row; ``Created`` in local time; ``Gender`` 1 male, 2 female;
``DateOfBirth`` with a clock that says nothing. A row marks no version: what comes later replaces
it. It names its performance by a number alone, and has neither currency, discount nor VAT.
"""

from typing import Annotated, Any, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Gender, Item, Line, Performance, Transaction
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed, Person, Sale
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Signed, minor_units
from services.ingest.adapters.reading import Numeric, Text, fields, fit, number_of
from services.ingest.adapters.times import Moment, birth_day


class Row(Struct, frozen=True, rename="lower"):
    """A sale row of ``/events/sales``."""

    SaleTicketId: Numeric
    OrderId: Numeric
    TicketCount: Annotated[int, Meta(gt=-(1 << 32), lt=1 << 32)]  # negative: returned
    Price: Signed
    Created: Moment
    Fee: Signed | None = None
    EventId: Numeric | None = None  # one dated performance
    CustomerId: Numeric | None = None
    IsAnonymousSale: bool | None = None
    Online: bool | None = None
    TicketTypeId: Numeric | None = None
    TicketType: Text | None = None
    PriceZone: Text | None = None


class Contact(Struct, frozen=True, rename="lower"):
    """A record of ``/customers``; it has no phone and no consent."""

    Id: Numeric
    Created: Moment
    Edited: Moment | None = None
    FirstName: Text | None = None
    LastNamePrefix: Text | None = None
    LastName: Text | None = None
    Email: Text | None = None
    AddressOne: Text | None = None
    ZipCode: Text | None = None
    Country: Text | None = None
    DateOfBirth: Text | None = None
    Gender: Any = None


_GENDERS: dict[object, Gender] = {1: "male", 2: "female"}
_EVENT = (Ignored("event"),)
#: What an event has no field of.
_NAMES = frozenset({"firstname", "lastname", "email"})


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the sale row, or the customer, in *record*."""
    found = fields(record)
    if "saleticketid" in found:
        return (_sale(fit(found, Row, record), origin),)
    if "id" in found and _NAMES & found.keys():
        return (_person(fit(found, Contact, record)),)
    if "id" in found and "startdate" in found:
        return _EVENT
    raise Rejected(Reason.INVALID_FIELD, "$.saleticketid: missing")


def _sale(row: Row, origin: Origin) -> Sale | Ignored:
    if not origin.feed.covers(row.Created.at):
        return Ignored("other_system")
    number, count = str(row.SaleTicketId), abs(row.TicketCount)
    currency = origin.organisation.currency
    names = (None if row.TicketTypeId is None else str(row.TicketTypeId), row.TicketType)
    line = Line(
        line=number,
        kind="refund" if row.TicketCount < 0 else "sale",
        item=cast("Item", origin.feed.item(*names)),
        quantity=count,
        amount_minor=minor_units(abs(row.Price), currency, "$.price", count),
        fee_minor=0 if row.Fee is None else minor_units(abs(row.Fee), currency, "$.fee"),
        at=row.Created.at,
        at_is_date=row.Created.is_date,
        ticket_type=row.TicketType or None,
        price_category=row.PriceZone or None,
        performance=None if row.EventId is None else Performance(str(row.EventId)),
    )
    transaction = Transaction(
        transaction=number,
        order=str(row.OrderId),
        version=None,
        sold_at=row.Created.at,
        sold_is_date=row.Created.is_date,
        channel="web" if row.Online else "box_office",
        currency=currency,
        lines=(line,),
    )
    known = row.CustomerId is not None and not row.IsAnonymousSale
    return Sale(transaction, Customer(number=str(row.CustomerId)) if known else None)


def _person(contact: Contact) -> Person:
    names = (contact.LastNamePrefix, contact.LastName)
    customer = Customer(
        number=str(contact.Id),
        given_name=contact.FirstName,
        family_name=" ".join(filter(None, names)) or contact.LastName,
        email=contact.Email,
        street=contact.AddressOne,
        postal_code=contact.ZipCode,
        country=contact.Country,
        birth_date=birth_day(contact.DateOfBirth),
        gender=_GENDERS.get(contact.Gender) if type(contact.Gender) is int else None,
    )
    return Person(customer, (contact.Edited or contact.Created).at)


ABOUT = About(
    name="Tixly",
    delivers={
        "transaction": "SEEN",
        "order": "SEEN",
        "sold_at": "SEEN",
        "channel": "SEEN",
        "customer.number": "SEEN",
        "customer.given_name": "SEEN",
        "customer.family_name": "SEEN",
        "customer.email": "SEEN",
        "customer.street": "SEEN",
        "customer.postal_code": "SEEN",
        "customer.country": "SEEN",
        "customer.birth_date": "SEEN",
        "customer.gender": "SEEN",
        "line": "SEEN",
        "kind": "SEEN",
        "item": "SEEN",
        "ticket_type": "SEEN",
        "price_category": "SEEN",
        "quantity": "SEEN",
        "unit_price": "SEEN",
        "fee": "SEEN",
        "at": "SEEN",
        "performance.id": "SEEN",
    },
    money="`Price`, kroner a ticket, times the count, whatever its sign; `Fee`, kroner of the row "
    "and not of each ticket (unit, sign and that: ASSUMED). The currency is the register's.",
    times="`Created`; without a zone it is Oslo's (ASSUMED). A performance is `EventId` alone: its "
    "production, venue and time are in `/events`, which is not read yet.",
    refunds="A row of its own with a `TicketCount` below 0, of as many (SEEN), on its own "
    "`Created`; its fee is paid back (ASSUMED).",
    exchanges="A returned row and a new one (ASSUMED).",
    versions="None: what was received later replaces the row.",
    authentication="The API takes a static Bearer token (SEEN). Of a webhook only an empty ping "
    "about events was seen: a script or a poller signs as the open standard does.",
    configure='`id = "tixly"`; `items` by `TicketTypeId` or `TicketType`. A body is a row or a '
    'customer, a list, or a page `{"Data": […], "Next": …}` as the API returns it; names are '
    "matched in any case. `Online` is web, else the sale is the box office's (ASSUMED). No "
    "customer where `CustomerId` is null or `IsAnonymousSale`. A customer's record (`Id`, names, "
    "`Email`, `AddressOne`, `ZipCode`, `Country`, `DateOfBirth`, `Gender`) goes to the profiles "
    "with `Edited`, else `Created`, as its time; a birth date that is no day is left out. Events "
    "are ignored; sales of memberships and donations are not read, and wait among the dead "
    "letters.",
    verify=(
        "Whether there is a webhook for orders, or the API alone",
        "The sign of `Price` and `Fee` in a return, and whether `Fee` is the row's",
        "The zone of `Created`",
        "The codes of `Gender`, and whether phone and consent can be had",
    ),
)

ADAPTER = Adapter(
    label="SEEN",
    transports=("poll", "push", "import"),
    transaction_is="the sale row, SaleTicketId; the order is OrderId",
    split=splitter("Data"),
    parse=parse,
    number=number_of("SaleTicketId"),
    about=ABOUT,
)
