"""The open standard: one document an order, sent again whole with a newer version."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from msgspec import structs

from kudos.register import OSLO
from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.programme import Performance


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the order's versions, and refunds that come as documents of their own."""
    document = first(order, str(order.number), 1 + order.number % 3)
    yield document
    given_back: set[str] = set()  # in documents apart
    for place, told in enumerate(fates):
        left = {line: count for line, count in told.pieces.items() if line not in given_back}
        fate = structs.replace(told, pieces=left)
        changed = _CHANGES[fate.what](document, fate)
        if changed is None:
            continue
        if fate.what == "refund" and fate.apart:
            given_back |= left.keys()
            yield _credit_note(document, changed, fate, place)
            continue
        # numbers may be skipped
        version = (document.version or 0) + 1 + order.number % 2
        document = structs.replace(changed, version=version, due=fate.at)
        yield document


def first(order: Order, transaction: str, version: int | None) -> Document:
    """Return the document of an order to which nothing has happened yet."""
    sold_at = _midnight(order.sold_at) if order.house.bare_dates else order.sold_at
    return Document(
        house=order.house.id,
        vendor=order.vendor,
        transaction=transaction,
        order=str(order.number),
        version=version,
        sold_at=sold_at,
        sold_is_date=order.house.bare_dates,
        channel=order.channel,
        currency=order.currency,
        account=order.account,
        lines=order.lines,
        due=order.sold_at,
        style=order.number,
    )


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(OSLO).date(), time(0), OSLO).astimezone(UTC)


def _when(document: Document, at: datetime) -> datetime:
    return _midnight(at) if document.sold_is_date else at


def _credit_note(before: Document, after: Document, fate: Fate, place: int) -> Document:
    """Return the refund lines that *after* adds, as a document that names the order."""
    added = after.lines[len(before.lines) :]
    return structs.replace(
        before,
        transaction=f"{before.order}-K{place}",
        version=1,
        sold_at=_when(before, fate.at),
        lines=tuple(structs.replace(line, at=None) for line in added),
        due=fate.at,
    )


def _refund(document: Document, fate: Fate) -> Document | None:
    added = []
    refunded = {line.line for line in document.lines if line.kind == "refund"}
    for line in document.lines:
        wanted = fate.pieces.get(line.line)
        # once a line: how much is left is the house's business, and it gives no more than it got
        if wanted and line.kind == "sale" and line.line not in refunded:
            added.append(_returned(line, min(wanted, line.quantity), _when(document, fate.at)))
    return structs.replace(document, lines=document.lines + tuple(added)) if added else None


def _returned(line: Line, count: int, at: datetime) -> Line:
    """Return the refund of *count* of *line*, in whole øre; the fee only with the whole line."""
    whole = count == line.quantity
    return structs.replace(
        line,
        kind="refund",
        quantity=count,
        amount_minor=line.amount_minor * count // line.quantity,
        discount_minor=line.discount_minor * count // line.quantity,
        fee_minor=line.fee_minor if whole else 0,
        at=at,
    )


def _exchange(document: Document, fate: Fate) -> Document | None:
    returned = _refund(document, fate)
    if returned is None:
        return None
    new = structs.replace(
        next(line for line in document.lines if line.line in fate.pieces),
        line=f"{next(iter(fate.pieces))}-b",
        at=_when(document, fate.at),
        fee_minor=2500,
        performance=fate.performance,
    )
    return structs.replace(returned, lines=(*returned.lines, new))


def corrected(document: Document, fate: Fate) -> Document | None:
    """Return *document* as it is after a correction; None: there was nothing to correct."""
    return _CORRECTIONS[fate.how](document, fate)


def _one_line(
    change: Callable[[Document, Line, Fate], Line | None],
) -> Callable[[Document, Fate], Document]:
    def apply(document: Document, fate: Fate) -> Document:
        changed = [
            change(document, line, fate) if line.line in fate.pieces else line
            for line in document.lines
        ]
        return structs.replace(document, lines=tuple(line for line in changed if line is not None))

    return apply


def _recount(_document: Document, line: Line, fate: Fate) -> Line:
    count = fate.pieces[line.line]
    return structs.replace(
        line,
        quantity=count,
        amount_minor=line.amount_minor * count // line.quantity,
        discount_minor=line.discount_minor * count // line.quantity,
    )


