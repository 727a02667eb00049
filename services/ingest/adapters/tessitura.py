"""Tessitura: the order is the transaction; a line each sub-line item, contribution or certificate.

DOC (REST API, swagger 15.2.40 as licensees publish it): all names of ``OrderProductView`` (from
TXN/Orders/{id}/ProductsView) and of the constituent; ``ReturnParentSubLineItemId`` and
``CreatedDateTime`` of a sub-line and ``UpdatedDateTime`` of the plain order, which are read where
who fetches adds them; that an interceptor plug-in gets an order's id alone. SEEN
(clubdeuce/tessitura-php): four decimals, and offsets that differ within one record. ASSUMED: the
codes of ``StatusId`` (3 and 12 sold, 4 returned, 1 and 2 not paid); that a return is a sub-line of
its own, in a later save of the same order; that a negative amount is a return; that
``OriginalPrice`` is before the discount and ``DueAmount`` after it; that constituent 0 is nobody;
the words of ``ModeOfSale``. A fee on the order as a whole stands on its first line.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.records import Channel, Item, Line, Transaction
from services.ingest.adapters import declared, sales, subline
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.constituent import Constituent, Named, customer, person
from services.ingest.adapters.money import Signed, nearest_minor_units
from services.ingest.adapters.reading import Numeric, number_of, reader
from services.ingest.adapters.subline import Fee, LineItem, SubLine
from services.ingest.adapters.times import Moment, microseconds


class OfPerformance(Struct, frozen=True, rename="pascal"):
    """A product that is a performance."""

    line_item: LineItem | None = None


class OfPackage(Struct, frozen=True, rename="pascal"):
    """A product that is several performances: a subscription."""

    line_items: tuple[LineItem, ...] | None = None


class Paid(Struct, frozen=True, rename="pascal"):
    """A contribution, a membership or a gift certificate, whose own number is not read."""

    amount: Signed
    id: Numeric | None = None
    payment_id: Numeric | None = None


class Product(Struct, frozen=True, rename="pascal"):
    """One thing in the order."""

    performance: OfPerformance | None = None
    package: OfPackage | None = None
    contribution: Paid | None = None
    membership: Paid | None = None
    gift_certificate: Paid | None = None
    user_defined_fee: Fee | None = None


class Order(Struct, frozen=True, rename="pascal"):
    """An order, or what else comes: an id alone, a constituent, a performance or its prices."""

    id: Numeric | None = None
    order_date_time: Moment | None = None
    products: Annotated[tuple[Product, ...], Meta(max_length=10_000)] | None = None
    order_fees: tuple[Fee, ...] | None = None
    constituent: Constituent | None = None
    mode_of_sale: Named | None = None
    updated_date_time: Moment | None = None
    order_id: Numeric | None = None
    performance_id: Numeric | None = None
    last_name: Any = None


_CHANNELS: dict[str, Channel] = {
    "web": "web",
    "internet": "web",
    "phone": "phone",
    "telefon": "phone",
    "box office": "box_office",
    "billettluke": "box_office",
}
_read, _read_constituent = reader(Order), reader(Constituent)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_number = number_of("Id")


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the order, or the constituent, in *record*; an order's id alone is thin."""
    sent = _read(record)
    if sent.products is None and sent.order_date_time is None:
        if sent.order_id is not None:
            return sales.THIN
        if sent.performance_id is not None:
            return sales.EVENT
        if sent.last_name is not None:
            return (person(_read_constituent(record)),)
    if sent.id is None or sent.order_date_time is None or sent.products is None:
        raise Rejected(Reason.INVALID_FIELD, "$: Id, OrderDateTime or Products is missing")
    lines = _lines(sent.products, sent.order_fees or (), sent.order_date_time, origin)
    if not lines and any(_seats(product) for product in sent.products):
        return (Ignored("draft"),)
    mode, number = sent.mode_of_sale or Named(), str(sent.id)
    names = (None if mode.id is None else str(mode.id), mode.description)
    transaction = Transaction(
        transaction=number,
        order=number,
        version=None if sent.updated_date_time is None else microseconds(sent.updated_date_time),
        sold_at=sent.order_date_time.at,
        sold_is_date=sent.order_date_time.is_date,
        channel=declared.channel(names, _CHANNELS, origin),
        currency=origin.organisation.currency,
        lines=lines,
    )
    return sales.told(transaction, customer(sent.constituent), origin)


def number(record: bytes) -> str | None:
    """Return the number of an order; a constituent's is another's, though it has the same name."""
    try:
        names = {name.lower() for name in _fields(record)}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _number(record) if names & {"orderdatetime", "products"} else None


def _items(product: Product) -> Iterator[LineItem]:
    if product.performance is not None and product.performance.line_item is not None:
        yield product.performance.line_item
    if product.package is not None:
        yield from product.package.line_items or ()


def _seats(product: Product) -> list[SubLine]:
    return [sub for item in _items(product) for sub in item.sub_line_items or ()]


def _lines(
    products: tuple[Product, ...], fees: tuple[Fee, ...], sold: Moment, origin: Origin
) -> tuple[Line, ...]:
    lines: list[Line] = []
    for place, product in enumerate(products):
        at = f"$.Products[{place}]"
        for item in _items(product):
            for sub in item.sub_line_items or ():
                line = subline.line(sub, item.performance, sold, origin, at)
                lines += [] if line is None else [line]
        lines += _others(product, sold, origin, at)
    own = [
        replace(fee, sub_line_item_id=sub.id)
        for product in products
        for sub in _seats(product)
        for fee in sub.sub_line_item_fees or ()
    ]
    defined = [product.user_defined_fee for product in products]
    return _with_fees(lines, [*own, *fees, *filter(None, defined)], origin)


