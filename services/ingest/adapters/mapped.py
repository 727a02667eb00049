"""The adapter that a mapping of JSON records is."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.records import Line, Transaction
from services.ingest.adapters import homemade, standard
from services.ingest.adapters.base import Adapter, Ignored, Origin, Parsed, Sale
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.documents import Document, load
from services.ingest.adapters.money import LARGEST_MINOR, Signed, minor_units
from services.ingest.adapters.reading import document, fit
from services.ingest.adapters.times import Moment
from services.ingest.adapters.translating import NO_SALES, Told, Translator


class More(Struct, frozen=True):
    """What a record says of itself as a whole, beyond the open standard."""

    order_fee: Signed | None = None
    order_discount: Signed | None = None
    total: Signed | None = None
    refunded_at: Moment | None = None


def adapter(text: str) -> Adapter:
    """Return the adapter of the mapping in *text*, or raise Misconfigured."""
    mapping = load(text)
    translator = Translator(mapping)

    def parse(record: bytes, origin: Origin) -> Parsed:
        told = translator.told(document(record), origin.feed)
        if told.state in NO_SALES:
            return (Ignored(told.state),)
        sent = fit(told.whole, standard.Transaction, record)
        more = fit(told.more, More, record)
        return tuple(
            replace(
                one, transaction=_finished(one.transaction, told, more, mapping, len(sent.lines))
            )
            if isinstance(one, Sale)
            else one
            for one in homemade.taken(sent, origin)
        )

    return Adapter(
        label=mapping.vendor.label,
        transports=mapping.vendor.transports,
        transaction_is=mapping.vendor.transaction_is,
        split=splitter(*mapping.records.pages),
        parse=parse,
        number=translator.number,
        about=mapping.about,
    )


def _finished(
    sold: Transaction, told: Told, more: More, mapping: Document, sent_lines: int
) -> Transaction:
    """Return the transaction with what is of it as a whole, and what of it is taken back."""
    lines = sold.lines
    if lines:
        lines = _with_fee(lines, more, sold.currency)
        lines = _with_discount(lines, more, sold.currency)
    if len(lines) == sent_lines:
        # of what a guest's feed brings, the lines are not all
        _check_total(lines, told, more, sold.currency)
    lines = tuple(_dated(line, told, more, mapping) for line in lines)
    return replace(
        sold,
        version=sold.version if told.is_versioned else None,
        lines=_with_revoked(lines, told, more, mapping),
    )


def _with_fee(lines: tuple[Line, ...], more: More, currency: str) -> tuple[Line, ...]:
    """Return the lines with the fee of the whole on the first."""
    fee = _minor(more.order_fee, currency, "order_fee")
    first, *rest = lines
    return (replace(first, fee_minor=first.fee_minor + fee), *rest) if fee else lines


def _with_discount(lines: tuple[Line, ...], more: More, currency: str) -> tuple[Line, ...]:
    """Return the lines with the discount of the whole on them, in proportion and to the last øre.

    It is of the sales, else of the refunds.
    """
    discount = _minor(more.order_discount, currency, "order_discount")
    if not discount:
        return lines
    kind = "sale" if any(line.kind == "sale" for line in lines) else "refund"
    left = [line.amount_minor - line.discount_minor if line.kind == kind else 0 for line in lines]
    if discount > sum(left):
        raise Rejected(Reason.INVALID_FIELD, "order_discount: more than the lines come to")
    return tuple(
        replace(line, discount_minor=line.discount_minor + part)
        for line, part in zip(lines, shares(discount, left), strict=True)
    )


def shares(whole: int, weights: Sequence[int]) -> list[int]:
    """Return *whole* in parts, none above its weight: what is left over goes to the first."""
    total = sum(weights)
    parts = [whole * weight // total for weight in weights]
    over = whole - sum(parts)
    for place, weight in enumerate(weights):
        more = min(over, weight - parts[place], 1)
        parts[place] += more
        over -= more
    return parts


def _check_total(lines: Sequence[Line], told: Told, more: More, currency: str) -> None:
    """Reject a record whose lines do not come to what it says: the mapping is not the vendor's.

    It may say so with what is taken back, or without.
    """
    if more.total is None:
        return
    net = sum(_signed(line) for line in lines)
    left = net - sum(_signed(x) for x in lines if x.kind == "sale" and x.line in told.revoked)
    if _minor(more.total, currency, "total") not in {abs(net), abs(left)}:
        raise Rejected(Reason.INVALID_FIELD, "total: not what the lines come to")


def _signed(line: Line) -> int:
    paid = line.amount_minor - line.discount_minor + line.fee_minor
    return paid if line.kind == "sale" else -paid


def _minor(said: Signed | None, currency: str, field: str) -> int:
    return 0 if said is None else minor_units(abs(said), currency, field)


def _dated(line: Line, told: Told, more: More, mapping: Document) -> Line:
    """Return *line* without a time that is not its own: a refund's, unless it is told."""
    if line.kind == "sale" or (line.line, line.kind) not in told.undated:
        return line
    if more.refunded_at is not None:
        return replace(line, at=more.refunded_at.at, at_is_date=more.refunded_at.is_date)
    if mapping.records.refunds_dated:
        return line
    return replace(line, at=None, at_is_date=False)


def _with_revoked(
    lines: tuple[Line, ...], told: Told, more: More, mapping: Document
) -> tuple[Line, ...]:
    """Return the lines, and behind each sale that is taken back a refund with its number."""
    whole = told.state == "revoked"
    sold = {line.line for line in lines if line.kind == "sale"}
    if whole and any(line.kind == "refund" and line.line not in sold for line in lines):
        raise Rejected(Reason.INVALID_FIELD, "lines: a refund alone, in what is taken back")
    found: list[Line] = []
    for line in lines:
        if line.kind == "sale":
            found.append(line)
            if whole or line.line in told.revoked:
                found.append(_refund(line, more, mapping))
        elif not whole:
            # a part that went before is within the whole
            found.append(line)
    if len({(line.line, line.kind) for line in found}) < len(found):
        raise Rejected(Reason.INVALID_FIELD, "lines: a line stands twice")
    if any(line.fee_minor >= LARGEST_MINOR for line in found):
        raise Rejected(Reason.INVALID_FIELD, "order_fee: beyond what an amount may be")
    return tuple(found)


def _refund(sale: Line, more: More, mapping: Document) -> Line:
    when = more.refunded_at
    return replace(
        sale,
        kind="refund",
        fee_minor=sale.fee_minor if mapping.records.fees_refunded else 0,
        at=None if when is None else when.at,
        at_is_date=when is not None and when.is_date,
    )
