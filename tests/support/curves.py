"""Who came in any span of days, by their definitions: each day asks who came in the days before."""

from datetime import date

import numpy as np
import polars as pl

from tests.support.audience import SCOPES, Audience
from tests.support.oracle import days_of

WINDOWS = (7, 28, 90, 365)


def rolling(of: Audience, kind: str, last: date) -> pl.DataFrame:
    """Return scope, window, day, value: customers, for every day from the first to *last*."""
    scope, who = SCOPES[kind]
    first, _ = of.days()
    visited = of.frame(
        f"""
        SELECT scope, list(DISTINCT [who - 1, came]) FROM (
            SELECT {scope} AS scope, day - ?::DATE AS came,
                dense_rank() OVER (PARTITION BY {scope} ORDER BY {who}) AS who FROM visits
        ) GROUP BY scope
        """,
        first,
    )
    parts = []
    for scope, visits in visited.rows():
        people, days = np.array(visits).T
        came = np.zeros((people.max() + 1, (last - first).days + 1), np.int16)
        came[people, days] = 1
        for window in WINDOWS:
            # on how many of the window's days each came
            often = np.cumsum(came, axis=1, dtype=np.int16)
            often[:, window:] -= often[:, :-window].copy()
            curve = {"value": (often > 0).sum(axis=0)}
            parts.append(
                pl.DataFrame(curve)
                .with_row_index("day")
                .with_columns(
                    scope=pl.lit(scope), window=window, day=pl.lit(first) + pl.duration(days="day")
                )
            )
    return pl.concat(parts).filter(pl.col("value") > 0).select("scope", "window", "day", "value")


def cross_use(of: Audience, begins: date, ends: date) -> pl.DataFrame:
    """Return organisation, kind, name, value: customers, of who came from *begins* to *ends*.

    The network stands as the organisation "". Kinds: ``customers`` are its own; those that were
    at another ``organisation``, or at any other of an ``industry`` or ``region``; and those
    that were at so ``many`` organisations in all.
    """
    of.do(
        """
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT DISTINCT person, organisation, industry, left(city, 2) AS region FROM visits
        WHERE day BETWEEN ? AND ?
        """,
        begins,
        ends,
    )
    return of.frame("""
        WITH whose AS (
            SELECT DISTINCT person, organisation FROM seen
            UNION ALL SELECT DISTINCT person, '' FROM seen
        ),
        beside AS (
            SELECT whose.organisation AS one, seen.* FROM whose JOIN seen USING (person)
            WHERE seen.organisation <> one
        )
        SELECT organisation, 'customers' AS kind, '' AS name, count(*) AS value FROM whose
            GROUP BY ALL
        UNION ALL
        SELECT one, 'organisation', organisation, count(DISTINCT person) FROM beside
            GROUP BY ALL
        UNION ALL
        SELECT one, 'industry', industry, count(DISTINCT person) FROM beside GROUP BY ALL
        UNION ALL
        SELECT one, 'region', region, count(DISTINCT person) FROM beside GROUP BY ALL
        UNION ALL
        SELECT whose.organisation, 'many', places::VARCHAR, count(*) FROM whose JOIN
            (SELECT person, count(DISTINCT organisation) AS places FROM seen GROUP BY person)
            USING (person) GROUP BY ALL
    """)


def shares(used: pl.DataFrame) -> pl.DataFrame:
    """Return organisation, other, measure, value of a period's cross-use, in thousand-millionths.

    The share of an organisation's customers that are the other's too, of the other's, and lift:
    shared x network / (A x B), as kpis.md has it.
    """
    of = {name: n for name, kind, _, n in used.rows() if kind == "customers"}
    rows = []
    for one, kind, other, shared in used.rows():
        if kind == "organisation" and one:
            told = {
                "share": shared / of[one],
                "share_of_other": shared / of[other],
                "lift": shared * of[""] / (of[one] * of[other]),
            }
            rows += [(one, other, name, round(x * 1e9)) for name, x in told.items()]
    schema = {"organisation": pl.String, "other": pl.String, "measure": pl.String}
    return pl.DataFrame(rows, schema=schema | {"value": pl.Int64}, orient="row")


def customers(of: Audience, period: str) -> pl.DataFrame:
    """Return organisation, measure, value: its own persons of *period*.

    ``new`` had their first order ever in it, ``returning`` an earlier one; of these those are
    ``reactivated`` whose order before lies more than 365 days before their first in it. ``1``
    to ``5+`` came on so many days.
    """
    return of.frame(
        """
        WITH came AS (
            SELECT organisation, own, count(DISTINCT day) AS days, min(day) AS first FROM visits
            WHERE day BETWEEN ? AND ? GROUP BY organisation, own
        ),
        before AS (
            SELECT came.*, (SELECT max(day) FROM visits AS v WHERE v.own = came.own
                AND v.organisation = came.organisation AND v.day < came.first) AS earlier
            FROM came
        )
        SELECT * FROM (UNPIVOT (
            SELECT organisation, count(*) AS "unique", count(*) FILTER (earlier IS NULL) AS new,
                count(earlier) AS returning,
                count(*) FILTER (earlier < first - 365) AS reactivated,
                count(*) FILTER (days = 1) AS "1", count(*) FILTER (days = 2) AS "2",
                count(*) FILTER (days = 3) AS "3", count(*) FILTER (days = 4) AS "4",
                count(*) FILTER (days >= 5) AS "5+", sum(days)::BIGINT AS days
            FROM before GROUP BY organisation
        ) ON COLUMNS(* EXCLUDE organisation) INTO NAME measure VALUE value) WHERE value <> 0
        """,
        *days_of(period),
    )


def persons(of: Audience) -> pl.DataFrame:
    """Return organisation ("": the network), size, value: persons with so many customers."""
    return of.frame("""
        SELECT organisation, size, count(*) AS value FROM (
            SELECT '' AS organisation, count(*) AS size FROM customers GROUP BY person
            UNION ALL
            SELECT organisation, count(*) FROM customers GROUP BY organisation, own
        ) GROUP BY ALL
    """)
