"""A line of a document of Business Central, whose amounts bear the sign of their direction."""

from decimal import ROUND_CEILING, Decimal
from typing import cast

from msgspec import Struct

from kudos.errors import Reason, Rejected
from kudos.records import Item, Kind, Line
from services.ingest.adapters.base import Origin
from services.ingest.adapters.money import (
    Amount,
    Signed,
    minor_units,
    nearest_minor_units,
    vat_rate,
)
from services.ingest.adapters.reading import Number, Text
from services.ingest.adapters.times import Moment

_OTHER: dict[Kind, Kind] = {"sale": "refund", "refund": "sale"}
_NOTHING = Signed(0)


class DocumentLine(Struct, frozen=True, rename="camel"):
    """A line of an invoice or a credit memo; a comment has no amounts."""

    id: Number | None = None
    sequence: int | None = None
    line_type: Text | None = None
    line_object_number: Text | None = None
    description: Text | None = None
    quantity: Signed | None = None
    discount_amount: Signed | None = None
    tax_percent: Amount | None = None
    amount_including_tax: Signed | None = None
    net_amount_including_tax: Signed | None = None  # after its part of the document's discount


class Reader(Struct, frozen=True):
    """Reads the lines of one document."""

    kind: Kind
    day: Moment
    currency: str
    prices_include_tax: bool
    origin: Origin

    def line(self, sent: DocumentLine, place: int) -> Line:
        """Return the line; one whose amounts are negative goes the other way."""
        at = f"$.lines[{place}]"
        whole = sent.amount_including_tax
        if whole is None or sent.quantity is None:
            raise Rejected(Reason.INVALID_FIELD, f"{at}: quantity or amountIncludingTax is missing")
        net = whole if sent.net_amount_including_tax is None else sent.net_amount_including_tax
        is_back = min(whole, sent.quantity, net) < 0
        signed = (whole, sent.quantity, net, sent.discount_amount or _NOTHING)
        if is_back and max(signed) > 0:
            raise Rejected(Reason.INVALID_FIELD, f"{at}: amounts of both signs")
        paid, before = self._minor(net, at), self._minor(whole, at)
        if paid > before:
            raise Rejected(Reason.INVALID_FIELD, f"{at}: netAmountIncludingTax is the greater")
        discount = self._discount(sent, at) + before - paid
        name = sent.id or (None if sent.sequence is None else str(sent.sequence))
        names = (sent.line_object_number, sent.description)
        return Line(
            line=name or str(place + 1),
            kind=_OTHER[self.kind] if is_back else self.kind,
            item=cast("Item", self.origin.feed.item(*names, default="other")),
            quantity=_pieces(sent.quantity, at),
            amount_minor=paid + discount,
            discount_minor=discount,
            vat_rate=None
            if sent.tax_percent is None
            else vat_rate(sent.tax_percent, f"{at}.taxPercent"),
            at=self.day.at,
            at_is_date=self.day.is_date,
            ticket_type=sent.description or None,
        )

    def _minor(self, amount: Signed, at: str) -> int:
        return minor_units(abs(amount), self.currency, f"{at}: an amount")

    def _discount(self, sent: DocumentLine, at: str) -> int:
        """Return the line's own discount with tax, whichever way it was written."""
        factor = Decimal(1)
        if not self.prices_include_tax:
            factor += (sent.tax_percent or Decimal(0)) / 100
        discount = sent.discount_amount or _NOTHING
        if discount < 0 and min(sent.amount_including_tax or 0, sent.quantity or 0) >= 0:
            raise Rejected(Reason.INVALID_FIELD, f"{at}.discountAmount: less than nothing")
        return nearest_minor_units(abs(discount), self.currency, f"{at}.discountAmount", factor)


def _pieces(quantity: Signed, at: str) -> int:
    """Return whole pieces: of what is sold by weight or hour, a part counts as one."""
    found = int(abs(quantity).to_integral_value(ROUND_CEILING))
    if found >= 1 << 32:
        raise Rejected(Reason.INVALID_FIELD, f"{at}.quantity: beyond what a line may hold")
    return found
