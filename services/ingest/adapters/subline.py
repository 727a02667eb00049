"""A sub-line item of Tessitura, which is one seat sold or returned, as a line."""

from typing import Annotated, Any, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Item, Line, Performance
from services.ingest.adapters import declared, sales
from services.ingest.adapters.base import Origin
from services.ingest.adapters.constituent import Named
from services.ingest.adapters.money import Signed, nearest_minor_units
from services.ingest.adapters.reading import Numeric, Text
from services.ingest.adapters.times import Moment


class Fee(Struct, frozen=True, rename="pascal"):
    """A fee of a sub-line, or of the order where it names none."""

    amount: Signed
    id: Numeric | None = None
    sub_line_item_id: Numeric | None = None
    override_indicator: Any = None
    override_amount: Signed | None = None

    @property
    def charged(self) -> Signed:
        """What was charged in the end."""
        is_overridden = self.override_indicator == "Y" or self.override_indicator is True
        if is_overridden and self.override_amount is not None:
            return self.override_amount
        return self.amount


class Detail(Struct, frozen=True, rename="pascal"):
    """A layer of a price."""

    original_price: Signed | None = None
    due_amount: Signed | None = None


class SubLine(Struct, frozen=True, rename="pascal"):
    """A seat."""

    id: Numeric
    status_id: Numeric | None = None
    due_amount: Signed | None = None
    paid_amount: Signed | None = None
    price_type: Named | None = None
    zone: Named | None = None
    sub_line_item_details: tuple[Detail, ...] | None = None
    sub_line_item_fees: tuple[Fee, ...] | None = None
    return_parent_sub_line_item_id: Numeric | None = None  # of the plain order
    created_date_time: Moment | None = None  # of the plain order


class Played(Struct, frozen=True, rename="pascal"):
    """A performance."""

    id: Numeric | None = None
    description: Text | None = None
    facility: Named | None = None
    performance_date_time: Moment | None = None
    production_season: Named | None = None


class LineItem(Struct, frozen=True, rename="pascal"):
    """The seats of one performance."""

    performance: Played | None = None
    sub_line_items: Annotated[tuple[SubLine, ...], Meta(max_length=10_000)] | None = None


_STATUSES: dict[str, declared.Status] = {
    "1": "draft",
    "2": "draft",
    "3": "sold",
    "4": "refunded",
    "12": "sold",
}
_NOTHING = Signed(0)


def line(sub: SubLine, played: Played | None, sold: Moment, origin: Origin, at: str) -> Line | None:
    """Return the sale or the return of a seat; None where it is not paid."""
    status = declared.status(sub.status_id, _STATUSES, origin, f"{at}.StatusId")
    if status in sales.NO_SALES:
        return None
    due, original = _amounts(sub, at)
    parent = sub.return_parent_sub_line_item_id
    is_back = status == "refunded" or parent not in {None, 0} or min(due, original) < 0
    currency = origin.organisation.currency
    net = nearest_minor_units(abs(due), currency, f"{at}.DueAmount")
    amount = max(net, nearest_minor_units(abs(original), currency, f"{at}.SubLineItemDetails"))
    kind, zone = sub.price_type or Named(), sub.zone or Named()
    # a return is of a later save, of which the view tells no time
    when = sub.created_date_time or (None if is_back else sold)
    return Line(
        line=str(sub.id),
        kind="refund" if is_back else "sale",
        item=cast("Item", origin.feed.item(str(kind.id), kind.description)),
        quantity=1,
        amount_minor=amount,
        discount_minor=amount - net,
        at=None if when is None else when.at,
        at_is_date=when is not None and when.is_date,
        ticket_type=kind.description or None,
        price_category=zone.description or None,
        performance=None if played is None else _performance(played),
    )


def _amounts(sub: SubLine, at: str) -> tuple[Signed, Signed]:
    """Return what it costs in the end and what it would without a discount, of one sign."""
    details = sub.sub_line_item_details or ()
    due = sub.due_amount
    if due is None:
        raise Rejected(Reason.INVALID_FIELD, f"{at}.DueAmount: missing")
    prices = [one.original_price for one in details]
    given = [price for price in prices if price is not None]
    original = Signed(sum(given)) if given and len(given) == len(prices) else due
    if due * original < 0:
        # a return may repeat the price that was paid
        if due > 0:
            raise Rejected(Reason.INVALID_FIELD, f"{at}: amounts of both signs")
        original = Signed(-original)
    return due or sub.paid_amount or _NOTHING, original


def _performance(played: Played) -> Performance:
    starts, season = played.performance_date_time, played.production_season or Named()
    return Performance(
        performance=None if played.id is None else str(played.id),
        starts_at=None if starts is None else starts.at,
        starts_is_date=starts is not None and starts.is_date,
        production=season.description or played.description or None,
        venue=(played.facility or Named()).description or None,
    )
