"""What ClickHouse keeps of a transaction: pure, the same however often it is made.

A transaction stands on the days of its lines (local dates). A refund whose time the vendor does not
give stands on the day of the earliest receipt of any version that holds it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import floor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from kudos.errors import Reason, Rejected
from kudos.records import EnrichedTransaction, Line, Performance

OSLO = ZoneInfo("Europe/Oslo")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_NO_PERFORMANCE = Performance()
#: The bounds of ClickHouse's DateTime: to 2106.
_SECONDS = 1 << 32
#: UInt16's greatest value says that no rate was said.
NO_RATE = 65_535
#: Beyond these no sum of a day is safe in 64 bits: ten thousand milliard, in the minor unit.
_QUANTITY, _AMOUNT = 1 << 32, 1 << 50


class Head(NamedTuple):
    """What all rows of a version share; the columns of ``sales``, in order."""

    organisation: str
    transaction_id: int
    revision: int
    order_id: int
    sold_at: int  # seconds since 1970, as all times here
    channel: str
    vendor: str
    currency: str
    customer_ref: int
    record_ref: int
    age_band: str
    county: str
    municipality: str
    centrality: str


class SalesLine(NamedTuple):
    """A line; the columns of the nested ``line`` of ``sales``, in order."""

    kind: str
    item: str
    at: int
    timed: bool
    ticket_type: str
    price_category: str
    quantity: int
    amount: int
    discount: int
    fee: int
    vat_rate: int
    performance: str
    production: str
    venue: str
    genre: str
    starts_at: int
    starts_timed: bool
    undated: int


_NO_LINES: tuple[tuple[object, ...], ...] = ((),) * len(SalesLine._fields)


class Receipt(NamedTuple):
    """One version of a transaction, each time that it was received: a row of ``versions``."""

    transaction_id: int
    revision: int
    received_at: int  # microseconds since 1970
    organisation: str
    vendor: str
    days: tuple[int, ...]  # since 1970
    undated: tuple[int, ...]  # ids of refund lines without a time


class Row(NamedTuple):
    """A version on one day: a row of ``sales``; without lines it has nothing on that day."""

    day: int  # since 1970
    head: Head
    lines: tuple[SalesLine, ...]


class Fact(NamedTuple):
    """A version of a transaction, ready to be put on its days."""

    receipt: Receipt
    head: Head
    dated: dict[int, tuple[SalesLine, ...]]  # by day
    undated: tuple[SalesLine, ...]


def fact_of(enriched: EnrichedTransaction) -> Fact:
    """Return the fact of *enriched*, or reject what no table can hold."""
    sold, place = enriched.transaction, enriched.place
    received_at = (sold.received_at - _EPOCH) // _MICROSECOND
    sold_at = _moment(sold.sold_at)
    head = Head(
        sold.organisation,
        int(sold.transaction_id, 16),
        int(sold.revision, 16),
        int(sold.order_id, 16),
        sold_at,
        sold.channel,
        sold.vendor,
        sold.currency,
        int(sold.customer_ref or "0", 16),
        int(sold.record_ref or "0", 16),
        enriched.age_band,
        place.county or "",
        place.municipality or "",
        place.centrality or "",
    )
    lines = [_line(line) for line in sold.lines]
    undated = tuple(line for line in lines if line.undated)
    dated = _by_day(line for line in lines if not line.undated)
    if not lines:
        dated = {day_of(sold_at): ()}  # so that it is counted
    days = set(dated) | ({day_of(received_at // 1_000_000)} if undated else set())
    receipt = Receipt(
        head.transaction_id,
        head.revision,
        received_at,
        sold.organisation,
        sold.vendor,
        tuple(sorted(days)),
        tuple(line.undated for line in undated),
    )
    return Fact(receipt, head, dated, undated)


class History(Struct, frozen=True):
    """Every receipt of one transaction that the journal holds."""

    receipts: tuple[Receipt, ...]

    @property
    def newest(self) -> int:
        """Return the revision that stands."""
        return max(r.revision for r in self.receipts)

    @property
    def days(self) -> set[int]:
        """Return every day that any version may have stood on."""
        return {day for r in self.receipts for day in r.days}

    @property
    def has_undated(self) -> bool:
        """Tell whether any version holds a line whose day depends on the receipts."""
        return any(r.undated for r in self.receipts)

    def first_seen(self) -> dict[int, int]:
        """Return, of each undated line, the earliest receipt that holds it, in seconds."""
        found: dict[int, int] = {}
        for r in self.receipts:
            for line in r.undated:
                at = r.received_at // 1_000_000
                found[line] = min(at, found.get(line, at))
        return found

    def undated_of(self, revision: int) -> set[int]:
        """Return the undated lines of *revision*."""
        return {line for r in self.receipts if r.revision == revision for line in r.undated}

    def conflicts(self, revision: int) -> bool:
        """Tell whether another content has the version and erasures of *revision*."""
        if len(self.receipts) == 1:
            return False
        return any(
            r.revision != revision and r.revision >> 56 == revision >> 56 for r in self.receipts
        )


def rows_of(fact: Fact, history: History) -> list[Row]:
    """Return a row for each day of *fact*, and an empty one where other versions may stand."""
    by_day = dict(fact.dated)
    if fact.undated:
        seen = history.first_seen()
        for line in fact.undated:
            at = seen[line.undated]
            day = day_of(at)
            by_day[day] = (*by_day.get(day, ()), line._replace(at=at))
    gone = history.days - by_day.keys()
    rows = [Row(day, fact.head, lines) for day, lines in by_day.items()]
    return rows + [Row(day, fact.head, ()) for day in sorted(gone)]


def again(rows: Sequence[Row]) -> Fact | None:
    """Return the fact that *rows*, all days of one version, were made of; None without any line.

    An undated line stands twice for as long as two writers who knew of different receipts both
    wrote it.
    """
    lines = [line for row in rows for line in row.lines]
    if not lines:
        return None
    head = rows[0].head
    undated = {line.undated: line for line in lines if line.undated}
    dated = _by_day(line for line in lines if not line.undated)
    receipt = Receipt(
        head.transaction_id, head.revision, 0, head.organisation, head.vendor, (), tuple(undated)
    )
    return Fact(receipt, head, dated, tuple(undated.values()))


def columns(rows: Sequence[Row]) -> tuple[list[str], list[Sequence[Any]]]:
    """Return the names and values of ``sales``' columns, column by column."""
    names = ["day", *Head._fields, *(f"line.{name}" for name in SalesLine._fields)]
    nested = [tuple(zip(*row.lines, strict=True)) if row.lines else _NO_LINES for row in rows]
    heads = zip(*(row.head for row in rows), strict=True)
    return names, [[row.day for row in rows], *heads, *zip(*nested, strict=True)]


