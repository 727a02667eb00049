"""Figures by another way: DuckDB over the truth, by ``kpis.md``, with no code of the product.

Money is in the currency's minor unit; averages of money are rounded half to even, shares are not.
"""

import calendar
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

#: (organisation, measure) → (values of the breakdown…, currency or None) → value; None: undefined.
Cells = dict[tuple[str, str], dict[tuple[str | None, ...], int | float | None]]

COUNTS = ("orders", "tickets", "refunded_tickets", "net_tickets", "customer_records")
SHARES = ("party_size", "coverage")
MONEY = (
    "gross_revenue",
    "net_revenue",
    "fees",
    "average_ticket_price",
    "average_order_value",
)
MEASURES = (*COUNTS, *SHARES, *MONEY)

#: What each breakdown calls a line; what the vendor does not say is unknown.
LINE_BREAKDOWNS = {
    "production": "coalesce(production, 'unknown')",
    "venue": "coalesce(venue, 'unknown')",
    "ticket_type": "coalesce(ticket_type, 'unknown')",
    "channel": "channel",
    # the price times the quantity is compared, so that nothing is divided
    "price_band": """CASE
        WHEN price = 0 THEN '0'
        WHEN price < 10000 * quantity THEN '1-99'
        WHEN price < 20000 * quantity THEN '100-199'
        WHEN price < 35000 * quantity THEN '200-349'
        WHEN price < 50000 * quantity THEN '350-499'
        WHEN price < 75000 * quantity THEN '500-749'
        ELSE '750+' END""",
    "lead_time": """CASE
        WHEN played IS NULL THEN 'unknown'
        WHEN played - day < 1 THEN '0'
        WHEN played - day < 3 THEN '1-2'
        WHEN played - day < 8 THEN '3-7'
        WHEN played - day < 31 THEN '8-30'
        WHEN played - day < 91 THEN '31-90'
        ELSE '91+' END""",
    "weekday_hour": """CASE
        -- nobody tells when these were, and the hour of a receipt is none of theirs
        WHEN undated THEN NULL
        WHEN NOT at_is_date THEN weekday || '-' || hour END""",
}
BREAKDOWNS = tuple(LINE_BREAKDOWNS)

SUMS = """
    count(DISTINCT bought) FILTER (kind = 'sale') AS orders,
    coalesce(sum(quantity) FILTER (kind = 'sale' AND item = 'ticket'), 0)::BIGINT AS tickets,
    coalesce(sum(quantity) FILTER (kind = 'refund' AND item = 'ticket'), 0)::BIGINT
        AS refunded_tickets,
    tickets - refunded_tickets AS net_tickets,
    coalesce(sum(CASE kind WHEN 'sale' THEN quantity ELSE -quantity END)
        FILTER (item = 'ticket' AND record IS NOT NULL), 0)::BIGINT AS known_tickets,
    count(DISTINCT record) FILTER (kind = 'sale') AS customer_records,
    count(DISTINCT bought) FILTER (kind = 'sale' AND item = 'ticket') AS ticket_orders,
    coalesce(sum(price) FILTER (kind = 'sale' AND revenue), 0)::BIGINT AS gross_revenue,
    gross_revenue - coalesce(sum(price) FILTER (kind = 'refund' AND revenue), 0)::BIGINT
        AS net_revenue,
    coalesce(sum(CASE kind WHEN 'sale' THEN fee_minor ELSE -fee_minor END), 0)::BIGINT AS fees,
    coalesce(sum(CASE kind WHEN 'sale' THEN price ELSE -price END)
        FILTER (item = 'ticket'), 0)::BIGINT AS ticket_revenue,
    coalesce(sum(CASE kind WHEN 'sale' THEN quantity ELSE -quantity END)
        FILTER (item = 'ticket' AND price > 0), 0)::BIGINT AS paid_tickets
"""


