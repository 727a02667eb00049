"""The statements of a cut: every base cell, with its persons and each organisation's part.

Persons are numbered densely and kept as bitmaps while cells are put together, so that a person of
many organisations, months and places is counted once in each union. A figure's persons are those
known and the anonymous orders behind it; of these there may be more, never fewer, than are counted.
"""

import re

from kudos.falling import VALUES
from kudos.profiles import PERSON, PROFILED
from kudos.sums import SUMS, WORDS
from services.query.matrix import MATRIX, PERSONAL, SHARED

#: Each year is its own partition; what a statement reads in several places is read once; and sales
#: and those who ask go before a cut.
SETTINGS = {
    "do_not_merge_across_partitions_select_final": 1,
    "enable_materialized_cte": 1,
    "os_threads_nice_value_query": 15,
    "max_execution_time": 1800,
}
#: Sums over lines in NOK, and what else adds up: the names of base measures.
_MONEY = {
    "net_revenue": SUMS["net_revenue"].sql,
    "refunded_revenue": "sumIf(price, NOT sale AND revenue)",
    "ticket_revenue": SUMS["ticket_revenue"].sql,
    "fees": SUMS["fees"].sql,
}


def _in_nok(sql: str) -> str:
    """Return a sum of money in NOK: what has no rate is 0, and the answer says so."""
    return re.sub(r"\b(price|fee)\b", r"nok_\1", sql)


ADDED = {
    **{name: SUMS[name].sql for name in ("tickets", "refunded_tickets")},
    # an average is of tickets whose price is known in NOK
    "paid_tickets": f"{SUMS['paid_tickets'].sql[:-1]} AND rate > 0)",
    **{name: SUMS[name].sql for name in ("known_tickets", "known_refunded_tickets")},
    **{name: _in_nok(sql) for name, sql in _MONEY.items()},
}
DISTINCT = ("orders", "ticket_orders", "customer_records")
#: What is kept of a line that a breakdown tells apart.
ADDED_BY = ("tickets", "net_revenue")

#: Where the register counts each organisation, and from which to which day.
_MEMBERS = """
SELECT m.1 AS organisation, m.2 AS industry, m.3 AS home, m.4 AS since, m.5 AS until
FROM (SELECT arrayJoin({members:Array(Tuple(String, String, String, Date, Date))}) AS m)
"""
_TOLD = f"""
    bought AS MATERIALIZED (SELECT DISTINCT customer_ref FROM sales WHERE customer_ref != 0),
    {PROFILED},
    numbered AS MATERIALIZED (
        SELECT person, toUInt32(rowNumberInAllBlocks()) AS id
        FROM (SELECT DISTINCT {PERSON} AS person FROM bought LEFT JOIN link USING (customer_ref))
    ),
    houses AS (
        SELECT toString(organisation) AS house, venues, ticket_classes, genres
        FROM organisations FINAL
    ),
    lines AS (
        SELECT toString(organisation) AS organisation, {WORDS}, customer_ref, line.genre AS genre,
            (toString(county), toString(municipality), toString(centrality)) AS own_place
        FROM sales FINAL ARRAY JOIN line WHERE day <= {{last:Date}}
    ),
    rates AS (
        SELECT toString(currency) AS of, day AS on, rate AS imported FROM exchange_rates FINAL
    ),
    priced AS (
        SELECT *, if(currency = 'NOK', 1., imported) AS rate,
            if(currency = 'NOK', price, toInt64(round(price * imported))) AS nok_price,
            if(currency = 'NOK', fee, toInt64(round(fee * imported))) AS nok_fee
        FROM lines LEFT JOIN rates ON currency = of AND day = on
    ),
    persons_of_lines AS (
        SELECT *, {PERSON} AS person, venues[venue] AS elsewhere
        FROM priced
        LEFT JOIN link USING (customer_ref)
        LEFT JOIN houses ON organisation = house
    )
"""  # noqa: S608 (all of it is ours; what varies is a parameter)
#: An anonymous order's number: two may share one, so that there are never fewer than are counted.
_ANONYMOUS = "toUInt32(cityHash64(order_id) % 4194304)"
_PEOPLE = f"""
    groupBitmapStateIf(id, sale AND customer_ref != 0) AS customers,
    groupBitmapStateIf(id, customer_ref != 0) AS known,
    groupBitmapStateIf({_ANONYMOUS}, customer_ref = 0) AS anonymous"""
