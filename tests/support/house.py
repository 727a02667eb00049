"""Random sales of two houses, and their figures by plain Python, from the words of ``kpis.md``.

Days are few and awkward: changeover nights, 29 February, the turns of an ISO year and a season, and
364 to 366 days before some. Customers are counted in ``tests.support.customers``.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from kudos.records import (
    EnrichedTransaction,
    Item,
    Kind,
    Line,
    Performance,
    Place,
    PseudonymousTransaction,
)

HOUSE, OTHER = "huset", "naboen"
REFS = {HOUSE: "a", OTHER: "b"}  # how a customer_ref begins
OSLO = ZoneInfo("Europe/Oslo")
DAYS = [
    *(date(2022, 10, 28) + timedelta(n) for n in range(3)),
    *(date(2023, 10, 28) + timedelta(n) for n in range(3)),
    *(date(2023, 12, 30) + timedelta(n) for n in range(4)),
    *(date(2024, 2, 28) + timedelta(n) for n in range(3)),
    *(date(2024, 3, 30) + timedelta(n) for n in range(3)),
    *(date(2024, 7, 30) + timedelta(n) for n in range(4)),
]
MONEY = {"gross_revenue", "net_revenue", "fees", "average_ticket_price", "average_order_value"}
#: Values of a breakdown, then the currency of money, to a figure; None: undefined.
Cells = dict[tuple[str, ...], int | float | None]
#: Prices at and beside the bounds of the bands, in the minor unit, of one piece.
_PRICES = (0, 1, 9999, 10000, 19999, 20000, 34999, 35000, 49999, 50000, 74999, 75000, 123456)
_KINDS: tuple[Kind, ...] = ("sale", "sale", "sale", "sale", "refund")
_ITEMS: tuple[Item, ...] = (
    *("ticket",) * 8,
    *("season_pass", "season_pass_use", "gift_card", "donation", "merchandise", "food", "other"),
)
_SCALE = {"NOK": 100, "SEK": 100, "ISK": 1, "KWD": 1000}


class Sold(Struct, frozen=True):
    """One line, and what is the transaction's."""

    organisation: str
    order: str
    record: str | None
    channel: str
    currency: str
    line: Line
    at: datetime  # of an undated refund: the receipt

    @property
    def day(self) -> date:
        """Return the local date."""
        return self.at.astimezone(OSLO).date()

    @property
    def price(self) -> int:
        """Return what the line cost, in the minor unit."""
        return self.line.amount_minor - self.line.discount_minor


class World(Struct, frozen=True):
    """What was sent, and its lines."""

    transactions: list[EnrichedTransaction]
    lines: list[Sold]


def world(seed: int, orders: int = 120) -> World:
    """Return random sales of both houses."""
    rng = random.Random(seed)
    found = World([], [])
    for number in range(1, orders + 1):
        organisation = HOUSE if rng.random() < 0.8 else OTHER
        record = rng.choice((None, *(f"{rng.randrange(1, n):032x}" for n in (12, 40))))
        for part in range(rng.choice((1, 1, 1, 2))):
            sent = _transaction(rng, organisation, record, (number, part))
            place = rng.choice((Place(), Place(county="03"), Place(county="46")))
            found.transactions.append(EnrichedTransaction(sent, "unknown", place))
            found.lines.extend(_sold(sent))
    return found


def _transaction(
    rng: random.Random, organisation: str, record: str | None, ids: tuple[int, int]
) -> PseudonymousTransaction:
    number, part = ids
    sold_at = _moment(rng)
    return PseudonymousTransaction(
        organisation=organisation,
        vendor="homemade",
        transaction_id=f"{(1 << 100) + number * 10 + part:032x}",
        order_id=f"{(1 << 101) + number:032x}",
        revision=f"{1 << 64:032x}",
        received_at=_moment(rng),
        sold_at=sold_at,
        sold_is_date=False,
        channel=rng.choice(("web", "box_office", "phone", "agent", "till", "other")),
        currency=rng.choice((*("NOK",) * 6, "SEK", "ISK", "KWD")),
        customer_ref=record and REFS[organisation] + record[:0:-1],
        record_ref=record,
        birth=None,
        postal_code=None,
        country=None,
        lines=tuple(
            _line(rng, sold_at, f"{number * 1000 + part * 100 + n:032x}")
            for n in range(rng.choice((1, 1, 2, 2, 3)))
        ),
    )


