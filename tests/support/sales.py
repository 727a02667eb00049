"""Transactions as they leave enrich, their versions and receipts, and what follows from them.

What follows is worked out here in plain Python from ``kpis.md``, with no code of the product.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from kudos.records import EnrichedTransaction, Line, Performance, Place, PseudonymousTransaction

OSLO = ZoneInfo("Europe/Oslo")
#: Around midnight, the turn of the year and both changes of the clock.
MOMENTS = [
    datetime(2025, 12, 31, 22, 59, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 0, 5, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 5, 17, 21, 59, tzinfo=UTC),
    datetime(2026, 5, 17, 22, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
]
_ITEMS = (
    *("ticket",) * 5,
    "season_pass",
    "season_pass_use",
    "gift_card",
    "donation",
    "merchandise",
)
_NO_REVENUE = {"gift_card", "donation", "season_pass_use"}
MONDAY = datetime(2025, 12, 29, 12, tzinfo=UTC)
#: Across the turn of the year, and so across partitions.
DAYS = [MONDAY + timedelta(days=n) for n in (0, 2, 4, 6)]
#: Of a transaction: what a day and organisation come to, and what each minute does.
Figures = dict[tuple[str, date], dict[str, Any]]


def hex_id(*parts: object) -> str:
    """Return 32 hex digits that differ where *parts* do."""
    return f"{Random(repr(parts)).getrandbits(128):032x}"


def sale(name: object, version: int, received_at: datetime, *lines: Line) -> EnrichedTransaction:
    """Return a version of a transaction."""
    content = int(hex_id("content", lines)[:14], 16)
    return EnrichedTransaction(
        PseudonymousTransaction(
            organisation="house",
            vendor="homemade",
            transaction_id=hex_id("transaction", name),
            order_id=hex_id("order", name),
            revision=f"{version << 64 | content:032x}",
            received_at=received_at,
            sold_at=MONDAY,
            sold_is_date=False,
            channel="web",
            currency="NOK",
            customer_ref=None,
            record_ref=None,
            birth=None,
            postal_code=None,
            country=None,
            lines=lines,
        ),
        "unknown",
        Place(),
    )


def ticket(name: str, at: datetime | None, quantity: int = 1, kind: Any = "sale") -> Line:
    """Return a line of tickets; a refund without a time where *at* is None."""
    return Line(hex_id(name), kind, "ticket", quantity, 10_000, at=at)


def received_again(one: EnrichedTransaction, received_at: datetime) -> EnrichedTransaction:
    """Return the same version, as it came in another time."""
    return replace(one, transaction=replace(one.transaction, received_at=received_at))


def line(chance: Random, name: object) -> Line:
    """Return a line, of any kind; a refund's time may be unknown."""
    refund = chance.random() < 0.3
    undated = refund and chance.random() < 0.5
    amount = chance.choice((0, 100, 25_000, 70_000))
    return Line(
        line=hex_id("line", name, refund),
        kind="refund" if refund else "sale",
        item=chance.choice(_ITEMS),  # type: ignore[arg-type]  # the words above
        quantity=chance.randint(1, 4),
        amount_minor=amount,
        discount_minor=chance.choice((0, 0, amount // 2, amount)),
        fee_minor=chance.choice((0, 1500)),
        vat_rate=chance.choice((None, 0, 2500)),
        at=None if undated else chance.choice(MOMENTS),
        at_is_date=not undated and chance.random() < 0.2,
        ticket_type=chance.choice((None, "Ordinær")),
        performance=chance.choice((None, Performance("P-1", MOMENTS[4], production="Brand"))),
    )


def version(
    chance: Random, world: int, transaction: int, number: int, received_at: datetime
) -> EnrichedTransaction:
    """Return one version of a transaction, whole."""
    names = [(world, transaction, n) for n in range(4)]
    lines = [line(chance, name) for name in chance.sample(names, chance.randint(0, 4))]
    known = chance.random() < 0.7
    erased = chance.random() < 0.1
    content = chance.getrandbits(56)
    sold = PseudonymousTransaction(
        organisation=f"house-{world}-{transaction % 2}",
        vendor="homemade",
        transaction_id=hex_id("transaction", world, transaction),
        # a credit note is a transaction of the same order
        order_id=hex_id("order", world, transaction % 2),
        revision=f"{number << 64 | (1 << 56 if erased else 0) | content:032x}",
        received_at=received_at,
        sold_at=chance.choice(MOMENTS),
        sold_is_date=False,
        channel="web",
        currency=chance.choice(("NOK", "NOK", "SEK")),
        customer_ref=hex_id("customer", world, chance.randrange(3))
        if known and not erased
        else None,
        record_ref=hex_id("record", world, chance.randrange(3)) if known and not erased else None,
        birth=None,
        postal_code=None,
        country=None,
        lines=tuple(lines),
    )
    return EnrichedTransaction(sold, "unknown", Place())


def deliveries(
    chance: Random, world: int, transactions: int = 4, versions: int = 3
) -> list[EnrichedTransaction]:
    """Return versions of some transactions in any order: repeats, conflicts, late ones."""
    found = []
    for transaction in range(transactions):
        for number in range(chance.randint(1, versions)):
            for _ in range(1 + (chance.random() < 0.2)):  # two contents of one version
                first = version(chance, world, transaction, number, _receipt(chance))
                found.append(first)
                for _ in range(chance.choice((0, 0, 1, 2))):  # repeats, received at other times
                    again = replace(first.transaction, received_at=_receipt(chance))
                    found.append(replace(first, transaction=again))
    chance.shuffle(found)
    return found


def _receipt(chance: Random) -> datetime:
    return chance.choice(MOMENTS) + timedelta(microseconds=chance.randrange(10**9))


def standing(
    received: Iterable[EnrichedTransaction],
) -> list[tuple[PseudonymousTransaction, list[Line]]]:
    """Return each transaction as it stands, with the time that each of its lines has in the end."""
    receipts: dict[str, datetime] = {}
    newest: dict[str, PseudonymousTransaction] = {}
    for one in received:
        sold = one.transaction
        for x in sold.lines:
            if x.at is None:
                known = receipts.get(x.line, sold.received_at)
                receipts[x.line] = min(known, sold.received_at)
        known_version = newest.get(sold.transaction_id)
        if known_version is None or int(known_version.revision, 16) < int(sold.revision, 16):
            newest[sold.transaction_id] = sold
    return [
        (
            sold,
            [
                x if x.at is not None else replace(x, at=receipts[x.line], at_is_date=True)
                for x in sold.lines
            ],
        )
        for sold in newest.values()
    ]


def daily(received: Iterable[EnrichedTransaction]) -> Figures:
    """Return what ``kpi_daily`` must say, of every day on which a line stands."""
    lines: defaultdict[tuple[str, date], list[tuple[PseudonymousTransaction, Line]]]
    lines = defaultdict(list)
    for sold, held in standing(received):
        for x in held:
            lines[sold.organisation, _local(x).date()].append((sold, x))
    return {cell: sums_of(held) for cell, held in lines.items()}


def live(
    received: Iterable[EnrichedTransaction],
) -> dict[tuple[str, date], dict[tuple[int, str], tuple[int, ...]]]:
    """Return what ``sales_live`` must say: by minute and currency, of lines whose hour is known."""
    lines: defaultdict[tuple[str, date], defaultdict[tuple[int, str], list[Any]]]
    lines = defaultdict(lambda: defaultdict(list))
    for sold, held in standing(received):
        for x in held:
            if not x.at_is_date:
                at = _local(x)
                minute = at.hour * 60 + at.minute
                lines[sold.organisation, at.date()][minute, sold.currency].append((sold, x))
    return {
        cell: {
            key: (
                len({s.order_id for s, x in of if x.kind == "sale"}),
                sum(x.quantity for _, x in of if x.kind == "sale" and x.item == "ticket"),
                sum(x.quantity for _, x in of if x.kind == "refund" and x.item == "ticket"),
                sum(_price(x) for _, x in of if x.kind == "sale" and x.item not in _NO_REVENUE),
                sum(_signed(x) for _, x in of if x.item not in _NO_REVENUE),
            )
            for key, of in minutes.items()
        }
        for cell, minutes in lines.items()
    }


def sums_of(held: list[tuple[PseudonymousTransaction, Line]]) -> dict[str, Any]:
    """Return what *held* lines come to."""
    sales = [(s, x) for s, x in held if x.kind == "sale"]
    tickets = [(s, x) for s, x in sales if x.item == "ticket"]
    back = [(s, x) for s, x in held if x.kind == "refund" and x.item == "ticket"]
    return {
        "orders": len({s.order_id for s, _ in sales}),
        "ticket_orders": len({s.order_id for s, _ in tickets}),
        "tickets": sum(x.quantity for _, x in tickets),
        "refunded_tickets": sum(x.quantity for _, x in back),
        "known_tickets": sum(x.quantity for s, x in tickets if s.customer_ref),
        "known_refunded_tickets": sum(x.quantity for s, x in back if s.customer_ref),
        "customer_records": len({s.record_ref for s, _ in sales if s.record_ref}),
        "money": {
            currency: _money([(s, x) for s, x in held if s.currency == currency])
            for currency in {s.currency for s, _ in held}
        },
    }


def _money(held: list[tuple[PseudonymousTransaction, Line]]) -> tuple[int, ...]:
    revenue = [x for _, x in held if x.item not in _NO_REVENUE]
    tickets = [x for _, x in held if x.item == "ticket"]
    sign = {"sale": 1, "refund": -1}
    return (
        len({s.order_id for s, x in held if x.kind == "sale"}),
        sum(_price(x) for x in revenue if x.kind == "sale"),
        sum(_signed(x) for x in revenue),
        sum(sign[x.kind] * x.fee_minor for _, x in held),
        sum(_signed(x) for x in tickets),
        sum(sign[x.kind] * x.quantity for x in tickets if _price(x) > 0),
    )


def _price(x: Line) -> int:
    return x.amount_minor - x.discount_minor


def _signed(x: Line) -> int:
    return _price(x) if x.kind == "sale" else -_price(x)


def _local(x: Line) -> datetime:
    assert x.at is not None
    return x.at.astimezone(OSLO)
