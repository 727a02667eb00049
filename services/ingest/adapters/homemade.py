"""The open standard, which any system can send; a transaction is what its sender calls one.

The contract is ours: the names are fixed, further fields are ignored. What a reader has to know of
it beside the JSON Schema is in docs/open-standard.md.
"""

from datetime import date
from typing import cast

from kudos.errors import Reason, Rejected
from kudos.records import Consents, Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import standard
from services.ingest.adapters.base import About, Adapter, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import minor_units, vat_rate
from services.ingest.adapters.reading import number_of, reader
from services.ingest.adapters.sales import told
from services.ingest.adapters.times import Moment

#: What is served at /v1/standard/transaction.json.
SCHEMA = standard.schema()

_read = reader(standard.Transaction)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the transaction in *record*, without the lines that a guest's own feed brings."""
    return taken(_read(record), origin)


def taken(sent: standard.Transaction, origin: Origin) -> Parsed:
    """Return the transaction that was *sent*, without the lines that a guest's own feed brings.

    Where no line is left of some, or it was sold when another system was in use, it is ignored:
    what an earlier version of it counted then stands until a version without lines comes.
    """
    currency = sent.currency or origin.organisation.currency
    lines = tuple(_line(line, n, sent, currency, origin) for n, line in enumerate(sent.lines))
    transaction = Transaction(
        transaction=sent.transaction,
        order=sent.order or sent.transaction,
        version=sent.version,
        sold_at=sent.sold_at.at,
        sold_is_date=sent.sold_at.is_date,
        channel=sent.channel or "other",
        currency=currency,
        lines=lines,
    )
    return told(transaction, None if sent.customer is None else _customer(sent.customer), origin)


def _line(
    sent: standard.Line, place: int, whole: standard.Transaction, currency: str, origin: Origin
) -> Line:
    try:
        amount, discount = _amounts(sent, currency)
        at = sent.at or whole.sold_at
        return Line(
            line=sent.line or str(place + 1),
            kind=sent.kind or "sale",
            item=cast("Item", sent.item or origin.feed.item(sent.ticket_type)),
            quantity=sent.quantity,
            amount_minor=amount,
            discount_minor=discount,
            fee_minor=0 if sent.fee is None else minor_units(sent.fee, currency, "fee"),
            vat_rate=None if sent.vat_rate is None else vat_rate(sent.vat_rate, "vat_rate"),
            at=at.at,
            at_is_date=at.is_date,
            ticket_type=sent.ticket_type or None,
            price_category=sent.price_category or None,
            performance=None if sent.performance is None else _performance(sent.performance),
        )
    except Rejected as error:
        raise Rejected(error.reason, f"$.lines[{place}].{error.detail}") from None


def _amounts(sent: standard.Line, currency: str) -> tuple[int, int]:
    """Return the line's amount and its discount, which may not be more."""
    if sent.unit_price is not None and sent.amount is None:
        amount = minor_units(sent.unit_price, currency, "unit_price", sent.quantity)
    elif sent.amount is not None and sent.unit_price is None:
        amount = minor_units(sent.amount, currency, "amount")
    else:
        raise Rejected(Reason.INVALID_FIELD, "unit_price: this or amount, and not both")
    if sent.discount is None:
        return amount, 0
    discount = minor_units(sent.discount, currency, "discount")
    if discount > amount:
        raise Rejected(Reason.INVALID_FIELD, "discount: more than the amount")
    return amount, discount


def _performance(sent: standard.Performance) -> Performance:
    starts: Moment | None = sent.starts_at
    return Performance(
        performance=sent.id or None,
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=sent.production or None,
        venue=sent.venue or None,
        genre=sent.genre or None,
    )


def _birth_date(sent: str | None) -> str | None:
    try:
        if sent and len(sent) == 10:
            date.fromisoformat(sent)
    except ValueError:
        raise Rejected(Reason.INVALID_FIELD, "$.customer.birth_date: no day") from None
    return sent


def _customer(sent: standard.Customer) -> Customer:
    return Customer(
        number=sent.number,
        given_name=sent.given_name,
        family_name=sent.family_name,
        email=sent.email,
        phone=sent.phone,
        street=sent.street,
        postal_code=sent.postal_code,
        country=sent.country and sent.country.upper(),
        birth_date=_birth_date(sent.birth_date),
        gender=sent.gender or None,
        consents=Consents() if sent.consents is None else Consents(sent.consents.statistics),
    )


ABOUT = About(
    name="The open standard",
    # the contract is ours: all of it
    delivers=dict.fromkeys(
        (
            *("transaction", "order", "version", "sold_at", "channel", "currency"),
            *("customer.number", "customer.given_name", "customer.family_name", "customer.email"),
            *("customer.phone", "customer.street", "customer.postal_code", "customer.country"),
            *("customer.birth_date", "customer.gender", "customer.consents.statistics"),
            *("line", "kind", "item", "ticket_type", "price_category", "quantity"),
            *("unit_price", "amount", "discount", "fee", "vat_rate", "at"),
            *("performance.id", "performance.starts_at", "performance.production"),
            *("performance.venue", "performance.genre"),
        ),
        "DOC",
    ),
    money="Numbers, or text with a point, in the currency's main unit; what is finer than its "
    "minor unit is rejected. The currency is the register's unless the transaction names one.",
    times="ISO 8601; a bare date has no hour; without a zone it is Oslo's.",
    refunds="A line of kind refund, which may bear its sale's number; numbers are never negative.",
    exchanges="A refund and a sale, in one transaction or in two of one `order`.",
    versions="`version`, a whole number that the sender raises.",
    authentication="Standard Webhooks signatures, or an address that cannot be guessed.",
    configure='`id = "homemade"`, `secrets`; files by a [mapping](../mapping.md). All of the '
    "contract stands in [the open standard](../open-standard.md).",
    verify=(
        "`kudos standard check FILE` says what is wrong with a file of it: nothing is left to ask",
    ),
)

ADAPTER = Adapter(
    label="DOC",
    transports=("push", "import"),
    transaction_is="what the sender numbers and replaces as a whole: an order, or a credit note",
    split=splitter(),
    parse=parse,
    number=number_of("transaction"),
    about=ABOUT,
)
