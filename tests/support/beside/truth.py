"""What may be shown of groups, by another way: DuckDB over a network's rows, by ``kpis.md``.

No code of the product is used. The rounding is told here once more, as ``docs/disclosure.md`` has
it: money of groups to three significant digits, half to even; what is made of several figures is
made of the rounded ones, and rounded once more.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import floor, log10
from typing import Any

import duckdb
import polars as pl

from tests.support.audience import BREAKDOWNS
from tests.support.oracle import days_of

Row = Mapping[str, Any]
#: By scope and values of the breakdowns.
Rows = dict[tuple[str, tuple[str, ...]], Row]

SCOPES = (
    "'network'",
    "'industry:' || industry",
    "'region:' || left(city, 2)",
    "'city:' || city",
    "'industry-region:' || industry || '/' || left(city, 2)",
)
#: Money is what was sold in NOK; of what is sold a refund is taken, and people stay.
_SUMS = """
    count(DISTINCT person) FILTER (sale) AS customers,
    count(DISTINCT record) FILTER (sale) AS customer_records,
    count(DISTINCT bought) FILTER (sale) AS orders,
    count(DISTINCT bought) FILTER (sale AND ticket) AS ticket_orders,
    sum(quantity) FILTER (sale AND ticket) AS tickets,
    sum(quantity) FILTER (NOT sale AND ticket) AS refunded_tickets,
    sum(signed) FILTER (ticket) AS net_tickets,
    sum(signed) FILTER (ticket AND record IS NOT NULL) AS known_tickets,
    sum(signed) FILTER (ticket AND price > 0) AS paid_tickets,
    sum(paid) FILTER (revenue AND nok) AS net_revenue,
    sum(price) FILTER (NOT sale AND revenue AND nok) AS refunded_revenue,
    sum(paid) FILTER (ticket AND nok) AS ticket_revenue,
    sum(if(sale, fee_minor, -fee_minor)) FILTER (nok) AS fees,
    count(DISTINCT coalesce(person, -1 - bought)) AS persons,
    count(DISTINCT organisation) AS organisations
"""
#: Of each measure the sums that are added, and by what they are divided.
_OF = {
    "unique_customers": (("customers",), None),
    "customer_records": (("customer_records",), None),
    "orders": (("orders",), None),
    "tickets": (("tickets",), None),
    "refunded_tickets": (("refunded_tickets",), None),
    "net_tickets": (("net_tickets",), None),
    "net_revenue": (("net_revenue",), None),
    "gross_revenue": (("net_revenue", "refunded_revenue"), None),
    "fees": (("fees",), None),
    "average_ticket_price": (("ticket_revenue",), "paid_tickets"),
    "average_order_value": (("net_revenue",), "orders"),
    "party_size": (("tickets",), "ticket_orders"),
}
_MONEY = {"net_revenue", "refunded_revenue", "ticket_revenue", "fees"}
#: Three digits are shown.
_DIGITS = 3


class Truth:
    """Answers of groups from the rows of a network."""

    def __init__(self, lines: pl.DataFrame) -> None:
        self._db = duckdb.connect()
        self._db.register("told", lines.to_arrow())
        self._db.execute(f"""
            CREATE TABLE lines AS SELECT *, kind = 'sale' AS sale, item = 'ticket' AS ticket,
                item NOT IN ('gift_card', 'donation', 'season_pass_use') AS revenue,
                currency = 'NOK' AS nok, if(kind = 'sale', quantity, -quantity) AS signed,
                if(kind = 'sale', price, -price) AS paid,
                [{", ".join(SCOPES)}] AS scopes
            FROM told
        """)

    def scopes(self) -> list[str]:
        """Return every group in which anything was sold."""
        rows = self._db.execute("SELECT DISTINCT unnest(scopes) FROM lines ORDER BY 1").fetchall()
        return [name for (name,) in rows]

    def rows(self, period: str, by: Iterable[str] = ()) -> Rows:
        """Return the sums of every group in *period*, told apart by *by*."""
        named = [f"v{n}" for n, _ in enumerate(by)]
        told = ", ".join(f"{BREAKDOWNS[name]} AS {v}" for name, v in zip(by, named, strict=True))
        held = " AND ".join(["true", *(f"{v} IS NOT NULL" for v in named)])
        keys = ", ".join(["scope", *named])
        found = self._db.execute(
            f"SELECT {keys}, {_SUMS} FROM (SELECT *, unnest(scopes) AS scope{told and ', '}{told} "
            f"FROM lines WHERE day BETWEEN ? AND ?) WHERE {held} GROUP BY {keys}",
            days_of(period),
        )
        names = [column[0] for column in found.description or ()]
        many = 1 + len(named)
        return {
            (row[0], tuple(row[1:many])): {
                name: int(value or 0) for name, value in zip(names[many:], row[many:], strict=True)
            }
            for row in found.fetchall()
        }


def periods(first: date, last: date, kinds: Iterable[str]) -> dict[str, list[str]]:
    """Return by kind every period of *kinds* that has a day from *first* to *last*."""
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    ends = [day for day in days if (day + timedelta(1)).day == 1]
    named = {
        "day": [str(day) for day in days],
        "week": [f"{d.isocalendar().year}-W{d.isocalendar().week:02d}" for d in days],
        "month": [f"{day:%Y-%m}" for day in days],
        "quarter": [f"{day.year}-Q{(day.month + 2) // 3}" for day in days],
        "year": [str(day.year) for day in days],
        "season": [f"season-{day.year - (day.month < 8)}" for day in days],
        "rolling": [f"rolling-365@{end}" for end in ends],
    }
    return {kind: list(dict.fromkeys(named[kind])) for kind in kinds}


def shown(measure: str, row: Row) -> float | None:
    """Return what may be shown of *measure*; None: it is for each of nothing."""
    if measure == "coverage":
        return coverage(row)
    if measure == "coverage":
        return coverage(row)
    names, per = _OF[measure]
    total = Fraction(sum(_published(name, row) for name in names))
    if per is not None:
        if row[per] <= 0:
            return None
        value = significant(total / row[per])
        return float(value) if measure == "party_size" else round(value)
    return float(significant(total)) if set(names) & _MONEY else int(total)


def coverage(row: Row) -> float | None:
    """Return the share of net tickets whose customer is known, in whole per cents."""
    if row["net_tickets"] <= 0:
        return None
    return float(round(Fraction(row["known_tickets"], row["net_tickets"]), 2))


def _published(name: str, row: Row) -> int:
    return int(significant(Fraction(row[name]))) if name in _MONEY else row[name]


def significant(value: Fraction) -> Fraction:
    """Round to three significant digits, half to even."""
    if value == 0:
        return value
    unit = Fraction(10) ** (floor(log10(abs(value))) + 1 - _DIGITS)
    return round(value / unit) * unit