_MERGED = """
    groupBitmapMerge(customers) AS sum_customers,
    groupBitmapMerge(known) + groupBitmapMerge(anonymous) AS sum_persons"""
#: (kind, scope) of an atom, in the words ``organisation``, ``industry`` and ``city``.
_GROUPS = """[('network', 'network'), ('industry', concat('industry:', industry)),
    ('region', concat('region:', left(city, 2))), ('city', concat('city:', city)),
    ('industry-region', concat('industry-region:', industry, '/', left(city, 2)))]"""
_OWN = "[('organisation', concat('organisation:', organisation))]"
_CALENDAR = """[('month', formatDateTime(day, '%Y-%m')),
    ('quarter', concat(toString(toYear(day)), '-Q', toString(toQuarter(day)))),
    ('year', toString(toYear(day))),
    ('season', concat('season-', toString(toYear(day) - (toMonth(day) < 8))))]"""
_DAYS = "[('day', toString(day)), ('week', formatDateTime(day, '%G-W%V'))]"
#: The windows of 365 days that end with a month which is over, and hold the day.
_ROLLING = """arrayMap(e -> ('rolling', concat('rolling-365@', toString(e))),
    arrayFilter(e -> e - 364 <= day AND e <= {last:Date},
        arrayMap(n -> toLastDayOfMonth(addMonths(toStartOfMonth(day), n)), range(13))))"""


def _names() -> list[tuple[str, ...]]:
    """Return everything by which a published row tells cells apart."""
    rows = [row for row in MATRIX if row.kind == "published"]
    return sorted({by for row in rows for by in row.by if by})


def _value(by: tuple[str, ...]) -> str:
    return f"({list(by)}, [{', '.join(f'v_{name}' for name in by)}])"


def _may() -> str:
    """Return SQL for whether a row of the matrix has the scope and period of a breakdown."""
    places: dict[tuple[str, str, str], None] = {}
    for row in MATRIX:
        if row.kind == "published":
            for by in filter(None, row.by):
                for scope in row.scopes:
                    places |= {(",".join(by), scope, period): None for period in row.periods}
    listed = ", ".join(map(str, places))
    return f"(arrayStringConcat(b.1, ','), s.1, p.1) IN ({listed})"


_FALLS = ", ".join(f"{VALUES[name]} AS v_{name}" for name in (*PERSONAL, *SHARED))
_SUMS_BY = ", ".join(f"{ADDED[name]} AS part_{name}" for name in ADDED_BY)
_TOTALS_BY = ", ".join(f"toInt64(sum(part_{name})) AS sum_{name}" for name in ADDED_BY)


def _told_apart(sums: list[str]) -> str:
    """Return what makes rows of grouping sets one row a cell: its own sums, and by organisation."""
    names = ", ".join(sums)
    return f"""
SELECT scope, period, by, told, anyIf(({names}), organisation = '') AS whole,
    groupArrayIf((organisation, {names}), organisation != '') AS parts"""


