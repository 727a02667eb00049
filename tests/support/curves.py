"""Who came in any span of days, by their definitions: each day asks who came in the days before."""

from datetime import date, timedelta

import numpy as np

from tests.support.audience import SCOPES, Audience, Cells
from tests.support.oracle import days_of

WINDOWS = (7, 28, 90, 365)


def rolling(of: Audience, kind: str, last: date) -> Cells:
    """Return (scope, window, day) → customers, for every day from the first to *last*."""
    scope, who = SCOPES[kind]
    first, _ = of.days()
    rows = of.rows(
        f"""
        SELECT scope, list(DISTINCT (who - 1, came)) FROM (
            SELECT {scope} AS scope,
                dense_rank() OVER (PARTITION BY {scope} ORDER BY {who}) AS who,
                day - ?::DATE AS came FROM visits
        ) GROUP BY scope
    """,
        first,
    )
    found: Cells = {}
    for scope, visits in rows:
        people, days = np.array(visits).T
        came = np.zeros((people.max() + 1, (last - first).days + 1), np.int16)
        came[people, days] = 1
        for window in WINDOWS:
            # on how many of the window's days each came
            often = np.cumsum(came, axis=1, dtype=np.int16)
            often[:, window:] -= often[:, :-window].copy()
            curve = (often > 0).sum(axis=0)
            found |= {
                (scope, window, first + timedelta(days=day)): int(curve[day])
                for day in np.flatnonzero(curve).tolist()
            }
    return found


def cross_use(of: Audience, begins: date, ends: date) -> Cells:
    """Return (organisation, kind, name) → customers, of whoever came from *begins* to *ends*.

    The network stands as the organisation "". Kinds: ``customers`` are its own; those that were
    at another ``organisation``, or at any other of an ``industry`` or ``region``; and those
    that were at so ``many`` organisations in all.
    """
    of.rows(
        """
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT DISTINCT person, organisation, industry, left(city, 2) AS region FROM visits
        WHERE day BETWEEN ? AND ?
        """,
        begins,
        ends,
    )
    found = of.rows("""
        WITH whose AS (
            SELECT DISTINCT person, organisation FROM seen
            UNION ALL SELECT DISTINCT person, '' FROM seen
        ),
        beside AS (
            SELECT whose.organisation AS one, seen.* FROM whose JOIN seen USING (person)
            WHERE seen.organisation <> one
        )
        SELECT organisation, 'customers' AS kind, '' AS name, count(*) FROM whose GROUP BY ALL
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
    return {row[:3]: row[3] for row in found}


def customers(of: Audience, period: str) -> Cells:
    """Return (organisation, measure) → its own persons of *period*.

    ``new`` had their first order ever in it, ``returning`` an earlier one; of these those are
    ``reactivated`` whose order before lies more than 365 days before their first in it. ``1``
    to ``5+`` came on so many days.
    """
    found = of.rows(
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
        SELECT organisation, count(*), count(*) FILTER (earlier IS NULL),
            count(earlier), count(*) FILTER (earlier < first - 365),
            count(*) FILTER (days = 1), count(*) FILTER (days = 2),
            count(*) FILTER (days = 3), count(*) FILTER (days = 4),
            count(*) FILTER (days >= 5), sum(days)::BIGINT
        FROM before GROUP BY organisation
        """,
        *days_of(period),
    )
    names = ("unique", "new", "returning", "reactivated", "1", "2", "3", "4", "5+", "days")
    return {
        (row[0], name): value
        for row in found
        for name, value in zip(names, row[1:], strict=True)
        if value
    }


def persons(of: Audience) -> tuple[list[int], dict[str, list[int]]]:
    """Return how many customers each person has, sorted; and each own one, by house."""
    network = of.rows("SELECT count(*) FROM customers GROUP BY person ORDER BY 1")
    own = of.rows("""
        SELECT organisation, count(*) FROM customers GROUP BY organisation, own ORDER BY 1, 2
    """)
    found: dict[str, list[int]] = {}
    for organisation, many in own:
        found.setdefault(organisation, []).append(many)
    return [many for (many,) in network], found
