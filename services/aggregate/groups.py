"""Groups' days: rows of ``kpi_daily`` for industries, regions, cities and the network.

A statement computes whole days, of every scope that there ever was. What adds up is summed over
lines; orders, records and persons of several organisations, places and currencies are one set.
"""

from collections.abc import Iterable
from datetime import date

from clickhouse_connect.driver.client import Client

from kudos.metrics import REFRESH_SECONDS
from kudos.sums import SUMS, WORDS
from services.aggregate.scopes import CITY, HOUSES, SCOPES, SETTINGS

#: What ``kpi_daily`` has of all money together, and of each currency.
COUNTS = (
    "orders",
    "ticket_orders",
    "tickets",
    "refunded_tickets",
    "known_tickets",
    "known_refunded_tickets",
    "customer_records",
)
MONEY = ("orders", "gross_revenue", "net_revenue", "fees", "ticket_revenue", "paid_tickets")
_SUMS = tuple(dict.fromkeys((*COUNTS, *MONEY)))


def state(name: str) -> str:
    """Return the aggregate of a sum as a state, which others may be merged with."""
    function, _, rest = SUMS[name].sql.partition("(")
    return f"{function}State({rest}"


def merged(name: str, of: str) -> str:
    """Return what merges the states *of* a sum."""
    function, _, _ = SUMS[name].sql.partition("(")
    return f"{function}Merge({of})"


#: All sums as states, and as numbers.
STATES = ", ".join(f"{state(name)} AS state_{name}" for name in _SUMS)
MERGED = ", ".join(f"toInt64({merged(name, f'state_{name}')}) AS sum_{name}" for name in _SUMS)
_NOTHING = ", ".join("0" for _ in _SUMS)
_KPI_DAILY = f"""
INSERT INTO kpi_daily (scope_kind, scope, day, generation, {", ".join(COUNTS)}, customers,
    money.currency, {", ".join(f"money.{name}" for name in MONEY)})
WITH
    houses AS ({HOUSES}),
    -- an order with lines in two places is one in the network: so states, and not numbers
    placed AS (
        SELECT industry, city, day, currency, {STATES}
        FROM (
            SELECT industry, {CITY} AS city, sold.*
            FROM (
                SELECT organisation, {WORDS} FROM sales FINAL ARRAY JOIN line
                WHERE day IN {{days:Array(Date)}}
            ) AS sold
            INNER JOIN houses USING (organisation)
        ) GROUP BY industry, city, day, currency
    ),
    sums AS (
        SELECT s.1 AS scope_kind, s.2 AS scope, day, currency, {MERGED}
        FROM (SELECT arrayJoin({SCOPES}) AS s, * FROM placed)
        GROUP BY GROUPING SETS ((s, day), (s, day, currency))
    ),
    buyers AS (
        SELECT s.1 AS scope_kind, s.2 AS scope, day, toInt64(uniqExact(person)) AS customers
        FROM (
            SELECT arrayJoin({SCOPES}) AS s, day, person
            FROM (
                SELECT organisation, day, customer.person AS person, customer.city AS city
                FROM visits FINAL ARRAY JOIN customer WHERE day IN {{days:Array(Date)}}
            ) AS visited
            INNER JOIN houses USING (organisation) WHERE city != ''
        ) GROUP BY s, day
    )
SELECT scope_kind, scope, day, {{generation:UInt64}},
    {", ".join(f"sumIf(sum_{name}, currency = '') AS all_{name}" for name in COUNTS)},
    sum(persons) AS all_persons,
    (arraySort(groupArrayIf((currency, {", ".join(f"sum_{name}" for name in MONEY)}),
        currency != '')) AS m).1, {", ".join(f"m.{n}" for n in range(2, len(MONEY) + 2))}
FROM (
    SELECT *, 0 AS persons FROM sums
    UNION ALL
    SELECT scope_kind, scope, day, '', {_NOTHING}, customers FROM buyers
    UNION ALL
    SELECT scope_kind, scope, day, '', {_NOTHING}, 0
    FROM (SELECT DISTINCT scope_kind, scope, arrayJoin({{days:Array(Date)}}) AS day FROM scopes
        WHERE scope_kind NOT IN ('organisation', 'own'))
)
GROUP BY scope_kind, scope, day
"""  # noqa: S608 (all of it is ours; what varies is a parameter)


def recompute(client: Client, days: Iterable[date], generation: int) -> None:
    """Write all groups' *days* as they follow from the facts and visits now."""
    asked = {"days": sorted(set(days)), "generation": generation}
    with REFRESH_SECONDS.labels("kpi_groups").time():
        client.raw_query(_KPI_DAILY, parameters=asked, settings=SETTINGS)