def _others(product: Product, sold: Moment, origin: Origin, at: str) -> Iterator[Line]:
    items = origin.feed.items
    paid: tuple[tuple[str, Paid | None, str], ...] = (
        ("Contribution", product.contribution, "donation"),
        ("Membership", product.membership, items.get("Membership", "other")),
        ("GiftCertificate", product.gift_certificate, "gift_card"),
    )
    for name, one, item in paid:
        if one is None:
            continue
        number = one.id if one.payment_id is None else one.payment_id
        if number is None:
            raise Rejected(Reason.INVALID_FIELD, f"{at}.{name}: without a number")
        is_back = one.amount < 0
        currency = origin.organisation.currency
        yield Line(
            line=f"{name}-{number}",
            kind="refund" if is_back else "sale",
            item=msgspec.convert(item, Item),
            quantity=1,
            amount_minor=nearest_minor_units(abs(one.amount), currency, f"{at}.{name}.Amount"),
            at=None if is_back else sold.at,
            at_is_date=not is_back and sold.is_date,
        )


def _with_fees(lines: list[Line], fees: list[Fee], origin: Origin) -> tuple[Line, ...]:
    """Return *lines* with their fees, each once; what is of no line is its first one's."""
    seen: set[int | str] = set()
    for fee in fees:
        if fee.id is not None and fee.id in seen:
            # of a sub-line, and in the order's list as well
            continue
        seen |= set() if fee.id is None else {fee.id}
        kind = "refund" if fee.charged < 0 else "sale"
        minor = nearest_minor_units(abs(fee.charged), origin.organisation.currency, "$: a fee")
        if not minor:
            continue
        fitting = [place for place, line in enumerate(lines) if line.kind == kind]
        of = str(fee.sub_line_item_id)
        named = [place for place in fitting if lines[place].line == of]
        if not fitting:
            raise Rejected(Reason.INVALID_FIELD, "$: a fee without a line")
        place = (named or fitting)[0]
        lines[place] = replace(lines[place], fee_minor=lines[place].fee_minor + minor)
    return tuple(lines)


ABOUT = About(
    name="Tessitura",
    delivers={
        "transaction": "DOC",
        "order": "DOC",
        "version": "DOC",
        "sold_at": "DOC",
        "channel": "DOC",
        "customer.number": "DOC",
        "customer.given_name": "DOC",
        "customer.family_name": "DOC",
        "customer.email": "DOC",
        "customer.phone": "DOC",
        "customer.street": "DOC",
        "customer.postal_code": "DOC",
        "customer.country": "DOC",
        "customer.gender": "DOC",
        "line": "DOC",
        "kind": "DOC",
        "item": "DOC",
        "ticket_type": "DOC",
        "price_category": "DOC",
        "quantity": "DOC",
        "amount": "DOC",
        "discount": "DOC",
        "fee": "DOC",
        "at": "DOC",
        "performance.id": "DOC",
        "performance.starts_at": "DOC",
        "performance.production": "DOC",
        "performance.venue": "DOC",
    },
    money="Numbers of four decimals in the register's currency, which no record names (SEEN); a "
    "half øre is rounded up. Contributions are donations and fees are fees, never revenue of "
    "tickets; a gift certificate is counted when it is sold, and is a payment when it is used.",
    times="ISO 8601, each time with an offset of its own (SEEN). Sub-lines bear the order's time "
    "unless `CreatedDateTime` is added to them.",
    refunds="A sub-line with `ReturnParentSubLineItemId`, a negative `DueAmount`, or `StatusId` 4 "
    "(ASSUMED) is a refund of its own number; without `CreatedDateTime` nobody tells its time. "
    "Negative fees and contributions are refunds.",
    exchanges="A return and a new sub-line in one later save of the order, with a further fee "
    "(ASSUMED).",
    versions="`UpdatedDateTime` of the order, where who fetches adds it, to the microsecond; the "
    "view has none, and then what was received later replaces the order.",
    authentication="REST: Basic, with the composite user name:group:machine (DOC). A push is a "
    "plug-in of the licensee's own: it sends an order's id and the order is fetched. An id alone "
    "is counted as ignored (thin).",
    configure='`id = "tessitura"`, `base_url`, `client_id` (name:group:machine) and `credentials` '
    "(the password) to fetch and to poll; "
    '`statuses = { 13 = "refunded" }` from the house\'s '
    'SubLineItemStatuses; `channels = { Kiosk = "till" }` by mode of sale; `items` by price type, '
    "and by Membership.",
    verify=(
        "The house's own SubLineItemStatuses: a code that is not declared is rejected",
        "What a return and an exchange look like in the view, and whose sign is whose",
        "Whether a plug-in already runs, and whether it tells of later saves too",
        "Whether the order is a household's while the e-mail is a member's",
    ),
)

ADAPTER = Adapter(
    label="DOC",
    transports=("push", "poll", "import"),
    transaction_is="the order, Id, which is replaced as a whole",
    split=splitter(),
    parse=parse,
    number=number,
    about=ABOUT,
)
