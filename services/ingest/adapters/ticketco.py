"""TicketCo: one row for each item sold, an "item gross"; the row is the transaction.

DOC (support article 4417070819602): the data sets events, item grosses and customers, and that an
item gross tells the date of the order, the event and its start, the item's type, the purchaser's
name and e-mail, and a price. SEEN (grasp-labs/ds-provider-ticketco-py-lib and sites' code):
``uuid``, ``ref_number``, ``transaction_datestamp``, ``item_type_…`` with SeasonPassType and
SeasonPassShadowType, ``capacity_name``, ``event_name``, the names of buyer and holder, and that
check-in changes the row. ASSUMED: ``gross`` in kroner, before ``discount`` and without ``fee``;
``order_id``, ``status``, ``vat_rate`` in per cent, ``currency``, ``event_id``, ``event_start``;
that a refund changes the status; that a shadow item is a use of its season pass. Which of three
names the e-mail has is not confirmed. A row marks no version: what comes later replaces it.
"""

from typing import cast

from msgspec import Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import declared, sales
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Amount, minor_units, vat_rate
from services.ingest.adapters.reading import Currency, Number, Numeric, Text, number_of, reader
from services.ingest.adapters.times import Moment


class Row(Struct, frozen=True):
    """An item gross, or an event, which has an ``id`` and no ``uuid``."""

    uuid: Number | None = None
    transaction_datestamp: Moment | None = None
    gross: Amount | None = None
    order_id: Numeric | None = None
    ref_number: Text | None = None
    status: Text | None = None
    item_type_id: Numeric | None = None
    item_type_title: Text | None = None
    item_type_type: Text | None = None
    capacity_name: Text | None = None
    event_id: Numeric | None = None
    event_name: Text | None = None
    event_start: Moment | None = None
    currency: Currency | None = None
    vat_rate: Amount | None = None
    fee: Amount | None = None
    discount: Amount | None = None
    customer_id: Numeric | None = None
    buyer_first_name: Text | None = None
    buyer_last_name: Text | None = None
    buyer_email: Text | None = None
    email: Text | None = None
    purchaser_email: Text | None = None
    id: Numeric | None = None
    title: Text | None = None
    start_at: Text | None = None


