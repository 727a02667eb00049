"""Duell: the order is the transaction, a line each entry of its ``product_data``; or a customer.

SEEN, in the vendor's own plug-in (Kasseservice/woocommerce-3x at b3d6df79): all names, the codes of
``purchase_order_status_id``, ``product_data`` as a list or as an object keyed by number, kroner and
øre, a bare ``order_date``, and that it writes the phone 99999999 where none is known. But
those orders are *sent to* Duell. ASSUMED: what is read looks alike, with ``order_id``; what is not
finished (1, 2, 9, 10, 11) is no sale yet; 8 takes the whole order back, and of its time nothing is
told; a negative ``quantity`` is a return; ``discount_amount`` is of the line, with VAT, and else
``discount_percentage`` of it. A till's receipts come surer by SAF-T.
"""

from decimal import Decimal
from typing import Annotated, Any, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Transaction
from services.ingest.adapters import declared
from services.ingest.adapters.base import About, Adapter, Origin, Parsed, Person
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import Signed, minor_units, nearest_minor_units, vat_rate
from services.ingest.adapters.persons import is_country, parted
from services.ingest.adapters.reading import Numeric, Text, document, fit, numeric, raw_at
from services.ingest.adapters.sales import NO_SALES, lines_of, told
from services.ingest.adapters.times import Moment

#: A number that PHP may write as text, as empty text too.
Said = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] | Text
Count = Annotated[int, Meta(gt=-(1 << 32), lt=1 << 32)]
_STATUSES: dict[str, declared.Status] = {
    **dict.fromkeys(("1", "2", "9", "10", "11"), "draft"),
    **dict.fromkeys(("3", "4", "5", "6", "7"), "sold"),
    "8": "refunded",
}
#: What the plug-in writes where no phone is known.
_NO_PHONE = {"99999999", "00000000"}
#: Where an order's number stands: the first that is there.
_LONGEST = 200
_NUMBERS = ("order_id", "order_number", "reference_order_number", "ref_order_id")


class Address(Struct, frozen=True):
    """An order's address; whose it is, the customer's own record tells."""

    address: Text | None = None
    zip: Said | None = None
    country: Text | None = None


class Head(Struct, frozen=True):
    """What an order says of itself."""

    order_date: Moment
    purchase_order_status_id: Numeric | None = None
    order_id: Said | None = None
    order_number: Said | None = None
    reference_order_number: Said | None = None
    ref_order_id: Said | None = None
    is_pos: bool | int | None = None
    customer_id: Said | None = None
    order_address: Address | None = None


class Product(Struct, frozen=True):
    """A line; prices are of a piece."""

    price_inc_vat: Signed
    quantity: Count
    product_id: Numeric | None = None
    product_name: Text | None = None
    vatrate_percent: Signed | None = None
    discount_amount: Signed | None = None
    discount_percentage: Signed | None = None


class Order(Struct, frozen=True):
    """An order, as ``sale/orders/save`` takes it."""

    order_data: Head
    product_data: Any


class Contact(Struct, frozen=True):
    """A record of ``customer/list``; it has no time."""

    customer_id: Numeric
    customer_name: Text | None = None
    phone: Said | None = None
    email: Text | None = None
    primary_address: Text | None = None
    primary_zip: Said | None = None