class Oracle:
    """Answers from the lines of a truth."""

    def __init__(self, lines: pl.DataFrame) -> None:
        local = pl.col("at").dt.convert_time_zone("Europe/Oslo")
        table = lines.with_columns(
            day=local.dt.date(),
            weekday=local.dt.weekday(),
            hour=local.dt.hour(),
            played=pl.col("performance_starts_at").dt.convert_time_zone("Europe/Oslo").dt.date(),
        ).to_arrow()
        self._db = duckdb.connect()
        self._db.register("truth", table)
        self._db.execute("""
            CREATE TABLE lines AS SELECT *,
                vendor || '/' || "order" AS bought,
                vendor || '/' || customer_record AS record,
                amount_minor - discount_minor AS price,
                item NOT IN ('gift_card', 'donation', 'season_pass_use') AS revenue
            FROM truth
        """)

    def organisations(self) -> list[str]:
        """Return who sold anything."""
        rows = self._db.execute("SELECT DISTINCT organisation FROM lines ORDER BY 1").fetchall()
        return [name for (name,) in rows]

    def currencies(self, organisation: str) -> set[str]:
        """Return what an organisation sold in."""
        asked = "SELECT DISTINCT currency FROM lines WHERE organisation = ?"
        return {name for (name,) in self._db.execute(asked, [organisation]).fetchall()}

    def days(self) -> list[date]:
        """Return the days on which anything stands, in order."""
        rows = self._db.execute("SELECT DISTINCT day FROM lines ORDER BY 1").fetchall()
        return [day for (day,) in rows]

    def cells(self, period: str, by: Iterable[str] = ()) -> Cells:
        """Return every organisation's cells of every measure in *period*, broken down *by*."""
        begins, ends = days_of(period)
        by = tuple(by)
        found: Cells = {}
        for row in self._rows(begins, ends, by, money=False):
            for measure in (*COUNTS, *SHARES):
                where = found.setdefault((row["organisation"], measure), {})
                where[(*_values(row, by), None)] = _value(measure, row)
        for row in self._rows(begins, ends, by, money=True):
            for measure in MONEY:
                where = found.setdefault((row["organisation"], measure), {})
                where[(*_values(row, by), row["currency"])] = _value(measure, row)
        return found

    def _rows(
        self, begins: date, ends: date, by: tuple[str, ...], *, money: bool
    ) -> list[dict[str, Any]]:
        named = "".join(f", {LINE_BREAKDOWNS[name]} AS by_{name}" for name in by)
        groups = ["organisation", *(f"by_{name}" for name in by), *(["currency"] if money else [])]
        held = "".join(f" AND by_{name} IS NOT NULL" for name in by)
        found = self._db.execute(
            f"WITH cut AS (SELECT *{named} FROM lines WHERE day BETWEEN ? AND ?) "
            f"SELECT {', '.join(groups)}, {SUMS} FROM cut WHERE true{held} "
            f"GROUP BY {', '.join(groups)}",
            [begins, ends],
        )
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _values(row: Mapping[str, Any], by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row[f"by_{name}"] for name in by)


def _value(measure: str, row: Mapping[str, Any]) -> int | float | None:
    match measure:
        case "party_size":
            return _share(row["tickets"], row["ticket_orders"])
        case "coverage":
            return _share(row["known_tickets"], row["net_tickets"])
        case "average_ticket_price":
            return _average(row["ticket_revenue"], row["paid_tickets"])
        case "average_order_value":
            return _average(row["net_revenue"], row["orders"])
        case _:
            return int(row[measure])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _average(total: int, count: int) -> int | None:
    # a Fraction rounds half to even, and is exact
    return round(Fraction(total, count)) if count > 0 else None


def days_of(period: str) -> tuple[date, date]:  # noqa: PLR0911 (a return for each kind)
    """Return the first and the last day of *period*."""
    if ".." in period:
        begins, ends = period.split("..")
        return date.fromisoformat(begins), date.fromisoformat(ends)
    if found := re.fullmatch(r"rolling-(\d+)@(.+)", period):
        ends_on = date.fromisoformat(found[2])
        return ends_on - timedelta(days=int(found[1]) - 1), ends_on
    if found := re.fullmatch(r"season-(\d{4})", period):
        return date(int(found[1]), 8, 1), date(int(found[1]) + 1, 7, 31)
    if found := re.fullmatch(r"(\d{4})-W(\d\d)", period):
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return monday, monday + timedelta(days=6)
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", period):
        return _months(int(found[1]), int(found[2]) * 3 - 2, int(found[2]) * 3)
    if found := re.fullmatch(r"(\d{4})-(\d\d)", period):
        return _months(int(found[1]), int(found[2]), int(found[2]))
    if re.fullmatch(r"\d{4}", period):
        return date(int(period), 1, 1), date(int(period), 12, 31)
    return date.fromisoformat(period), date.fromisoformat(period)


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])
