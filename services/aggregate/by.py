"""An organisation's days by what tells customers or sales apart: ``kpi_daily_by``, whole cells.

Personal attributes are the person's current profile; age is on the line's day, and place the
order's own, else the profile's. Own words of ticket types and genres are mapped by the register.
"""

from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from kudos.falling import VALUES
from kudos.metrics import REFRESH_SECONDS
from kudos.profiles import PERSON, PROFILED
from kudos.sums import WORDS
from services.aggregate.groups import COUNTS, MERGED, MONEY, STATES
from services.aggregate.refresh import Cell
from services.aggregate.scopes import SETTINGS

_CELLS = "{cells:Array(Tuple(Date, String))}"
#: What a statement reads in several places is read once.
_SETTINGS = SETTINGS | {"enable_materialized_cte": 1}


_ORDERS = f"SELECT order_id FROM sales WHERE (day, organisation) IN {_CELLS}"  # noqa: S608 (all of it is ours; what varies is a parameter)
_DAYS = f"SELECT DISTINCT day, organisation FROM order_days WHERE order_id IN ({_ORDERS})"  # noqa: S608 (as above)
#: Of an order with lines on several days, the others than those at hand too.
_PARTIES = f"""
SELECT order_id, sumIf(toInt64(line.quantity), line.kind = 'sale' AND line.item = 'ticket') AS party
FROM sales FINAL ARRAY JOIN line
WHERE (day, organisation) IN ({_DAYS}) AND order_id IN ({_ORDERS})
GROUP BY order_id
"""  # noqa: S608 (as above)
_LINES = f"""
SELECT organisation, {WORDS}, customer_ref, line.genre AS genre,
    (toString(county), toString(municipality), toString(centrality)) AS own_place
FROM sales FINAL ARRAY JOIN line WHERE (day, organisation) IN {_CELLS}
"""  # noqa: S608 (as above)
_FALLS = ", ".join(f"('{name}', {sql})" for name, sql in VALUES.items())
_CELL = (*COUNTS, "customers")
_STATEMENT = f"""
INSERT INTO kpi_daily_by (organisation, by, day, generation, cell.value,
    {", ".join(f"cell.{name}" for name in _CELL)}, money.value, money.currency,
    {", ".join(f"money.{name}" for name in MONEY)})
SELECT organisation, by, day, {{generation:UInt64}},
    {", ".join(f"c.{n}" for n in range(1, len(_CELL) + 2))},
    {", ".join(f"m.{n}" for n in range(1, len(MONEY) + 3))}
FROM (
    WITH
        bought AS MATERIALIZED (
            SELECT DISTINCT customer_ref FROM sales
            WHERE (day, organisation) IN {_CELLS} AND customer_ref != 0
        ),
        {PROFILED},
        lines AS (
            SELECT *, {PERSON} AS person FROM ({_LINES}) AS sold
            LEFT JOIN link USING (customer_ref)
        ),
        told AS (
            SELECT *, if(own_place.1 != '', own_place, home) AS place
            FROM lines
            LEFT JOIN profiles USING (person)
            LEFT JOIN ({_PARTIES}) AS parties USING (order_id)
            LEFT JOIN (
                SELECT toString(organisation) AS house, ticket_classes, genres
                FROM organisations FINAL
            ) AS houses ON organisation = house
        ),
        fallen AS (
            SELECT organisation, day, currency, b, {STATES},
                uniqExactStateIf(person, sale AND customer_ref != 0) AS buyers
            FROM (SELECT *, arrayJoin([{_FALLS}]) AS b FROM told) WHERE b.2 != ''
            GROUP BY organisation, day, currency, b
        ),
        sums AS (
            SELECT organisation, day, b, currency, {MERGED},
                toInt64(uniqExactMerge(buyers)) AS sum_customers
            FROM fallen
            GROUP BY GROUPING SETS ((organisation, day, b), (organisation, day, b, currency))
        )
    SELECT organisation, day, by,
        arraySort(groupArrayIf((value, {", ".join(f"sum_{name}" for name in _CELL)}),
            here AND currency = '')) AS c,
        arraySort(groupArrayIf((value, currency, {", ".join(f"sum_{name}" for name in MONEY)}),
            here AND currency != '')) AS m
    FROM (
        SELECT toString(organisation) AS organisation, day, b.1 AS by, b.2 AS value, currency,
            {", ".join(f"sum_{name}" for name in dict.fromkeys((*_CELL, *MONEY)))}, true AS here
        FROM sums
        UNION ALL
        SELECT cell.2, cell.1, arrayJoin({list(VALUES)}), '', '',
            {", ".join("0" for _ in dict.fromkeys((*_CELL, *MONEY)))}, false
        FROM (SELECT arrayJoin({_CELLS}) AS cell)
    ) GROUP BY organisation, day, by
)
"""  # noqa: S608 (as above)
_NEIGHBOURS = f"SELECT day, toString(organisation) FROM ({_DAYS})"  # noqa: S608 (as above)


def recompute(client: Client, cells: Sequence[Cell], generation: int) -> None:
    """Write *cells*, and those that orders of theirs have lines in too, as they follow now."""
    wanted = sorted({(cell.day, cell.organisation) for cell in cells})
    with REFRESH_SECONDS.labels("kpi_daily_by").time():
        beside = client.query(_NEIGHBOURS, parameters={"cells": wanted}).result_rows
        asked = sorted({*wanted, *map(tuple, beside)})
        parameters = {"cells": asked, "generation": generation}
        client.raw_query(_STATEMENT, parameters=parameters, settings=_SETTINGS)