class _Lines(Struct, frozen=True):
    product_data: dict[str, Product]


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the order, or the customer, in *record*."""
    found = document(record)
    if "order_data" not in found and "customer_id" in found:
        return (_person(fit(found, Contact, record)),)
    order = fit(found, Order, record)
    products = fit({"product_data": _keyed(order.product_data)}, _Lines, record).product_data
    head = order.order_data
    status = declared.status(
        head.purchase_order_status_id, _STATUSES, origin, "purchase_order_status_id"
    )
    if status in NO_SALES:
        return NO_SALES[status]
    name = next((said for n in _NUMBERS if (said := _said(getattr(head, n)))), None)
    if name is None or len(name) > _LONGEST:
        raise Rejected(Reason.INVALID_FIELD, "order_data.order_id: missing, or no number")
    lines = [
        line
        for key, product in products.items()
        for line in _lines(key, product, head, status, origin)
    ]
    transaction = Transaction(
        transaction=name,
        order=name,
        version=None,
        sold_at=head.order_date.at,
        sold_is_date=head.order_date.is_date,
        channel="till" if head.is_pos else "web",
        currency=origin.organisation.currency,
        lines=tuple(lines),
    )
    return told(transaction, _customer(head), origin)


def _keyed(sent: Any) -> Any:
    """Return the lines by their keys: PHP writes a list as either."""
    return {str(place): one for place, one in enumerate(sent)} if isinstance(sent, list) else sent


def _lines(
    key: str, sent: Product, head: Head, status: declared.Status, origin: Origin
) -> tuple[Line, ...]:
    currency = origin.organisation.currency
    count = abs(sent.quantity)
    amount = minor_units(abs(sent.price_inc_vat), currency, "price_inc_vat", count)
    product = None if sent.product_id is None else str(sent.product_id)
    is_return = sent.quantity < 0 or sent.price_inc_vat < 0
    line = Line(
        line=key,
        kind="refund" if is_return else "sale",
        item=cast("Item", origin.feed.item(product, sent.product_name, default="other")),
        quantity=count,
        amount_minor=amount,
        discount_minor=_discount(sent, amount, currency),
        vat_rate=None
        if sent.vatrate_percent is None
        else vat_rate(sent.vatrate_percent, "vatrate_percent"),
        at=head.order_date.at,
        at_is_date=head.order_date.is_date,
        ticket_type=sent.product_name or product,
    )
    if is_return and status == "refunded":
        raise Rejected(Reason.INVALID_FIELD, "quantity: a return in an order that is taken back")
    return (line,) if is_return else lines_of(line, status)


def _discount(sent: Product, amount: int, currency: str) -> int:
    found = minor_units(abs(sent.discount_amount or Decimal(0)), currency, "discount_amount")
    if not found and sent.discount_percentage:
        share = vat_rate(sent.discount_percentage, "discount_percentage")
        found = nearest_minor_units(
            abs(sent.price_inc_vat) * abs(sent.quantity),
            currency,
            "discount_percentage",
            Decimal(share).scaleb(-4),
        )
    if found > amount:
        raise Rejected(Reason.INVALID_FIELD, "discount_amount: more than the amount")
    return found


def _said(number: int | str | None) -> str:
    return "" if number is None else str(number).strip()


def _customer(head: Head) -> Customer | None:
    number = _said(head.customer_id)
    if not number or number == "0":
        return None
    at = head.order_address or Address()
    return Customer(
        number=number,
        street=at.address,
        postal_code=_postal_code(at.zip),
        country=at.country.upper() if at.country and is_country(at.country) else None,
    )


def _person(contact: Contact) -> Person:
    given, family = (None, None)
    if contact.customer_name is not None:
        given, family = parted(contact.customer_name)
    phone = None if contact.phone is None else str(contact.phone)
    customer = Customer(
        number=_said(contact.customer_id),
        given_name=given,
        family_name=family,
        email=contact.email,
        phone=None if phone is None or phone.replace(" ", "") in _NO_PHONE else phone,
        street=contact.primary_address,
        postal_code=_postal_code(contact.primary_zip),
    )
    return Person(customer, None)


def _postal_code(sent: int | str | None) -> str | None:
    """Return a postal code; a number has lost its zeros."""
    return f"{sent:04}" if isinstance(sent, int) else sent


def number(record: bytes) -> str | None:
    """Return the order's number, of which nothing but its own fields is read."""
    for name in _NUMBERS:
        raw = raw_at(record, ("order_data", name))
        if raw is None or bytes(raw) in {b"null", b'""'}:
            continue
        found = numeric(raw)
        if found is None or found.strip():
            return None if found is None else found.strip()
    return None


ADAPTER = Adapter(
    label="SEEN",
    transports=("poll", "push", "import"),
    transaction_is="the order, order_id (else order_number, reference_order_number, ref_order_id)",
    split=splitter("orders", "customers"),
    parse=parse,
    number=number,
    about=About(
        name="Duell (Kasseservice)",
        delivers={
            "transaction": "SEEN",
            "sold_at": "SEEN",
            "channel": "SEEN",
            "customer.number": "SEEN",
            "customer.street": "SEEN",
            "customer.postal_code": "SEEN",
            "customer.country": "SEEN",
            "customer.given_name": "SEEN",
            "customer.family_name": "SEEN",
            "customer.email": "SEEN",
            "customer.phone": "SEEN",
            "line": "SEEN",
            "kind": "ASSUMED",
            "ticket_type": "SEEN",
            "quantity": "SEEN",
            "unit_price": "SEEN",
            "discount": "SEEN",
            "vat_rate": "SEEN",
        },
        money=(
            "kroner with decimals, price_inc_vat of a piece with VAT (inferred from the "
            "plug-in); the currency is the register's"
        ),
        times="order_date is a bare date, without an hour",
        refunds=(
            "status 8 takes the whole order back, at a time that nobody tells (status SEEN); a "
            "line of negative quantity is a return (ASSUMED)"
        ),
        exchanges="a line of negative quantity and a new one in one order (ASSUMED)",
        versions="none: what comes later replaces it",
        authentication=(
            "the API's own: getaccesstokens with client number and token, then Bearer; 401 or "
            "403 means a new token; its firewall blocks data centres until the vendor allows "
            "the address (SEEN)"
        ),
        configure=(
            "items in the register, by product_id or product_name, else everything is other; "
            "statuses in the register, by the number, where a house uses them otherwise"
        ),
        verify=(
            (
                "the read endpoint for a till's own sales, which nobody has seen: ask for SAF-T "
                "where there is none"
            ),
            "that orders read have the form of orders sent",
            "whether discount_amount is of the line and with VAT",
            "what a return looks like, and which statuses are sales",
        ),
        cannot_say={"fee": "an order has no field for a fee: what is charged is a product"},
    ),
)
