"""TrekkSoft: the booking is the transaction, a line each category of each activity.

DOC (developer.trekksoft.com, API v2, its availabilities alone): ``activityId``, ``activityTitle``,
``startDate``, ``startTime``, ``timezone``, ``startsAt`` whose offset has no colon, ``categories``
with ``id``, ``name`` and ``price`` of ``amount`` and ``currency``; that answers depend on the
language asked for. ASSUMED is all else of a booking: ``bookingId``, ``status``, ``createdAt``,
``source``, ``totalPrice``, ``guest``, ``items``, the ``quantity`` of a category, a ``status`` of an
item; that amounts are in the main unit, of a piece, and add up to the total (a booking of which
they do not is rejected, for nobody knows what the rest is). A booking marks no version: what comes
later replaces it.
"""

from datetime import UTC
from functools import cache
from typing import Annotated, cast
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Channel, Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import declared, sales
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Amount, minor_units
from services.ingest.adapters.reading import (
    Currency,
    Numeric,
    Quantity,
    Text,
    number_of,
    reader,
)
from services.ingest.adapters.times import Moment, joined, read


class Price(Struct, frozen=True):
    """An amount and its currency."""

    amount: Amount
    currency: Currency


class Category(Struct, frozen=True):
    """So many of one kind."""

    quantity: Quantity
    price: Price
    id: Numeric | None = None
    name: Text | None = None


class Activity(Struct, frozen=True, rename="camel"):
    """What was booked, at one time."""

    categories: Annotated[tuple[Category, ...], Meta(max_length=1_000)]
    activity_id: Numeric | None = None
    activity_title: Text | None = None
    starts_at: Text | None = None
    start_date: Text | None = None
    start_time: Text | None = None
    timezone: Text | None = None
    status: Text | None = None


class Guest(Struct, frozen=True, rename="camel"):
    """Who booked; a group may have no name."""

    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    zip: Text | None = None
    country: Text | None = None


class Booking(Struct, frozen=True, rename="camel"):
    """A booking, or an availability, which has a number of its own."""

    booking_id: Numeric | None = None
    created_at: Text | None = None
    items: Annotated[tuple[Activity, ...], Meta(max_length=1_000)] | None = None
    status: Text | None = None
    source: Text | None = None
    total_price: Price | None = None
    guest: Guest | None = None
    availability_item_id: Text | None = None


