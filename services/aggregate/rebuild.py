"""Recompute every derived table beside the running ones, and swap them in whole.

A database beside has empty derived tables, and the facts' tables as they are: so the refreshers'
own statements fill it. What is marked meanwhile, or was stale when it began, is marked once more
after the swap: whoever refreshed it before may have written into the tables that are gone. Killed
before the swap nothing has happened; killed in it, the next run first makes up for the marks.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlsplit

from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.aggregate import by, cross_use, groups, refresh, rolling, slow
from services.aggregate.refresh import Cell
from services.aggregate.scopes import WIDE

#: What is computed, and what from.
DERIVED = ("sales_live", "kpi_daily", "visits", "kpi_daily_by", "kpi_rolling", "cross_use")
SOURCES = (
    "sales",
    "links",
    "refs_of_persons",
    "evidence",
    "order_days",
    "organisations",
    "scopes",
)
_TARGETS = (*refresh.LIVE, *refresh.PERSONS, *slow.TARGETS)
_DAY = timedelta(days=1)
#: All cells by one reading, and whether every table had them as they were marked.
_CELLS = """
INSERT INTO {beside}.cells (day, organisation, marks, settled)
SELECT day, organisation, sum(m) AS marked, min(taken) = marked
FROM (SELECT day, organisation, sum(marks) AS m FROM marks GROUP BY day, organisation) AS marked
LEFT JOIN (
    SELECT day, organisation, if(count() = {{many:UInt64}}, min(d), 0) AS taken FROM (
        SELECT target, day, organisation, max(marks) AS d FROM covered
        WHERE target IN {{targets:Array(String)}} GROUP BY target, day, organisation
    ) GROUP BY day, organisation
) AS before USING (day, organisation)
GROUP BY day, organisation
"""
_MARK = """
INSERT INTO marks (day, organisation, marks)
SELECT day, organisation, 1
FROM (SELECT day, organisation, sum(marks) AS marked FROM marks GROUP BY day, organisation) AS now
LEFT JOIN (SELECT day, organisation, marks AS had, settled FROM {beside}.cells) AS before
    USING (day, organisation)
WHERE NOT settled OR marked > had
"""
Say = Callable[[int, int], object]


def rebuild(url: str, today: Callable[[], date], say: Say = lambda _done, _all: None) -> int:
    """Recompute the derived tables of the database that *url* names; return how many cells.

    *say* is told how many of how many steps are done.
    """
    name = urlsplit(url).path.strip("/") or "kudos"
    beside = f"{name}_rebuild"
    with connect(url, timeout_s=3600) as client:
        if client.query(f"EXISTS TABLE {beside}.swapping").result_rows[0][0]:
            _make_up(client, beside)
        generation = slow.generation_of(client)
        _prepare(client, name, beside)
        last = slow.last_day(client, today())
        with connect(urlsplit(url)._replace(path=f"/{beside}").geturl(), timeout_s=3600) as filling:
            many = _fill(filling, generation, last, say)
        client.command(f"CREATE TABLE {beside}.swapping (name String) ENGINE = Log")
        for table in DERIVED:
            client.command(f"EXCHANGE TABLES {name}.{table} AND {beside}.{table}")
        _make_up(client, beside)
        _come_to(client, last, slow.last_day(client, today()))
        client.command(f"DROP DATABASE {beside}")
    return many


def _prepare(client: Client, name: str, beside: str) -> None:
    client.command(f"DROP DATABASE IF EXISTS {beside}")
    client.command(f"CREATE DATABASE {beside} ENGINE = Atomic")
    for table in SOURCES:
        client.command(
            f"CREATE TABLE {beside}.{table} AS {name}.{table} ENGINE = Merge('{name}', '^{table}$')"
        )
    for table in DERIVED:
        client.command(f"CREATE TABLE {beside}.{table} AS {name}.{table}")
    client.command(
        f"CREATE TABLE {beside}.cells (day Date, organisation String, marks UInt64, settled Bool) "
        "ENGINE = MergeTree ORDER BY (day, organisation)"
    )
    asked = {"targets": list(_TARGETS), "many": len(_TARGETS)}
    client.raw_query(_CELLS.format(beside=beside), parameters=asked)


def _fill(client: Client, slow_generation: int, last: date, say: Say) -> int:
    rows = client.query("SELECT day, organisation, marks FROM cells ORDER BY day DESC").result_rows
    cells = [Cell(*row) for row in rows]
    steps = list(_steps(client, cells, slow_generation, last))
    for number, step in enumerate(steps):
        say(number, len(steps))
        step()
    say(len(steps), len(steps))
    return len(cells)


def _steps(
    client: Client, cells: list[Cell], slow_generation: int, last: date
) -> Iterator[Callable[[], object]]:
    """Yield the work: first what comes from the facts, then what comes from that."""
    generation = sum(cell.seen for cell in cells)
    portions = list(refresh.portions(cells))
    for table in (*refresh.LIVE, *refresh.PERSONS):
        for part in portions:
            yield partial(refresh.recompute, client, table, part, generation)
    days = sorted({cell.day for cell in cells})
    for part in portions:
        yield partial(groups.recompute, client, {c.day for c in part}, slow_generation)
        yield partial(by.recompute, client, part, slow_generation)
    if days:
        for stretch in rolling.portions(min(*days, last), last):
            yield partial(rolling.recompute, client, [stretch], slow_generation)
    for some in cross_use.portions(cross_use.touched(days, last) | set(cross_use.moving(last))):
        yield partial(cross_use.recompute, client, some, last, slow_generation, WIDE)


def _make_up(client: Client, beside: str) -> None:
    client.raw_query(_MARK.format(beside=beside))


def _come_to(client: Client, before: date, last: date) -> None:
    """Bring curves and windows to *last*: midnight may have passed, and been noted."""
    generation = slow.generation_of(client)
    if before < last:
        rolling.recompute(client, [(before + _DAY, last)], generation)
        cross_use.recompute(client, cross_use.begun(before, last), last, generation)