_ITEMS: dict[str | None, Item] = {
    "SeasonPassType": "season_pass",
    "SeasonPassShadowType": "season_pass_use",
}
_STATUSES: dict[str, declared.Status] = {
    "paid": "sold",
    "completed": "sold",
    "refunded": "refunded",
    "cancelled": "refunded",
    "reserved": "draft",
    "unpaid": "draft",
    "test": "test",
}
_read = reader(Row)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the item sold in *record*; an event is none."""
    row = _read(record)
    if row.uuid is None:
        if row.id is not None and row.title is not None and row.start_at is not None:
            return sales.EVENT
        raise Rejected(Reason.INVALID_FIELD, "$.uuid: missing")
    if row.transaction_datestamp is None:
        raise Rejected(Reason.INVALID_FIELD, "$.transaction_datestamp: missing")
    status = declared.status(row.status, _STATUSES, origin, "$.status")
    if status in sales.NO_SALES:
        return sales.NO_SALES[status]
    sold = row.transaction_datestamp
    currency = row.currency or origin.organisation.currency
    transaction = Transaction(
        transaction=row.uuid,
        order=_order(row),
        version=None,
        sold_at=sold.at,
        sold_is_date=sold.is_date,
        channel="other",
        currency=currency,
        lines=sales.lines_of(_line(row, row.uuid, sold, currency, origin), status),
    )
    return sales.told(transaction, _customer(row), origin)


def _order(row: Row) -> str:
    if row.order_id is not None:
        return str(row.order_id)
    return row.ref_number or cast("str", row.uuid)


def _line(row: Row, number: str, sold: Moment, currency: str, origin: Origin) -> Line:
    if row.gross is None:
        raise Rejected(Reason.INVALID_FIELD, "$.gross: missing")
    unit = declared.money_unit(origin)
    amount = minor_units(row.gross, currency, "$.gross", unit=unit)
    discount = minor_units(row.discount or _NOTHING, currency, "$.discount", unit=unit)
    if discount > amount:
        raise Rejected(Reason.INVALID_FIELD, "$.discount: more than the gross")
    kind = None if row.item_type_id is None else str(row.item_type_id)
    item = _ITEMS.get(row.item_type_type) or origin.feed.item(kind, row.item_type_title)
    return Line(
        line=number,
        kind="sale",
        item=cast("Item", item),
        quantity=1,
        amount_minor=amount,
        discount_minor=discount,
        fee_minor=minor_units(row.fee or _NOTHING, currency, "$.fee", unit=unit),
        vat_rate=None if row.vat_rate is None else vat_rate(row.vat_rate, "$.vat_rate"),
        at=sold.at,
        at_is_date=sold.is_date,
        ticket_type=row.item_type_title or None,
        price_category=row.capacity_name or None,
        performance=_performance(row),
    )


def _performance(row: Row) -> Performance | None:
    if row.event_id is None and row.event_name is None and row.event_start is None:
        return None
    starts = row.event_start
    return Performance(
        performance=None if row.event_id is None else str(row.event_id),
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=row.event_name or None,
    )


def _customer(row: Row) -> Customer | None:
    """Return the buyer; who holds the ticket is not who placed the order."""
    emails = (row.buyer_email, row.email, row.purchaser_email)
    email = next((one for one in emails if one is not None), None)
    told = (row.buyer_first_name, row.buyer_last_name, email, row.customer_id)
    if all(one is None for one in told):
        return None
    return Customer(
        number=None if row.customer_id is None else str(row.customer_id),
        given_name=row.buyer_first_name,
        family_name=row.buyer_last_name,
        email=email,
    )


_NOTHING = Amount(0)

ABOUT = About(
    name="TicketCo",
    delivers={
        "transaction": "SEEN",
        "order": "ASSUMED",
        "sold_at": "SEEN",
        "currency": "ASSUMED",
        "customer.number": "SEEN",
        "customer.given_name": "SEEN",
        "customer.family_name": "SEEN",
        "customer.email": "DOC",
        "line": "SEEN",
        "kind": "ASSUMED",
        "item": "SEEN",
        "ticket_type": "SEEN",
        "price_category": "SEEN",
        "quantity": "SEEN",
        "amount": "DOC",
        "discount": "ASSUMED",
        "fee": "ASSUMED",
        "vat_rate": "ASSUMED",
        "at": "SEEN",
        "performance.id": "ASSUMED",
        "performance.starts_at": "DOC",
        "performance.production": "SEEN",
    },
    money="`gross`, `discount` and `fee` are numbers in kroner of the item (ASSUMED: that there is "
    'a price is DOC, neither its name nor its unit is). `money_unit = "minor"` in the register '
    "reads them as øre. The currency is the row's, else the register's.",
    times="ISO 8601 with an offset (SEEN). Without one it is Oslo's.",
    refunds="`status` refunded or cancelled (ASSUMED) is a refund of the whole price without the "
    "fee, whose time nobody tells; until then the row counts as sold. Whether a refunded row "
    "changes or vanishes is not known: one that vanishes has to be found by reading all again.",
    exchanges="Not known; ASSUMED one row that is refunded and another that is sold.",
    versions="None: what was received later replaces the row. Rows change (check-in), so all open "
    "events are read again and again.",
    authentication="The API takes a token in the query string (SEEN); keep it out of logs. There "
    "is no push of its own: a script signs as the open standard does.",
    configure='`id = "ticketco"`, `transport = "poll"` or `"push"`; `statuses = { Refundert = '
    '"refunded" }` for codes of your own (sold, refunded, draft, test); `money_unit`; `items` by '
    "`item_type_id` or `item_type_title`.",
    verify=(
        "The names and the unit of price, fee, discount and VAT",
        "Whether the price is before the discount",
        "The codes of `status`, and what becomes of a row that is refunded or exchanged",
        "Whether `uuid` stays the same for ever, and what groups the rows of an order",
        "The name of the buyer's e-mail, and a customer's number",
        "What a season pass's shadow item is, and its price",
    ),
    cannot_say={},
)

ADAPTER = Adapter(
    label="SEEN",
    transports=("poll", "push", "import"),
    transaction_is="the row, uuid; the order is order_id, else ref_number",
    split=splitter("item_grosses", "events"),
    parse=parse,
    number=number_of("uuid"),
    about=ABOUT,
)
