"""What is sold right now: one organisation's day by minute, and how its weekday usually goes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from statistics import quantiles

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.ledger import watermarks
from services.query.answer import Band, Live, Minute
from services.query.figures import SETTINGS, CurrencyOf, ask_many
from services.query.periods import parse
from services.query.question import Question
from services.query.statements import MINUTES

#: A weekday is usual by the last so many weeks, where so many of them had any sale.
WEEKS, LEAST_DAYS = 8, 3
_QUARTERS = 96
#: Today's totals: a line without an hour counts here too, and an order once.
TOTALS = ("orders", "tickets", "refunded_tickets", "net_tickets", "gross_revenue", "net_revenue")


class Figure(Struct, frozen=True, omit_defaults=True):
    """One of today's totals; money in *currency*'s minor unit."""

    measure: str
    value: int | float | None
    currency: str | None = None


class Pulse(Struct, frozen=True):
    """A day by minute, and its totals."""

    live: Live
    totals: tuple[Figure, ...]

    def says_the_same(self, other: "Pulse") -> bool:
        """Tell whether both hold the same values, whatever their watermarks are."""
        mine, theirs = (p.live for p in (self, other))
        return (mine.day, mine.minutes, self.totals) == (theirs.day, theirs.minutes, other.totals)


def day(client: Client, organisation: str, local: date) -> Live:
    """Return one local day of *organisation*."""
    as_of = watermarks(client).get("sales_live")
    minutes = _minutes(client, organisation, [local]).get(local, ())
    return Live(organisation, local, as_of, tuple(minutes))


def pulse(client: Client, organisation: str, local: date, currency_of: CurrencyOf) -> Pulse:
    """Return one local day of *organisation* with its totals."""
    period = parse(local.isoformat())
    answers = ask_many(client, [Question(m, organisation, period) for m in TOTALS], currency_of)
    totals = [
        Figure(measure, cell.value, cell.currency)
        for measure, answer in zip(TOTALS, answers, strict=True)
        for cell in answer.cells
    ]
    return Pulse(day(client, organisation, local), tuple(totals))


def band(client: Client, organisation: str, local: date, currency: str) -> Band | None:
    """Return how far the weekday of *local* had usually come; None where too few days tell.

    Days are the same weekday of the weeks before; revenue is in *currency* alone.
    """
    days = [local - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    return usual(_minutes(client, organisation, days).values(), currency)


def usual(days: Iterable[Sequence[Minute]], currency: str) -> Band | None:
    """Return the band of *days*, of which those without a sale tell nothing."""
    sold = [minutes for minutes in days if any(m.orders for m in minutes)]
    if len(sold) < LEAST_DAYS:
        return None
    tickets = [_cumulative((m, m.tickets - m.refunded_tickets) for m in day) for day in sold]
    revenue = [
        _cumulative((m, m.gross_revenue) for m in day if m.currency == currency) for day in sold
    ]
    return Band(len(sold), _quartiles(tickets), _quartiles(revenue))


def _cumulative(steps: Iterable[tuple[Minute, int]]) -> list[int]:
    """Return how far *steps* had come at the end of each quarter of an hour."""
    by_quarter = [0] * _QUARTERS
    for minute, step in steps:
        by_quarter[minute.of_day // 15] += step
    return list(accumulate(by_quarter))


def _quartiles(days: Sequence[Sequence[int]]) -> tuple[tuple[float, float, float], ...]:
    cut = (quantiles(at, n=4, method="inclusive") for at in zip(*days, strict=True))
    return tuple((low, middle, high) for low, middle, high in cut)


def _minutes(client: Client, organisation: str, days: Sequence[date]) -> dict[date, list[Minute]]:
    rows = client.query(
        MINUTES,
        parameters={"organisation": organisation, "days": list(days)},
        settings=SETTINGS,
    ).result_rows
    found: defaultdict[date, list[Minute]] = defaultdict(list)
    for local, *minute in rows:
        found[local].append(Minute(*minute))
    return dict(found)


def lag(watermark: datetime | None, now: datetime) -> float | None:
    """Return how many seconds *watermark* is behind *now*."""
    return None if watermark is None else max(0.0, (now - watermark).total_seconds())
