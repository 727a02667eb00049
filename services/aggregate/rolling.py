"""Rolling curves: distinct persons of the last 7, 28, 90 and 365 days, exactly, on every day.

A visit on day d, with that person's visit before in the scope on day p, counts in the windows of w
days that end from max(d, p + w) to d + w - 1: one more at the beginning, one less after the end,
and the running sum is the curve. Where p is within the window its own end is the beginning: so all
that matters of a day are its visits, and how many have one before and one after within the window.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from clickhouse_connect.driver.client import Client

from kudos.metrics import REFRESH_SECONDS
from services.aggregate.scopes import GROUPS, HOUSES, SETTINGS, WIDE

WINDOWS = (7, 28, 90, 365)
LONGEST = max(WINDOWS)
#: Days a statement: each also reads the year before its first day.
_DAYS = 1096
_DAY = timedelta(days=1)

#: Every kind of scope: the scope and the person, in the words of ``visits``, and whether only those
#: count who are in the register now.
_KINDS = {
    **{kind: (scope, "person", True) for kind, scope in GROUPS.items()},
    "organisation": ("toString(organisation)", "person", False),
    "own": ("toString(organisation)", "own_person", False),
}
Range = tuple[date, date]


def _near(gap: str) -> str:
    """Return how many visits have another in the same window, by window."""
    return ", ".join(f"toInt64(countIf({gap} BETWEEN 1 AND {w - 1}))" for w in WINDOWS)


def _visited(kind: str) -> str:
    """Return who was where when, as of *kind*: what the statements count."""
    _, _, registered = _KINDS[kind]
    houses = f"INNER JOIN ({HOUSES}) AS houses USING (organisation)" if registered else ""
    return f"""(
            SELECT organisation, toUInt16(day) AS d, customer.person AS person,
                customer.own_person AS own_person, customer.city AS city
            FROM visits FINAL ARRAY JOIN customer
            WHERE day BETWEEN {{first:Date}} - {LONGEST - 1} AND {{last:Date}}
        ) AS visited {houses}"""  # noqa: S608 (as below)


def _statement(kind: str) -> str:
    scope, person, _ = _KINDS[kind]
    return f"""
INSERT INTO kpi_rolling (scope_kind, scope, window, day, generation, customers)
WITH
    toInt32({{first:Date}}) AS first, toInt32({{last:Date}}) AS last,
    {list(WINDOWS)} AS windows,
    days AS (
        SELECT {scope} AS scope, {person} AS person, arrayCompact(arraySort(groupArray(d))) AS ds,
            arrayDifference(ds) AS backs
        FROM {_visited(kind)}
        GROUP BY scope, person
    ),
    -- of a day's visits: how many there are, and of how many the one before and the next is in the
    -- same window; 0 where there is none
    counts AS (
        SELECT scope, d, toInt64(count()) AS n,
            [{_near("back")}] AS after, [{_near("front")}] AS before
        FROM days
        ARRAY JOIN ds AS d, backs AS back, arrayPushBack(arrayPopFront(backs), 0) AS front
        GROUP BY scope, d
    ),
    steps AS (
        SELECT scope, window, greatest(x.1, first) AS at, x.2 AS step
        FROM counts ARRAY JOIN windows AS window, after AS a, before AS b
        ARRAY JOIN [(toInt32(d), n - a), (toInt32(d) + window, b - n)] AS x
        WHERE x.1 <= last
    ),
    every AS (
        SELECT DISTINCT scope, window, first + toInt32(number) AS at, toInt64(0) AS step
        FROM scopes
        CROSS JOIN numbers(toUInt64(last - first + 1)) AS n ARRAY JOIN windows AS window
        WHERE scope_kind = '{kind}'
    ),
    changes AS (
        SELECT scope, window, at, sum(step) AS step
        FROM (SELECT * FROM steps UNION ALL SELECT * FROM every) GROUP BY scope, window, at
    )
SELECT '{kind}', scope, window, toDate(at), {{generation:UInt64}},
    toUInt64(sum(step) OVER (PARTITION BY scope, window ORDER BY at))
FROM changes
"""  # noqa: S608 (all of it is ours; what varies is a parameter)


def _statement_of_a_day(kind: str) -> str:
    """Return the same for one day: of each person, only the last visit matters."""
    scope, person, _ = _KINDS[kind]
    within = ", ".join(f"countIf(d > toUInt16({{last:Date}}) - {w})" for w in WINDOWS)
    return f"""
INSERT INTO kpi_rolling (scope_kind, scope, window, day, generation, customers)
WITH
    latest AS (
        SELECT {scope} AS scope, max(d) AS d FROM {_visited(kind)} GROUP BY scope, {person}
    ),
    counts AS (
        SELECT scope, [{within}] AS customers FROM latest GROUP BY scope
        UNION ALL
        SELECT scope, arrayWithConstant({len(WINDOWS)}, 0) FROM scopes WHERE scope_kind = '{kind}'
    )
SELECT '{kind}', scope, window, {{last:Date}}, {{generation:UInt64}}, sum(n)
FROM counts ARRAY JOIN {list(WINDOWS)} AS window, customers AS n
GROUP BY scope, window
"""  # noqa: S608 (as above)


_STATEMENTS = tuple(map(_statement, _KINDS))
#: The most usual refresh, of today alone, takes half the time by these.
_STATEMENTS_OF_A_DAY = tuple(map(_statement_of_a_day, _KINDS))


def touched(days: Iterable[date], last: date) -> list[Range]:
    """Return the days, up to *last*, whose windows hold any of *days*; the newest first."""
    return united((day, min(day + (LONGEST - 1) * _DAY, last)) for day in days if day <= last)


def united(ranges: Iterable[Range]) -> list[Range]:
    """Return *ranges*, overlapping ones as one; the newest first."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + _DAY:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found[::-1]


def recompute(client: Client, ranges: Iterable[Range], generation: int) -> None:
    """Write the curves' days in *ranges* as they follow from the visits now."""
    for first, last in ranges:
        for begins, ends in portions(first, last):
            asked = {"first": begins, "last": ends, "generation": generation}
            # longer than what a day's sales touch: everything is made anew
            settings = SETTINGS if (ends - begins).days < LONGEST else WIDE
            with REFRESH_SECONDS.labels("kpi_rolling").time():
                for sql in _STATEMENTS_OF_A_DAY if begins == ends else _STATEMENTS:
                    client.raw_query(sql, parameters=asked, settings=settings)


def portions(first: date, last: date) -> Iterator[Range]:
    """Yield the days from *first* to *last*, as many at a time as one statement should take."""
    while last >= first:
        begins = max(first, last - (_DAYS - 1) * _DAY)
        yield begins, last
        last = begins - _DAY