def _sold(sent: PseudonymousTransaction) -> Iterator[Sold]:
    for line in sent.lines:
        yield Sold(
            sent.organisation,
            sent.order_id,
            sent.record_ref,
            sent.channel,
            sent.currency,
            line,
            line.at or sent.received_at,
        )


def older(rng: random.Random, sent: EnrichedTransaction) -> EnrichedTransaction:
    """Return what might have been sent before *sent*: other lines, of which some were dropped."""
    before = sent.transaction
    sold_at = _moment(rng)
    lines = (_line(rng, sold_at, f"{rng.randrange(1 << 100):032x}"), *before.lines[:1])
    changed = replace(before, revision=f"{1 << 63:032x}", sold_at=sold_at, lines=lines)
    return replace(sent, transaction=changed)


def _moment(rng: random.Random) -> datetime:
    """Return a second of one of the days, often one of the small hours."""
    hour = rng.choice((0, 1, 2, 2, 3, 11, 19, 22))
    midnight = datetime.combine(rng.choice(DAYS), datetime.min.time(), OSLO).astimezone(UTC)
    return midnight + timedelta(hours=hour, minutes=rng.randrange(60), seconds=rng.randrange(60))


def _line(rng: random.Random, sold_at: datetime, id_: str) -> Line:
    kind = rng.choice(_KINDS)
    quantity = rng.choice((0, 1, 1, 2, 3, 7))
    amount = max(0, quantity * rng.choice(_PRICES) + rng.choice((0, 0, 0, 1, -1)))
    undated = kind == "refund" and rng.random() < 0.3
    at_is_date = not undated and rng.random() < 0.2
    at = _moment(rng) if rng.random() < 0.3 else sold_at
    at = _midnight(at) if at_is_date else at
    return Line(
        line=id_,
        kind=kind,
        item=rng.choice(_ITEMS),
        quantity=quantity,
        amount_minor=amount,
        discount_minor=rng.choice((0, 0, amount, amount // 3)),
        fee_minor=rng.choice((0, 0, 1500, 2001)),
        at=None if undated else at,
        at_is_date=at_is_date,
        ticket_type=rng.choice((None, "Ordinær", "Student", "=1+1")),
        performance=None if rng.random() < 0.2 else _performance(rng, at),
    )


def _performance(rng: random.Random, at: datetime) -> Performance:
    away = rng.choice((None, -40, 0, 1, 2, 3, 7, 8, 30, 31, 90, 91, 400))
    hours = rng.choice((0, 12, 22))
    return Performance(
        performance="1",
        starts_at=None if away is None else _midnight(at) + timedelta(days=away, hours=hours),
        production=rng.choice((None, "Gengangere", "Byggmester's 'Solness'")),
        venue=rng.choice((None, "Hovedscenen", "Scene 2")),
    )


def _midnight(at: datetime) -> datetime:
    local = at.astimezone(OSLO).replace(hour=0, minute=0, second=0, microsecond=0)
    return local.astimezone(UTC)


def value_of(by: str, sold: Sold) -> str | None:  # noqa: PLR0911 (a return for each)
    """Return what a breakdown calls a line; None: it has no value."""
    show = sold.line.performance or Performance()
    match by:
        case "production":
            return show.production or "unknown"
        case "venue":
            return show.venue or "unknown"
        case "ticket_type":
            return sold.line.ticket_type or "unknown"
        case "channel":
            return sold.channel
        case "price_band":
            return _band(sold)
        case "lead_time":
            return _lead(sold, show.starts_at)
        case "weekday_hour":
            local = sold.at.astimezone(OSLO)
            known = sold.line.at is not None and not sold.line.at_is_date
            return f"{local.isoweekday()}-{local.hour}" if known else None
    raise AssertionError(by)


def _band(sold: Sold) -> str:
    if sold.price == 0:
        return "0"
    if sold.line.quantity == 0:
        return "750+"  # of nothing anything is dear
    kroner = Fraction(sold.price, sold.line.quantity * _SCALE[sold.currency])
    bounds = {100: "1-99", 200: "100-199", 350: "200-349", 500: "350-499", 750: "500-749"}
    return next((band for bound, band in bounds.items() if kroner < bound), "750+")


def _lead(sold: Sold, starts_at: datetime | None) -> str:
    if starts_at is None:
        return "unknown"
    days = (starts_at.astimezone(OSLO).date() - sold.day).days
    ends = {0: "0", 2: "1-2", 7: "3-7", 30: "8-30", 90: "31-90"}
    return next((band for last, band in ends.items() if days <= last), "91+")


def expected(lines: Iterable[Sold], measure: str, by: Sequence[str], currency: str) -> Cells:
    """Return the cells of *measure* over *lines*; *currency* is where nothing was sold."""
    groups: defaultdict[tuple[str, ...], list[Sold]] = defaultdict(list)
    for sold in lines:
        values = [value_of(name, sold) for name in by]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            groups[(*known, sold.currency if measure in MONEY else "")].append(sold)
    if not groups and not by:
        groups[currency if measure in MONEY else "",] = []
    return {where: figure(measure, held) for where, held in groups.items()}


def figure(measure: str, lines: Sequence[Sold]) -> int | float | None:  # noqa: C901, PLR0911 (a return for each)
    """Return one figure over *lines* of one cell."""
    bought = {s.order for s in lines if s.line.kind == "sale"}
    tickets = [s for s in lines if s.line.item == "ticket"]
    match measure:
        case "orders":
            return len(bought)
        case "tickets":
            return _quantity(tickets, "sale")
        case "refunded_tickets":
            return _quantity(tickets, "refund")
        case "net_tickets":
            return _net(tickets)
        case "gross_revenue":
            return sum(s.price for s in _revenue(lines) if s.line.kind == "sale")
        case "net_revenue":
            return sum(_signed(s, s.price) for s in _revenue(lines))
        case "fees":
            return sum(_signed(s, s.line.fee_minor) for s in lines)
        case "average_ticket_price":
            paid = sum(_signed(s, s.line.quantity) for s in tickets if s.price > 0)
            return _average(sum(_signed(s, s.price) for s in tickets), paid)
        case "average_order_value":
            return _average(sum(_signed(s, s.price) for s in _revenue(lines)), len(bought))
        case "party_size":
            parties = {s.order for s in tickets if s.line.kind == "sale"}
            return _share(_quantity(tickets, "sale"), len(parties))
        case "customer_records":
            return len({s.record for s in lines if s.line.kind == "sale"} - {None})
        case "coverage":
            return _share(_net([s for s in tickets if s.record]), _net(tickets))
    raise AssertionError(measure)


def _revenue(lines: Iterable[Sold]) -> Iterator[Sold]:
    return (s for s in lines if s.line.item not in {"gift_card", "donation", "season_pass_use"})


def _quantity(lines: Iterable[Sold], kind: str) -> int:
    return sum(s.line.quantity for s in lines if s.line.kind == kind)


def _net(lines: Sequence[Sold]) -> int:
    return _quantity(lines, "sale") - _quantity(lines, "refund")


def _signed(sold: Sold, number: int) -> int:
    return number if sold.line.kind == "sale" else -number


def _average(total: int, many: int) -> int | None:
    return round(Fraction(total, many)) if many > 0 else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
