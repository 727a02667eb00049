"""What MarketHype's import takes, written of sales by the open standard; names as in markethype.py.

Consent to be written to is none that a sale has, so it is left out, and so are fees, and who said
no to statistics. MarketHype withdraws an order as a whole, so a refund is written by what is left
of its sale.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from kudos.currencies import DIGITS
from kudos.errors import Reason, Rejected
from kudos.records import Customer, Line, Transaction
from kudos.register import OSLO
from services.ingest.adapters.base import Sale


def contacts(sales: Iterable[Sale]) -> bytes:
    """Return an import request of the contacts in *sales*, each once."""
    found = dict.fromkeys(sale.customer for sale in sales if sale.customer is not None)
    written = [one for customer in found if (one := _contact(customer))]
    return msgspec.json.encode({"contacts": written})


def orders(sales: Iterable[Sale]) -> bytes:
    """Return an import request of the orders in *sales*, or reject what it has no words for."""
    return msgspec.json.encode({"orders": [_order(sale) for sale in sales]})


def _order(sale: Sale) -> dict[str, Any]:
    sold = sale.transaction
    lines = [_line(line, left, sold) for line, left in _left(sold.lines)]
    contact = None if sale.customer is None else _contact(sale.customer)
    at = _moment(sold.sold_at, is_date=sold.sold_is_date)
    said = {"orderId": sold.transaction, "createdAt": at, "lines": lines}
    return said | ({"contact": contact} if contact else {}) | ({} if lines else {"withdrawn": True})


def _left(lines: Sequence[Line]) -> Iterator[tuple[Line, int]]:
    """Yield the lines that were sold, with how many are left of what was given back."""
    refunds = {line.line: line.quantity for line in lines if line.kind == "refund"}
    sold = {line.line: line for line in lines if line.kind == "sale"}
    if not refunds.keys() <= sold.keys():
        raise Rejected(Reason.INVALID_FIELD, "lines: a refund of what is not sold in it")
    for name, line in sold.items():
        left = line.quantity - refunds.get(name, 0)
        if left < 0:
            raise Rejected(Reason.INVALID_FIELD, "lines: more is given back than was sold")
        if left or not line.quantity:
            yield line, left


def _line(line: Line, left: int, sold: Transaction) -> dict[str, Any]:
    show = line.performance
    starts = show and show.starts_at and _moment(show.starts_at, is_date=show.starts_is_date)
    said = {
        "lineId": line.line,
        "eventId": show and show.performance,
        "eventName": show and show.production,
        "eventStartsAt": starts,
        "venue": show and show.venue,
        "tags": [show.genre] if show is not None and show.genre else None,
        "ticketType": line.ticket_type,
        "quantity": left,
        "price": _price(line, sold.currency),
        "currency": sold.currency,
    }
    return {name: value for name, value in said.items() if value is not None}


def _moment(at: datetime, *, is_date: bool) -> datetime | str:
    """Return a time as it is written: a bare date without an hour."""
    return at.astimezone(OSLO).date().isoformat() if is_date else at


def _price(line: Line, currency: str) -> str:
    """Return the price of a piece, or reject one that is no whole number of the minor unit."""
    paid, many = line.amount_minor - line.discount_minor, line.quantity
    if many == 0 and paid == 0:
        return "0"
    if many == 0 or paid % many:
        raise Rejected(Reason.INVALID_FIELD, "lines: a price that does not part into its pieces")
    return str(Decimal(paid // many).scaleb(-DIGITS.get(currency, 2)))


def _contact(customer: Customer) -> dict[str, Any] | None:
    if customer.consents.statistics is False:
        return None
    lives = {
        "street": customer.street,
        "postalCode": customer.postal_code,
        "country": customer.country,
    }
    said = {
        "id": customer.number,
        "firstName": customer.given_name,
        "lastName": customer.family_name,
        "emails": [customer.email] if customer.email else None,
        "phones": [customer.phone] if customer.phone else None,
        "address": {name: value for name, value in lives.items() if value} or None,
    }
    return {name: value for name, value in said.items() if value} or None
