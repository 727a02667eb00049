"""The statements; what comes from outside is a parameter, ids too: never a literal."""

from collections.abc import Iterable, Sequence

from kudos.breakdowns import BREAKDOWNS
from kudos.sums import SUMS, WORDS

#: One row a line of one organisation's days, in the words of sums and breakdowns.
#: Both conditions are of the sorting key, so they may come before FINAL has merged.
LINES = f"""
SELECT {WORDS}, customer_ref
FROM sales FINAL ARRAY JOIN line
PREWHERE day BETWEEN {{begins:Date}} AND {{ends:Date}} AND organisation = {{organisation:String}}
"""  # noqa: S608 (all of it is ours; what varies is a parameter)
_DAILY = """
FROM kpi_daily FINAL
WHERE scope_kind = 'organisation' AND scope = {organisation:String}
    AND day BETWEEN {begins:Date} AND {ends:Date}
"""
#: One of an organisation's days, minute by minute.
MINUTES = """
SELECT day, m.1, m.2, m.3, m.4, m.5, m.6, m.7 FROM (
    SELECT day, arrayJoin(arrayZip(minute.of_day, minute.currency, minute.orders, minute.tickets,
        minute.refunded_tickets, minute.gross_revenue, minute.net_revenue)) AS m
    FROM sales_live FINAL
    WHERE organisation = {organisation:String} AND day IN {days:Array(Date)}
) ORDER BY day, m.1, m.2
"""


def from_facts(
    sums: Iterable[str],
    by: Sequence[str],
    *,
    totals: bool,
    currencies: bool,
    most: int,
    by_day: bool = False,
) -> str:
    """Return what sums the facts: the day if asked for, values of *by*, the currency, the sums.

    In rows of *totals*, which are over all currencies, the currency is empty. There are *most* rows
    at most.
    """
    values = [f"by_{n}" for n in range(len(by))]
    told = [f"{BREAKDOWNS[name].sql} AS {value}" for name, value in zip(by, values, strict=True)]
    held = " AND ".join(BREAKDOWNS[name].holds for name in by if BREAKDOWNS[name].holds)
    # its parts are ours: nothing that was sent is in it
    lines = f"SELECT {', '.join(['*', *told])} FROM ({LINES}){_if(' WHERE ', held)}"  # noqa: S608 (as above)
    values = [*(["day"] if by_day else []), *values]
    wanted = [*([values] if totals else []), *([[*values, "currency"]] if currencies else [])]
    sets = ", ".join(f"({', '.join(one)})" for one in wanted)
    groups = ", ".join([*values, "currency" if currencies else "'' AS currency"])
    chosen = ", ".join(f"{SUMS[name].sql} AS sum_{name}" for name in sums)
    return f"SELECT {groups}, {chosen} FROM ({lines}) GROUP BY GROUPING SETS ({sets}) LIMIT {most}"  # noqa: S608 (as above)


def from_days(sums: Iterable[str], *, currencies: bool, by_day: bool = False) -> str:
    """Return what sums ``kpi_daily``: the day if asked for, the currency or '', and the sums."""
    groups = [*(["day"] if by_day else []), *(["money.currency"] if currencies else [])]
    chosen = [*(["day"] if by_day else []), "money.currency" if currencies else "''"]
    chosen += [f"sum({'money.' if currencies else ''}{name})" for name in sums]
    source = _DAILY.replace("FINAL", "FINAL ARRAY JOIN money") if currencies else _DAILY
    grouped, sorted_by = _if(" GROUP BY ", ", ".join(groups)), _if(" ORDER BY ", ", ".join(groups))
    return f"SELECT {', '.join(chosen)} {source}{grouped}{sorted_by}"


def _if(before: str, text: str) -> str:
    return before + text if text else ""