def cells(histories: Mapping[int, History]) -> list[tuple[int, str]]:
    """Return every (day, organisation) that any version of these transactions ever touched."""
    found = {(d, r.organisation) for h in histories.values() for r in h.receipts for d in r.days}
    return sorted(found)


@lru_cache(maxsize=65_536)
def day_of(seconds: int) -> int:
    """Return the local date of *seconds* since 1970, as days since 1970."""
    return (datetime.fromtimestamp(seconds, OSLO).date() - _DAY_ZERO).days


def date_of(day: int) -> date:
    """Return the date that is *day* days after 1970 began."""
    return _DAY_ZERO + timedelta(days=day)


def _by_day(lines: Iterable[SalesLine]) -> dict[int, tuple[SalesLine, ...]]:
    found: defaultdict[int, list[SalesLine]] = defaultdict(list)
    for line in lines:
        found[day_of(line.at)].append(line)
    return {day: tuple(held) for day, held in found.items()}


def _line(line: Line) -> SalesLine:
    at, show = line.at, line.performance or _NO_PERFORMANCE
    if not (
        0 <= line.quantity < _QUANTITY
        and 0 <= line.amount_minor < _AMOUNT
        and 0 <= line.discount_minor < _AMOUNT
        and 0 <= line.fee_minor < _AMOUNT
    ):
        raise Rejected(Reason.INVALID_FIELD, "lines: quantity or amount")
    return SalesLine(
        line.kind,
        line.item,
        0 if at is None else _moment(at),
        # the minute of a receipt is no minute of a refund
        at is not None and not line.at_is_date,
        line.ticket_type or "",
        line.price_category or "",
        line.quantity,
        line.amount_minor,
        line.discount_minor,
        line.fee_minor,
        NO_RATE if line.vat_rate is None else min(max(line.vat_rate, 0), NO_RATE - 1),
        show.performance or "",
        show.production or "",
        show.venue or "",
        show.genre or "",
        0 if show.starts_at is None else _start(show.starts_at),
        show.starts_at is not None and not show.starts_is_date,
        int(line.line, 16) if at is None else 0,
    )


def _moment(at: datetime) -> int:
    """Return seconds since 1970, or reject what lies outside of ClickHouse's DateTime."""
    seconds = floor(at.timestamp())
    if not 0 <= seconds < _SECONDS:
        raise Rejected(Reason.INVALID_FIELD, "time")
    return seconds


def _start(at: datetime) -> int:
    """Return seconds since 1970, bounded: a ticket without a date may say that it is for 2999."""
    seconds = floor(at.timestamp())
    return min(max(seconds, 1), _SECONDS - 1)
