"""Hoopla's purchases: sent again whole when a ticket is revoked, and nobody says when it was."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.programme import Performance
from simulation.vendors.homemade import first

#: Its numbers are greater than 2³¹.
_NUMBERS = 3_000_000_000


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the purchase, and again when tickets are revoked; exchanges it cannot tell."""
    lines = tuple(
        structs.replace(line, performance=_event(line.performance)) for line in order.lines
    )
    number = str(_NUMBERS + order.number)
    purchase = structs.replace(first(order, number, None), order=number, lines=lines)
    yield purchase
    for fate in fates:
        gone = {line.line for line in purchase.lines if line.kind == "refund"}
        back = [line for line in lines if line.line in fate.pieces and line.line not in gone]
        if fate.what == "refund" and back:
            # whether the fee is paid back nobody tells, so it is not
            added = tuple(
                structs.replace(x, kind="refund", undated=True, fee_minor=0) for x in back
            )
            purchase = structs.replace(purchase, lines=purchase.lines + added, due=fate.at)
            yield purchase


def _event(performance: Performance | None) -> Performance | None:
    """Return what a ticket tells of its event: no venue, no genre."""
    return performance and structs.replace(performance, venue="", genre="")


def native(document: Document) -> dict[str, Any]:
    """Return the purchase; names as in Hoopla's own test data."""
    revoked = {line.line for line in document.lines if line.kind == "refund"}
    sold = [line for line in document.lines if line.kind == "sale"]
    at = document.sold_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    user = document.account and _user(document.account)
    return {
        "purchase_id": int(document.transaction),
        "ref_code": f"R{document.style:07d}",
        "fee": sum(line.fee_minor for line in sold),
        "user_id": user,
        "created": at,
        "finalized": at,
        "tickets": [_ticket(line, document, revoked=line.line in revoked) for line in sold],
        "order_ref": f"{document.style:064x}",
        "amount": sum(line.amount_minor for line in sold),
        "vat": 0,
        "fee_vat": 0,
        "payex_data": None,
        "data": {
            "checkout": {
                "checkout_method": "creditcard" if document.channel == "web" else "pos",
                "is_invoice": False,
                "email": None,
            }
        },
    }


def _ticket(line: Line, document: Document, *, revoked: bool) -> dict[str, Any]:
    return {
        "purchase_id": int(document.transaction),
        "ref_code": f"T{document.style:07d}{line.line}",
        "fee": line.fee_minor,
        "invoice_fee": None,
        "price": line.amount_minor,
        "vat": 0,
        "fee_vat": 0,
        "price_group": line.price_category,
        "ticket_type": {
            "name": line.ticket_type,
            "price": line.amount_minor,
            "vat_factor": (line.vat_rate or 0) / 10_000,
        },
        "ticket_id": f"{document.transaction}{int(line.line):04d}",
        "owner": _owner(document.account),
        "credits": [],
        "is_revoked": revoked,
        **_its_event(line.performance),
    }


def _its_event(performance: Performance | None) -> dict[str, Any]:
    if performance is None or performance.starts_at is None:
        return {}
    return {
        "event_id": performance.number,
        "event": {
            "event_id": performance.number,
            "name": performance.production,
            "start": performance.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "is_cancelled": False,
        },
    }


def _user(account: Account) -> int | None:
    return int(account.number) if account.number else None


def _owner(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    return {
        "user_id": _user(account),
        "email": account.email,
        "first_name": account.given_name,
        "last_name": account.family_name,
        "phone_number": account.phone,
    }