#: One row a cell that is told apart: scope, period, breakdowns, values, sums, parts.
BY = f"""
{_told_apart(["sum_customers", "sum_persons", *(f"sum_{n}" for n in ADDED_BY)])}
FROM (
    WITH {_TOLD},
    fallen AS (
        SELECT organisation, elsewhere, toStartOfMonth(day) AS month, b, {_PEOPLE}, {_SUMS_BY}
        FROM (
            SELECT *, arrayJoin([{", ".join(map(_value, _names()))}]) AS b
            FROM (
                SELECT *, {_FALLS}
                FROM (
                    SELECT *, if(own_place.1 != '', own_place, home) AS place
                    FROM persons_of_lines
                    LEFT JOIN profiles USING (person)
                    LEFT JOIN numbered USING (person)
                )
            )
        ) WHERE NOT has(b.2, '')
        GROUP BY organisation, elsewhere, month, b
    ),
    atoms AS (
        SELECT *, month AS day, if(elsewhere != '', elsewhere, home) AS city
        FROM fallen INNER JOIN ({_MEMBERS}) AS members USING (organisation)
        WHERE month BETWEEN since AND until
    )
    SELECT s.2 AS scope, p.2 AS period, b.1 AS by, b.2 AS told, organisation, {_MERGED},
        {_TOTALS_BY}
    FROM (
        SELECT *, arrayJoin(arrayConcat({_GROUPS}, {_OWN})) AS s, arrayJoin({_CALENDAR}) AS p
        FROM atoms
    ) WHERE {_may()}
    GROUP BY GROUPING SETS ((s, p, b), (s, p, b, organisation))
)
GROUP BY scope, period, by, told
"""  # noqa: S608 (as above)

_ATOM_SUMS = ", ".join(
    [
        *(
            f"{SUMS[n].sql.replace('uniqExactIf', 'uniqExactStateIf')} AS part_{n}"
            for n in DISTINCT
        ),
        *(f"{sql} AS part_{name}" for name, sql in ADDED.items()),
    ]
)
WHOLE_SUMS = ("customers", "persons", *DISTINCT, *ADDED)
_WHOLE_TOTALS = ", ".join(
    [
        *(f"toInt64(uniqExactMerge(part_{name})) AS sum_{name}" for name in DISTINCT),
        *(f"toInt64(sum(part_{name})) AS sum_{name}" for name in ADDED),
    ]
)


def _whole(periods: str) -> str:
    """Return the statement of cells that nothing tells apart; organisations' own among them."""
    return f"""
{_told_apart([f"sum_{name}" for name in WHOLE_SUMS])}
FROM (
    WITH {_TOLD},
    sold AS (
        SELECT organisation, elsewhere, day, {_PEOPLE}, {_ATOM_SUMS}
        FROM persons_of_lines LEFT JOIN numbered USING (person)
        GROUP BY organisation, elsewhere, day
    ),
    atoms AS (
        SELECT *, if(elsewhere != '', elsewhere, home) AS city
        FROM sold INNER JOIN ({_MEMBERS}) AS members USING (organisation)
        WHERE day BETWEEN since AND until
    )
    SELECT s.2 AS scope, p.2 AS period, emptyArrayString() AS by, emptyArrayString() AS told,
        organisation, {_MERGED}, {_WHOLE_TOTALS}
    FROM (
        SELECT *, arrayJoin(arrayConcat({_GROUPS}, {_OWN})) AS s, arrayJoin({periods}) AS p
        FROM atoms
    )
    GROUP BY GROUPING SETS ((s, p), (s, p, organisation))
)
GROUP BY scope, period, by, told
"""  # noqa: S608 (as above)


WHOLE = _whole(f"arrayConcat({_CALENDAR}, {_DAYS}, {_ROLLING})")
#: By organisation and year the currencies that groups' money leaves out: there was no rate.
UNCONVERTED = """
SELECT concat(toString(organisation), ' ', toString(toYear(day))),
    arraySort(groupUniqArray(toString(currency)))
FROM sales FINAL
WHERE currency NOT IN ('', 'NOK') AND day <= {last:Date}
    AND (toString(currency), day) NOT IN (SELECT toString(currency), day FROM exchange_rates)
GROUP BY organisation, toYear(day)
"""

#: What cross-use is told of.
CROSS_USE_PERIODS = f"arrayFilter(p -> p.1 != 'quarter', arrayConcat({_CALENDAR}, {_ROLLING}))"