def _redate(document: Document, line: Line, fate: Fate) -> Line:
    return structs.replace(line, at=_when(document, document.sold_at + timedelta(days=fate.days)))


def _retype(_document: Document, line: Line, _fate: Fate) -> Line:
    cheaper = line.amount_minor // 2 + 50
    return structs.replace(line, ticket_type="Kampanje", amount_minor=cheaper, discount_minor=0)


def _redate_order(document: Document, fate: Fate) -> Document:
    moved = _when(document, document.sold_at + timedelta(days=fate.days))
    return structs.replace(document, sold_at=moved)


def _claim(document: Document, fate: Fate) -> Document | None:
    return structs.replace(document, account=fate.account) if document.account is None else None


def _empty(document: Document, _fate: Fate) -> Document:
    return structs.replace(document, lines=())


_CORRECTIONS: dict[str, Callable[[Document, Fate], Document | None]] = {
    "quantity": _one_line(_recount),
    "drop": _one_line(lambda _document, _line, _fate: None),
    "line_day": _one_line(_redate),
    "order_day": _redate_order,
    "retype": _one_line(_retype),
    "empty": _empty,
    "claim": _claim,
}
_CHANGES: dict[str, Callable[[Document, Fate], Document | None]] = {
    "refund": _refund,
    "exchange": _exchange,
    "correct": corrected,
}


def native(document: Document) -> dict[str, Any]:
    """Return *document* as the open standard has it; *style* varies what may be left out."""
    payload: dict[str, Any] = {
        "transaction": document.transaction,
        "version": document.version,
        "sold_at": _time(document.sold_at, document.sold_is_date, document.style),
        "channel": document.channel,
        "currency": document.currency,
        "customer": _customer(document.account, document.style),
        "lines": [_line(line, document) for line in document.lines],
    }
    if document.order != document.transaction or document.style % 2:
        payload["order"] = document.order
    return payload


def _time(at: datetime, is_date: bool, style: int = 0) -> str:  # noqa: FBT001 (it goes with *at*)
    if is_date:
        return at.astimezone(OSLO).date().isoformat()
    if style % 4 == 0:
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return at.astimezone(OSLO).isoformat()


def _customer(account: Account | None, style: int) -> dict[str, Any] | None:
    if account is None:
        return None
    sent: dict[str, Any] = {
        name: getattr(account, name)
        for name in account.__struct_fields__
        if name not in {"person", "consent", "shared"} and getattr(account, name) is not None
    }
    if account.email and style % 5 == 0:
        sent["email"] = account.email.upper()
    if account.phone and account.phone.startswith("+47"):
        local = account.phone[3:]
        sent["phone"] = (account.phone, local, f"{local[:3]} {local[3:5]} {local[5:]}")[style % 3]
    if account.email is None and style % 2:
        sent["email"] = ""
    if account.consent is not None:
        sent["consents"] = {"statistics": account.consent}
    return sent


def _line(line: Line, document: Document) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "line": line.line,
        "kind": line.kind,
        "item": line.item,
        "ticket_type": line.ticket_type,
        "price_category": line.price_category,
        "quantity": line.quantity,
    }
    if line.amount_minor % line.quantity or document.style % 6 == 0:
        sent["amount"] = _money(line.amount_minor)
    else:
        sent["unit_price"] = _money(line.amount_minor // line.quantity)
    if line.discount_minor or document.style % 3 == 0:
        sent["discount"] = _money(line.discount_minor)
    if line.fee_minor:
        sent["fee"] = _money(line.fee_minor)
    if line.vat_rate is not None:
        sent["vat_rate"] = _money(line.vat_rate)
    if line.at is not None:
        sent["at"] = _time(line.at, document.sold_is_date, document.style)
    if line.performance is not None:
        sent["performance"] = _performance(line.performance)
    return sent


def _performance(performance: Performance) -> dict[str, Any]:
    known = {
        "id": performance.number and f"P-{performance.number}",
        "starts_at": performance.starts_at and performance.starts_at.isoformat(),
        "production": performance.production,
        "venue": performance.venue,
        "genre": performance.genre,
    }
    return {name: value for name, value in known.items() if value is not None}


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
