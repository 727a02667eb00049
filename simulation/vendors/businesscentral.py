"""Business Central's posted documents, expanded: an invoice, and a memo for what goes back."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import (
    back,
    changed_at,
    corrected,
    document,
    guid,
    kroner,
    local,
    midnight,
    says,
    since_1970,
)

_SAYS = says("discount vat_rate ticket_type", "")
_NO_ID = "00000000-0000-0000-0000-000000000000"


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the invoice, newer ones of it, and a credit memo for each return."""
    number = guid(order.house.id, order.number)
    names = {line.line: guid(number, line.line) for line in order.lines}
    lines = [structs.replace(_SAYS.of(line), line=names[line.line]) for line in order.lines]
    version = since_1970(order.sold_at)
    invoice = document(order, number, lines, channel="other", day=True, version=version)
    yield invoice
    gone: set[str] = set()
    for place, told in enumerate(fates):
        pieces = {names[line]: count for line, count in told.pieces.items()}
        fate = structs.replace(told, pieces=pieces)
        if fate.what == "refund":
            memo = _memo(invoice, fate, place, gone)
            gone |= pieces.keys()
            if memo.lines:
                yield memo
        elif fate.what == "correct" and not gone and fate.how not in {"line_day", "empty"}:
            changed = corrected(invoice, fate)
            if changed is not None:
                version = max(since_1970(fate.at), version + 1)
                invoice = structs.replace(changed, version=version, due=fate.at)
                yield invoice


def _memo(invoice: Document, fate: Fate, place: int, gone: set[str]) -> Document:
    lines = [
        structs.replace(
            back(line, min(fate.pieces[line.line], line.quantity)), line=guid(line.line, place)
        )
        for line in invoice.lines
        if line.line in fate.pieces and line.line not in gone
    ]
    return structs.replace(
        invoice,
        transaction=guid(invoice.transaction, place),
        version=since_1970(fate.at),
        sold_at=midnight(fate.at),
        lines=tuple(lines),
        due=fate.at,
    )


def native(told: Document) -> dict[str, Any]:
    """Return the invoice or the memo."""
    is_memo = told.transaction != told.order
    day = local(told.sold_at, "%Y-%m-%d")
    total = sum(line.amount_minor - line.discount_minor for line in told.lines)
    return {
        "id": told.transaction,
        "number": f"PS-{'CR' if is_memo else 'INV'}{told.style}",
        "creditMemoDate" if is_memo else "invoiceDate": day,
        "postingDate": day,
        "currencyCode": told.currency if told.style % 2 else "",
        "pricesIncludeTax": True,
        "status": "Paid",
        "lastModifiedDateTime": changed_at(told.version or 0),
        "totalAmountIncludingTax": kroner(total),
        "salesCreditMemoLines" if is_memo else "salesInvoiceLines": [
            _line(line, place) for place, line in enumerate(told.lines, 1)
        ],
        **({"invoiceId": told.order} if is_memo else {"orderId": _NO_ID}),
        **(_customer(told.account) if told.account else {"customerNumber": "", "email": ""}),
    }


def _line(line: Line, place: int) -> dict[str, Any]:
    return {
        "id": line.line,
        "sequence": place * 10_000,
        "lineType": "Item",
        "lineObjectNumber": f"V-{line.vat_rate}",
        "description": line.ticket_type,
        "quantity": line.quantity,
        "discountAmount": kroner(line.discount_minor),
        "taxPercent": kroner(line.vat_rate or 0),
        "amountIncludingTax": kroner(line.amount_minor - line.discount_minor),
    }


def _customer(who: Account) -> dict[str, Any]:
    return {
        "customerNumber": who.number,
        "email": who.email,
        "phoneNumber": who.phone,
        "sellToAddressLine1": who.street,
        "sellToPostCode": who.postal_code,
        "sellToCountry": who.country,
        "customer": {
            "number": who.number,
            "displayName": f"{who.given_name or ''} {who.family_name or ''}".strip(),
            "type": "Person",
        },
    }
