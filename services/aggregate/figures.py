"""How the derived tables follow from the facts: the definitions of ``kpis.md`` in SQL.

Each statement computes whole cells, (day, organisation), named by ``{cells}``, and writes a row for
every one of them, so that a value which vanished is gone. An order, customer record or person
counts where it has a sale line; a refund counts on its own day.
"""

from services.aggregate.visits import VISITS

#: One row a line, and one without anything for each cell, so that an empty one is written too.
#: What a line counts as is worked out here, once for all sums.
_LINES = """
SELECT organisation, day, toString(currency) AS currency, order_id, record_ref, customer_ref,
    line.timed AS timed, line.at AS at,
    line.kind = 'sale' AS sale, line.item = 'ticket' AS ticket,
    sale AND ticket AS ticket_sale, NOT sale AND ticket AS ticket_refund,
    ticket_sale AND customer_ref != 0 AS known_sale,
    ticket_refund AND customer_ref != 0 AS known_refund,
    toInt64(line.quantity) AS quantity,
    line.amount - line.discount AS price, if(sale, price, -price) AS signed,
    if(sale, line.fee, -line.fee) AS fee,
    line.item NOT IN ('gift_card', 'donation', 'season_pass_use') AS revenue,
    revenue AND sale AS gross,
    ticket AND price > 0 AS paid, if(sale, quantity, -quantity) AS signed_quantity
FROM sales FINAL ARRAY JOIN line
WHERE (day, organisation) IN {cells:Array(Tuple(Date, String))}
UNION ALL
SELECT cell.2, cell.1, '', 0, 0, 0, true, toDateTime(0, 'UTC'), false, false, false, false, false,
    false, 0, 0, 0, 0, false, false, false, 0
FROM (SELECT arrayJoin({cells:Array(Tuple(Date, String))}) AS cell)
"""

_SALES_LIVE = f"""
INSERT INTO sales_live (organisation, day, generation, minute.of_day, minute.currency,
    minute.orders, minute.tickets, minute.refunded_tickets, minute.gross_revenue,
    minute.net_revenue)
SELECT organisation, day, {{generation:UInt64}}, m.1, m.2, m.3, m.4, m.5, m.6, m.7
FROM (
    SELECT organisation, day, arraySort(groupArrayIf(
        (of_day, currency, orders, tickets, refunded, gross_revenue, net_revenue), currency != ''
    )) AS m
    FROM (
        SELECT organisation, day, currency,
            toHour(at, 'Europe/Oslo') * 60 + toMinute(at, 'Europe/Oslo') AS of_day,
            uniqExactIf(order_id, sale) AS orders,
            sumIf(quantity, ticket_sale) AS tickets,
            sumIf(quantity, ticket_refund) AS refunded,
            sumIf(price, gross) AS gross_revenue,
            sumIf(signed, revenue) AS net_revenue
        FROM ({_LINES}) WHERE timed
        GROUP BY organisation, day, currency, of_day
    ) GROUP BY organisation, day
)
"""  # noqa: S608 (all of it is ours; what varies is a parameter)

#: By currency first, for money; orders and records of several currencies are then one set. It looks
#: up nobody: an organisation's persons are counted from ``visits``.
_KPI_DAILY = f"""
INSERT INTO kpi_daily (scope_kind, scope, day, generation, orders, ticket_orders, tickets,
    refunded_tickets, known_tickets, known_refunded_tickets, customer_records,
    money.currency, money.orders, money.gross_revenue, money.net_revenue,
    money.fees, money.ticket_revenue, money.paid_tickets)
SELECT 'organisation', organisation, day, {{generation:UInt64}}, all_orders, all_ticket_orders,
    all_tickets, all_refunded, all_known, all_known_refunded, all_records,
    m.1, m.2, m.3, m.4, m.5, m.6, m.7
FROM (
    SELECT organisation, day,
        uniqExactMerge(bought) AS all_orders, uniqExactMerge(bought_tickets) AS all_ticket_orders,
        sum(tickets) AS all_tickets, sum(refunded) AS all_refunded,
        sum(known) AS all_known, sum(known_refunded) AS all_known_refunded,
        uniqExactMerge(records) AS all_records,
        arraySort(groupArrayIf((currency, orders, gross_revenue, net_revenue, fees,
            ticket_revenue, paid_tickets), currency != '')) AS m
    FROM (
        SELECT organisation, day, currency,
            uniqExactStateIf(order_id, sale) AS bought,
            uniqExactStateIf(order_id, ticket_sale) AS bought_tickets,
            uniqExactStateIf(record_ref, sale AND record_ref != 0) AS records,
            sumIf(quantity, ticket_sale) AS tickets,
            sumIf(quantity, ticket_refund) AS refunded,
            sumIf(quantity, known_sale) AS known,
            sumIf(quantity, known_refund) AS known_refunded,
            uniqExactIf(order_id, sale) AS orders,
            sumIf(price, gross) AS gross_revenue,
            sumIf(signed, revenue) AS net_revenue,
            sum(fee) AS fees,
            sumIf(signed, ticket) AS ticket_revenue,
            sumIf(signed_quantity, paid) AS paid_tickets
        FROM ({_LINES}) GROUP BY organisation, day, currency
    ) GROUP BY organisation, day
)
"""  # noqa: S608 (all of it is ours; what varies is a parameter)

#: The statement of each table.
STATEMENTS = {"sales_live": _SALES_LIVE, "kpi_daily": _KPI_DAILY, "visits": VISITS}

#: The cells whose marks not all of ``{targets}`` have taken in, and the generation, from ONE
#: reading of the marks; the newest first.
STALE = """
SELECT day, organisation, sum(m) AS seen, any(generation)
FROM (
    SELECT day, organisation, sum(marks) AS m, 0 AS done, sum(sum(marks)) OVER () AS generation
    FROM marks GROUP BY day, organisation
) AS marked
LEFT JOIN (
    SELECT day, organisation, if(uniqExact(target) = length({targets:Array(String)}), min(d), 0)
        AS taken
    FROM (
        SELECT target, day, organisation, max(marks) AS d FROM covered
        WHERE target IN {targets:Array(String)} GROUP BY target, day, organisation
    ) GROUP BY day, organisation
) AS before USING (day, organisation)
GROUP BY day, organisation, taken HAVING seen > taken
ORDER BY day DESC, organisation
"""
GENERATION = "SELECT sum(marks) FROM marks"
