"""PCKasse: a web order, or a credit of one; each is a transaction, the credit in its sale's order.

PCKasse calls the web shop over SOAP (DOC, "Webshop integration 1.2"): it fetches orders, and tells
what it delivered and credited. SEEN, in WSDLs of implementers: the operations, ``listWebOrders``
with its contact, ``updateOrder`` and ``orderLines{amount, orderLineId}``, where ``amount`` is a
count. ASSUMED, for the copy ends there: an order's ``deltaOrderId`` (else ``orderId``),
``orderDate`` and ``timestamp`` in milliseconds, e-mail and phone of the contact, and of a line
``articleNo``, ``name``, ``price`` (kroner a piece, with VAT), ``discount`` (of the line) and
``vat``; a credit has ``sendId``, and its lines those of an order. Elements are read whatever their
namespace and type say. Login and password stand in every body: no record holds them. A till's own
receipts come by SAF-T.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from lxml import etree

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Kind, Line, Transaction
from services.ingest.adapters import times, trees
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed, Person
from services.ingest.adapters.money import minor_units, vat_rate
from services.ingest.adapters.persons import is_country, parted
from services.ingest.adapters.sales import EVENT, told
from services.ingest.adapters.trees import Element, child, children, text

_ORDER, _CREDIT = "listWebOrders", "CreditOrder"
#: What tells of goods, of customers, or of what was delivered of an order that is known.
_EVENTS = {"sendArticle", "updateStock", "UpdatePackageInfo", "updateOrderStatus", "getOrders"}
_CONTACT = "sendCustomerInfo"
_SECRET = {"login", "password", "computerName"}
_MILLISECONDS = re.compile(r"[0-9]{1,14}")
_COUNT = re.compile(r"-?[0-9]{1,9}(\.0+)?")


def split(body: bytes) -> Sequence[bytes]:
    """Return what a SOAP body holds, each without the login: orders, or one other call."""
    if not body.strip():
        return ()
    root = trees.tree(body)
    found = list(_calls(root))
    if not found and trees.name(root) not in {"Envelope", "getOrdersResponse"}:
        raise Rejected(Reason.UNREADABLE, "no message of PCKasse's")
    return [_alone(one) for one in found]


def _calls(root: Element) -> Sequence[Element]:
    """Return the orders and calls in *root*, also where it is one of them."""
    if trees.name(root) in {_ORDER, _CREDIT, _CONTACT, *_EVENTS}:
        return [root]
    return [found for inner in root for found in _calls(inner)]


def _alone(element: Element) -> bytes:
    for inner in list(element):
        if trees.name(inner) in _SECRET:
            element.remove(inner)
    element.tail = None
    return bytes(etree.tostring(element, encoding="utf-8"))


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the order, the credit or the customer in *record*; a call of another kind is ignored.

    An order without lines tells of its customer alone.
    """
    sent = trees.tree(record)
    kind = trees.name(sent)
    if kind in _EVENTS:
        return EVENT
    if kind == _CONTACT:
        info = child(sent, "customerInfo")
        return (_info(sent if info is None else info),)
    if kind == _CREDIT:
        return _sale(_inner(sent, "creditOrder"), "refund", origin)
    if kind != _ORDER:
        raise Rejected(Reason.INVALID_FIELD, "listWebOrders: missing")
    if not children(sent, "orderLines") and _number(sent) is None:
        who = _customer(sent)
        return (Ignored("draft") if who is None else Person(who, None),)
    return _sale(sent, "sale", origin)


def _inner(sent: Element, named: str) -> Element:
    found = child(sent, named)
    return sent if found is None else found


def _sale(sent: Element, kind: Kind, origin: Origin) -> Parsed:
    order = _number(sent)
    if order is None:
        raise Rejected(Reason.INVALID_FIELD, "deltaOrderId: missing")
    is_credit = kind == "refund"
    at = _at(sent, "timestamp" if is_credit else "orderDate")
    if at is None:
        raise Rejected(Reason.INVALID_FIELD, "orderDate: missing")
    currency = origin.organisation.currency
    lines = tuple(_line(one, kind, at, currency, origin) for one in children(sent, "orderLines"))
    if is_credit and not lines:
        raise Rejected(Reason.INVALID_FIELD, "orderLines: missing")
    transaction = Transaction(
        transaction=_credit(order, sent) if is_credit else order,
        order=order,
        version=None,
        sold_at=at,
        sold_is_date=False,
        channel="web",
        currency=currency,
        lines=lines,
    )
    return told(transaction, None if is_credit else _customer(sent), origin)


def _number(sent: Element) -> str | None:
    """Return an order's number; 0 is what stands where there is none."""
    said = (text(sent, name) for name in ("deltaOrderId", "orderId"))
    return next((one for one in said if one and one != "0" and len(one) <= 200), None)


def _credit(order: str, sent: Element) -> str:
    return f"{order}-credit-{trees.needed(sent, 'sendId')}"


