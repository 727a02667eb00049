"""What the tables of persons say, and whether it is what the truth says, cell by cell."""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from tests.support import curves
from tests.support.audience import BREAKDOWNS, COUNTS, GROUPS, MONEY, SCOPES, Audience
from tests.support.oracle import days_of
from tests.support.season import Season

#: Families of tables that follow from who is one.
FAMILIES = ("visits", "kpi_groups", "kpi_daily_by", "kpi_rolling", "cross_use")


class Compared:
    """How many cells were compared, and those that differ: what, keys, expected, found."""

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self.wrong: list[tuple[object, ...]] = []

    def note(self, what: str, expected: pl.DataFrame, found: pl.DataFrame) -> None:
        """Compare two tables whose last column is ``value``, cell by cell."""
        keys = [name for name in expected.columns if name != "value"]
        both = expected.join(
            found.cast({"value": pl.Int64}), on=keys, how="full", coalesce=True, suffix="_found"
        )
        assert len(both) <= len(expected) + len(found), (what, "a cell stands twice")
        self.cells[what] = self.cells.get(what, 0) + len(both)
        differs = both.filter(pl.col("value").ne_missing(pl.col("value_found")))
        self.wrong += [(what, *row) for row in differs.head(5).rows()]

    def __str__(self) -> str:
        told = ", ".join(f"{what} {many:,}" for what, many in self.cells.items())
        return f"{sum(self.cells.values()):,} cells ({told}), {len(self.wrong)} wrong"


def compare(season: Season) -> Compared:
    """Compare every table of persons with the truth of *season*, once all of it is counted."""
    season.system.wait_until_counted(families=FAMILIES)
    of = Audience(season.lines, season.customers, season.statements)
    compared = Compared()
    with connect(season.system.addresses["clickhouse"]) as client:
        compared.note("persons", curves.persons(of), _persons(client))
        for kind in ("organisation", *GROUPS):
            compared.note("days", of.daily(kind), _daily(client, kind))
        for breakdown in BREAKDOWNS:
            compared.note("breakdowns", of.by(breakdown), _by(client, breakdown))
        last = _last(client)
        for kind in SCOPES:
            compared.note("curves", curves.rolling(of, kind, last), _rolling(client, kind, last))
        used, pairs = _cross_use(client), _pairs(client)
        for period, begins, ends in periods(*of.days(), last):
            found = used.filter(pl.col("period") == period).drop("period")
            true = curves.cross_use(of, begins, ends)
            compared.note("cross-use", true, found)
            told = pairs.filter(pl.col("period") == period).drop("period")
            compared.note("shares", curves.shares(true), told)
    return compared


def periods(first: date, came: date, last: date) -> Iterator[tuple[str, date, date]]:
    """Yield the periods of which cross-use is told: name, first and last day.

    Whoever came did so from *first* to *came*; *last* is the last day of the curves.
    """
    months = sorted({f"{first:%Y-%m}", *_months(first, last)})
    years = [str(year) for year in range(first.year, came.year + 1)]
    seasons = [f"season-{year}" for year in range(first.year - (first.month < 8), came.year + 1)]
    for name in (*months, *years, *seasons):
        begins, ends = days_of(name)
        if begins <= came:
            yield name, begins, ends
    for window in curves.WINDOWS:
        yield f"rolling-{window}", *days_of(f"rolling-{window}@{last}")
    for month in months:
        _, ends = days_of(month)
        if ends <= last:
            name = f"rolling-365@{ends}"
            yield name, *days_of(name)


def _months(first: date, last: date) -> Iterator[str]:
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield f"{year}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _ask(client: Client, sql: str, **asked: object) -> pl.DataFrame:
    return pl.DataFrame(client.query_arrow(sql, parameters=asked, use_strings=True))


def _last(client: Client) -> date:
    [(last,)] = client.query("SELECT max(day) FROM kpi_rolling").result_rows
    found: date = last
    return found