_STATUSES: dict[str, declared.Status] = {
    "confirmed": "sold",
    "paid": "sold",
    "cancelled": "refunded",
    "canceled": "refunded",
    "refunded": "refunded",
    "pending": "draft",
    "reserved": "draft",
    "test": "test",
}
_CHANNELS: dict[str, Channel] = {
    "website": "web",
    "agent": "agent",
    "phone": "phone",
    "backoffice": "box_office",
    "pos": "till",
}
_read = reader(Booking)
_zones = cache(available_timezones)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the booking in *record*; an availability is none."""
    sent = _read(record)
    if sent.booking_id is None and sent.availability_item_id is not None:
        return sales.EVENT
    if sent.booking_id is None or sent.created_at is None or sent.items is None:
        raise Rejected(Reason.INVALID_FIELD, "$: bookingId, createdAt or items is missing")
    whole = declared.status(sent.status, _STATUSES, origin, "$.status")
    if whole in sales.NO_SALES:
        return sales.NO_SALES[whole]
    currencies = {category.price.currency for one in sent.items for category in one.categories}
    if sent.total_price is not None:
        currencies.add(sent.total_price.currency)
    currency = sales.one_currency(currencies, origin, "$.items")
    sold, number = read(sent.created_at, "$.createdAt"), str(sent.booking_id)
    lines = _lines(sent.items, sold, whole, origin)
    _check_total(sent.total_price, lines, whole)
    transaction = Transaction(
        transaction=number,
        order=number,
        version=None,
        sold_at=sold.at,
        sold_is_date=sold.is_date,
        channel=declared.channel((sent.source,), _CHANNELS, origin),
        currency=currency,
        lines=lines,
    )
    return sales.told(transaction, _customer(sent.guest), origin)


def _lines(
    items: tuple[Activity, ...], sold: Moment, whole: declared.Status, origin: Origin
) -> tuple[Line, ...]:
    lines: list[Line] = []
    for place, item in enumerate(items):
        at = f"$.items[{place}]"
        own = declared.status(item.status, _STATUSES, origin, f"{at}.status")
        status = own if whole == "sold" else whole
        played = _performance(item, at)
        for kind, category in enumerate(item.categories):
            line = _line(category, f"{place + 1}.{kind + 1}", sold, played, origin)
            lines += sales.lines_of(line, status)
    return tuple(lines)


def _line(category: Category, name: str, sold: Moment, played: Performance, origin: Origin) -> Line:
    number = None if category.id is None else str(category.id)
    price = category.price
    return Line(
        line=name,
        kind="sale",
        item=cast("Item", origin.feed.item(number, category.name, played.production)),
        quantity=category.quantity,
        amount_minor=minor_units(
            price.amount, price.currency, "$.items: a price", category.quantity
        ),
        at=sold.at,
        at_is_date=sold.is_date,
        ticket_type=category.name or None,
        performance=played,
    )


def _check_total(total: Price | None, lines: tuple[Line, ...], whole: declared.Status) -> None:
    """Reject a total that is neither of all lines nor of those that still stand."""
    if total is None or whole == "refunded":
        return
    found = minor_units(total.amount, total.currency, "$.totalPrice")
    sold = sum(line.amount_minor for line in lines if line.kind == "sale")
    back = sum(line.amount_minor for line in lines if line.kind == "refund")
    if found not in {sold, sold - back}:
        raise Rejected(Reason.INVALID_FIELD, "$.totalPrice: is not the sum of its items")


def _performance(item: Activity, at: str) -> Performance:
    starts = _starts(item, at)
    return Performance(
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=item.activity_title or None,
    )


def _starts(item: Activity, at: str) -> Moment | None:
    """Return when it begins: with its offset, else by date and clock in the named zone."""
    if item.starts_at:
        return read(item.starts_at, f"{at}.startsAt")
    if not item.start_date:
        return None
    local = joined(item.start_date, item.start_time, f"{at}.startDate and startTime")
    if local.is_date or item.timezone in {None, "", "Europe/Oslo"}:
        return local
    if item.timezone not in _zones():
        raise Rejected(Reason.INVALID_FIELD, f"{at}.timezone: not known")
    # by the clock on the wall there
    wall = read(f"{item.start_date}T{item.start_time}Z", f"{at}.startDate and startTime").at
    there = wall.replace(tzinfo=ZoneInfo(item.timezone))
    return Moment(there.astimezone(UTC), is_date=False)


def _customer(guest: Guest | None) -> Customer | None:
    if guest is None or guest == _NOBODY:
        return None
    return Customer(
        given_name=guest.first_name,
        family_name=guest.last_name,
        email=guest.email,
        phone=guest.phone,
        postal_code=guest.zip,
        country=guest.country,
    )


_NOBODY = Guest()

ABOUT = About(
    name="TrekkSoft",
    delivers={
        "transaction": "ASSUMED",
        "order": "ASSUMED",
        "sold_at": "ASSUMED",
        "channel": "ASSUMED",
        "currency": "DOC",
        "customer.given_name": "ASSUMED",
        "customer.family_name": "ASSUMED",
        "customer.email": "ASSUMED",
        "customer.phone": "ASSUMED",
        "customer.postal_code": "ASSUMED",
        "customer.country": "ASSUMED",
        "kind": "ASSUMED",
        "item": "DOC",
        "ticket_type": "DOC",
        "quantity": "ASSUMED",
        "amount": "DOC",
        "performance.starts_at": "DOC",
        "performance.production": "DOC",
    },
    money="`price` of `amount` and `currency` (DOC), in the main unit and of a piece (ASSUMED). A "
    "booking whose `totalPrice` is not the sum of its items, or of those that still stand, is "
    "rejected: nobody knows whether the rest is a fee or a discount.",
    times="`startsAt` with an offset that has no colon, +0200 (DOC). Where it is missing, "
    "`startDate` and `startTime` in the zone of `timezone`, else Oslo's.",
    refunds="`status` cancelled or refunded of the booking, or of one of its items (ASSUMED): a "
    "refund of the whole price, whose time nobody tells. Fewer pieces in a later version of a "
    "booking were never sold.",
    exchanges="ASSUMED a later version of the booking with another time or other categories: the "
    "booking then counts as it is now.",
    versions="None: what was received later replaces the booking.",
    authentication="The API takes OAuth2 with client credentials, a token lives an hour (DOC). Of "
    "a push nothing is known.",
    configure='`id = "trekksoft"`; `statuses = { X = "refunded" }`, `channels = { X = "agent" }` '
    "for codes of your own; `items` by a category's id or name, or the activity's title.",
    verify=(
        "The whole form of a booking, and whether there is a webhook",
        "Discounts, fees, vouchers and deposits in a booking, and what `totalPrice` holds",
        "What is paid back of a cancelled booking, and when",
        "Ask for one language always: names of activities and categories depend on it",
    ),
    cannot_say={"fee": "no fee is documented, and a total that is not the sum is rejected"},
)

ADAPTER = Adapter(
    label="ASSUMED",
    transports=("poll", "push", "import"),
    transaction_is="the booking, bookingId, which is the order too",
    split=splitter("bookings"),
    parse=parse,
    number=number_of("bookingId"),
    about=ABOUT,
)