def _line(sent: Element, kind: Kind, at: datetime, currency: str, origin: Origin) -> Line:
    price, rate = trees.amount(sent, "price"), trees.amount(sent, "vat")
    count = trees.needed(sent, "amount")
    if price is None:
        raise Rejected(Reason.INVALID_FIELD, "price: missing")
    if _COUNT.fullmatch(count) is None:
        raise Rejected(Reason.INVALID_FIELD, "amount: expected a count")
    quantity = int(count.partition(".")[0])
    if kind == "sale" and (quantity < 0 or price < 0):
        kind = "refund"
    amount = minor_units(abs(price), currency, "price", abs(quantity))
    less = trees.amount(sent, "discount")
    discount = 0 if less is None else minor_units(abs(less), currency, "discount")
    if discount > amount:
        raise Rejected(Reason.INVALID_FIELD, "discount: more than the amount")
    article, named = text(sent, "articleNo") or None, text(sent, "name") or None
    return Line(
        line=trees.needed(sent, "orderLineId"),
        kind=kind,
        item=cast("Item", origin.feed.item(article, named, default="other")),
        quantity=abs(quantity),
        amount_minor=amount,
        discount_minor=discount,
        vat_rate=None if rate is None else vat_rate(rate, "vat"),
        at=at,
        ticket_type=named or article,
    )


def _at(sent: Element, named: str) -> datetime | None:
    """Return a time that is sent in milliseconds since 1970; it has no zone to mistake."""
    said = text(sent, named)
    if not said:
        return None
    if _MILLISECONDS.fullmatch(said) is None:
        raise Rejected(Reason.INVALID_FIELD, f"{named}: expected milliseconds since 1970")
    at = times.FIRST + timedelta(milliseconds=int(said))
    if at >= times.LAST:
        raise Rejected(Reason.INVALID_FIELD, f"{named}: expected a time of 1970 to 2100")
    return at


def _customer(sent: Element) -> Customer | None:
    """Return the contact of an order; None where it has neither number, name nor address."""
    number = text(sent, "contactId")
    email, phone = text(sent, "contactEmail"), text(sent, "contactPhone")
    given, family = parted(text(sent, "contactName") or "")
    if not any((number not in {None, "", "0"}, family, email, phone)):
        return None
    country = text(sent, "contactCountryCode")
    return Customer(
        number=number if number != "0" else None,
        given_name=given,
        family_name=family,
        email=email,
        phone=phone,
        street=text(sent, "contactAddressline1"),
        postal_code=text(sent, "contactPostNo"),
        country=country.upper() if country and is_country(country) else None,
    )


def _info(sent: Element) -> Person:
    country = text(sent, "countryCode")
    given, family = parted(text(sent, "name") or "")
    customer = Customer(
        number=trees.needed(sent, "deltaCustomerId"),
        given_name=given or None,
        family_name=family or None,
        email=text(sent, "email"),
        street=text(sent, "address1"),
        country=country.upper() if country and is_country(country) else None,
    )
    return Person(customer, None)


def number(record: bytes) -> str | None:
    """Return the transaction's number, whatever else is wrong with the record."""
    try:
        sent = trees.tree(record)
        if trees.name(sent) == _ORDER:
            return _number(sent)
        if trees.name(sent) == _CREDIT:
            inner = _inner(sent, "creditOrder")
            order = _number(inner)
            return None if order is None else _credit(order, inner)
    except Rejected:
        pass
    return None


ADAPTER = Adapter(
    label="SEEN",
    transports=("push", "import"),
    transaction_is="the web order, deltaOrderId; a credit of it is one too, by its sendId",
    split=split,
    parse=parse,
    number=number,
    about=About(
        name="PCKasse",
        delivers={
            "transaction": "SEEN",
            "sold_at": "ASSUMED",
            "customer.number": "SEEN",
            "customer.given_name": "SEEN",
            "customer.family_name": "SEEN",
            "customer.email": "ASSUMED",
            "customer.phone": "ASSUMED",
            "customer.street": "SEEN",
            "customer.postal_code": "SEEN",
            "customer.country": "ASSUMED",
            "line": "SEEN",
            "kind": "SEEN",
            "ticket_type": "ASSUMED",
            "quantity": "SEEN",
            "unit_price": "ASSUMED",
            "discount": "ASSUMED",
            "vat_rate": "ASSUMED",
        },
        money=(
            "kroner with a point, price of a piece with VAT (ASSUMED); amount of a line is a "
            "count; the currency is the register's"
        ),
        times="milliseconds since 1970 (ASSUMED), so no zone and no changeover night",
        refunds=(
            "a call of its own, CreditOrder, which names the order (SEEN); its lines are "
            "refunds whatever their sign, at its timestamp (ASSUMED)"
        ),
        exchanges="a credit and another order; nothing ties them together",
        versions=(
            "none: what comes later replaces it. PCKasse queues its calls and sends one that "
            "failed again (DOC), with the same sendId"
        ),
        authentication=(
            "login and password in every body (DOC), which are taken out of what is kept"
        ),
        configure=(
            "login and secrets in the register: the till's number and password; items by "
            "articleNo or name, else everything is other"
        ),
        verify=(
            "the rest of an order: its lines, e-mail, phone and time; the public copy ends before",
            "what CreditOrder holds",
            (
                "which values of orderStatusId mean that an order is cancelled: "
                "updateOrderStatus is not read"
            ),
            "a schedule of SAF-T files for what is sold in the shop",
        ),
        cannot_say={"fee": "an order has no field for a fee: what is charged is an article"},
    ),
)