def _persons(client: Client) -> pl.DataFrame:
    return _ask(
        client,
        """
        WITH now AS (
            SELECT customer_ref, toString(any(organisation)) AS house,
                argMax((person, own_person), version) AS p FROM links GROUP BY customer_ref
        )
        SELECT organisation, toInt64(size) AS size, toInt64(count()) AS value FROM (
            SELECT '' AS organisation, count() AS size FROM now GROUP BY p.1
            UNION ALL
            SELECT house AS organisation, count() FROM now GROUP BY house, p.2
        ) GROUP BY organisation, size
        """,
    )


def _named(columns: Sequence[str], of: str = "") -> str:
    pairs = ", ".join(f"('{name}', toInt64({of}{name}))" for name in columns)
    return f"[{pairs}]"


def _daily(client: Client, kind: str) -> pl.DataFrame:
    return _ask(
        client,
        f"""
        SELECT toDate32(day) AS day, toString(scope) AS scope, currency, m.1 AS measure,
            m.2 AS value
        FROM (
            SELECT day, scope, '' AS currency, arrayJoin({_named((*COUNTS, "customers"))}) AS m
            FROM kpi_daily FINAL WHERE scope_kind = {{kind:String}}
            UNION ALL
            SELECT day, scope, money.currency AS currency,
                arrayJoin({_named(MONEY, "money.")}) AS m
            FROM kpi_daily FINAL ARRAY JOIN money WHERE scope_kind = {{kind:String}}
            UNION ALL
            -- an organisation's persons stand in no other table than visits
            SELECT day, organisation, '', arrayJoin([
                ('customers', toInt64(length(arrayDistinct(customer.person)))),
                ('own_customers', toInt64(length(arrayDistinct(customer.own_person))))
            ]) FROM visits FINAL WHERE {{kind:String}} = 'organisation'
        ) WHERE value != 0
        """,
        kind=kind,
    )


def _by(client: Client, breakdown: str) -> pl.DataFrame:
    counts = _named((*COUNTS, "customers"), "cell.")
    return _ask(
        client,
        f"""
        SELECT toString(organisation) AS organisation, toDate32(day) AS day, falls, currency,
            m.1 AS measure, m.2 AS value
        FROM (
            SELECT organisation, day, cell.value AS falls, '' AS currency, arrayJoin({counts}) AS m
            FROM kpi_daily_by FINAL ARRAY JOIN cell WHERE by = {{by:String}}
            UNION ALL
            SELECT organisation, day, money.value, money.currency,
                arrayJoin({_named(MONEY, "money.")})
            FROM kpi_daily_by FINAL ARRAY JOIN money WHERE by = {{by:String}}
        ) WHERE value != 0
        """,
        by=breakdown,
    )


def _rolling(client: Client, kind: str, last: date) -> pl.DataFrame:
    return _ask(
        client,
        """
        SELECT toString(scope) AS scope, toInt32(window) AS window, toDate32(day) AS day,
            toInt64(customers) AS value
        FROM kpi_rolling FINAL
        WHERE scope_kind = {kind:String} AND customers != 0 AND day <= {last:Date}
        """,
        kind=kind,
        last=last,
    )


def _cross_use(client: Client) -> pl.DataFrame:
    return _ask(
        client,
        """
        SELECT toString(period) AS period, toString(organisation) AS organisation, kind, name,
            toInt64(value) AS value
        FROM (
            SELECT period, organisation, 'customers' AS kind, '' AS name, customers AS value
            FROM cross_use FINAL
            UNION ALL
            SELECT period, organisation, other.kind, other.name, other.shared
            FROM cross_use FINAL ARRAY JOIN other
        ) WHERE value != 0
        """,
    )


def _pairs(client: Client) -> pl.DataFrame:
    return _ask(
        client,
        """
        SELECT toString(period) AS period, toString(organisation) AS organisation, other,
            m.1 AS measure, toInt64(round(m.2 * 1e9)) AS value
        FROM cross_use_pairs
        ARRAY JOIN [('share', share), ('share_of_other', share_of_other), ('lift', lift)] AS m
        """,
    )
