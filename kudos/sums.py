"""What figures are made of: sums over the lines of sales, the same for whoever counts them."""

from collections.abc import Mapping

from msgspec import Struct

#: The words in which sums and breakdowns are written: what to select FROM sales ARRAY JOIN line.
WORDS = """day, order_id, record_ref, toString(currency) AS currency,
    toString(channel) AS channel,
    line.kind = 'sale' AS sale, line.item = 'ticket' AS ticket,
    line.item NOT IN ('gift_card', 'donation', 'season_pass_use') AS revenue,
    toInt64(line.quantity) AS quantity, line.amount - line.discount AS price, line.fee AS fee,
    line.at AS at, line.timed AS timed, line.starts_at AS starts_at,
    line.production AS production, line.venue AS venue, line.ticket_type AS ticket_type"""


class Sum(Struct, frozen=True):
    """One number over lines. *sql* is an aggregate; its words are those of ``WORDS``.

    *daily* says that ``kpi_daily`` has a column of this name: of all, or of money by currency.
    """

    sql: str
    daily: bool = True
    adds_up: bool = True  # over days; else a longer period is counted from the facts


#: Every sum a measure may be made of, as the facts tell it.
SUMS: Mapping[str, Sum] = {
    "orders": Sum("uniqExactIf(order_id, sale)", adds_up=False),
    "ticket_orders": Sum("uniqExactIf(order_id, sale AND ticket)", adds_up=False),
    "customer_records": Sum("uniqExactIf(record_ref, sale AND record_ref != 0)", adds_up=False),
    "tickets": Sum("sumIf(quantity, sale AND ticket)"),
    "refunded_tickets": Sum("sumIf(quantity, NOT sale AND ticket)"),
    "known_tickets": Sum("sumIf(quantity, sale AND ticket AND record_ref != 0)"),
    "known_refunded_tickets": Sum("sumIf(quantity, NOT sale AND ticket AND record_ref != 0)"),
    "gross_revenue": Sum("sumIf(price, sale AND revenue)"),
    "net_revenue": Sum("sumIf(if(sale, price, -price), revenue)"),
    "fees": Sum("sum(if(sale, fee, -fee))"),
    "ticket_revenue": Sum("sumIf(if(sale, price, -price), ticket)"),
    "paid_tickets": Sum("sumIf(if(sale, quantity, -quantity), ticket AND price > 0)"),
}
