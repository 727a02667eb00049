"""``python -m benchmarks.persons``: what persons cost in ClickHouse, of ten million lines.

The product's own statements on a world of its own, in the engine behind its HTTP interface.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
from clickhouse_connect.driver.client import Client
from msgspec import Struct

from benchmarks import world
from benchmarks.report import PERSONS, keep
from benchmarks.system import running_engine
from kudos.clickhouse import connect, migrate
from services.aggregate import by, cross_use, groups, refresh, rolling
from services.aggregate.refresh import Cell
from services.aggregate.scopes import WIDE

TODAY = date(2026, 5, 17)
_MEBIBYTE = 2**20
_SIZES = """
SELECT table, sum(bytes_on_disk) / 1048576, sum(rows) FROM system.parts
WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table
"""
_LINES = "SELECT count(), sum(length(line.kind)), uniqExact(organisation) FROM sales FINAL"


#: The peer: what organisations have in common by pairs alone, as plainly as it may be asked.
_PAIRS = """
WITH toDate({last:Date}) AS last,
    seen AS (
        SELECT person, organisation, max(day) AS latest FROM visits FINAL
        ARRAY JOIN customer.person AS person
        WHERE day BETWEEN last - 364 AND last GROUP BY person, organisation
    )
SELECT window, one.1 AS a, two.1 AS b, count() FROM (
    SELECT groupArray((toString(organisation), latest)) AS places FROM seen GROUP BY person
)
ARRAY JOIN places AS one ARRAY JOIN places AS two ARRAY JOIN [7, 28, 90, 365] AS window
WHERE least(one.2, two.2) > last - window GROUP BY window, a, b
FORMAT Null
"""

#: The peer: curves as the design's prototype has them, of its five kinds of scopes, from what each
#: visit and the one before it are apart.
_CURVES = """
INSERT INTO kpi_rolling (scope_kind, scope, window, day, generation, customers)
WITH {{first:Date}} AS first, {{last:Date}} AS last, [7, 28, 90, 365] AS windows,
    days AS (
        SELECT {scope} AS scope, person, arraySort(groupUniqArray(day)) AS ds
        FROM (
            SELECT organisation, day, customer.person AS persons FROM visits FINAL
            WHERE day BETWEEN first - 364 AND last
        ) AS v
        INNER JOIN (SELECT organisation, industry, region FROM organisations FINAL) AS o
            USING organisation
        ARRAY JOIN persons AS person GROUP BY scope, person
    ),
    gaps AS (
        SELECT scope, d, p, count() AS n FROM days
        ARRAY JOIN ds AS d, arrayPushFront(arrayPopBack(ds), toDate(0)) AS p GROUP BY scope, d, p
    ),
    steps AS (
        SELECT scope, window, greatest(x.1, first) AS day, x.2 AS step FROM gaps
        ARRAY JOIN windows AS window
        ARRAY JOIN [(greatest(d, p + window), toInt64(n)), (d + window, -toInt64(n))] AS x
    ),
    every AS (
        SELECT DISTINCT {scope} AS scope, window, first + number AS day, toInt64(0) AS step
        FROM organisations FINAL CROSS JOIN numbers(dateDiff('day', first, last) + 1) AS n
        ARRAY JOIN windows AS window
    ),
    per_day AS (
        SELECT scope, window, day, sum(step) AS step
        FROM (SELECT * FROM steps UNION ALL SELECT * FROM every) GROUP BY scope, window, day
    )
SELECT '{kind} of the peer', scope, window, day, 1,
    sum(step) OVER (PARTITION BY scope, window ORDER BY day)
FROM per_day WHERE day <= last
"""
_PEERS_KINDS = {
    "organisation": "toString(organisation)",
    "industry": "toString(industry)",
    "region": "toString(region)",
    "industry-region": "concat(industry, '/', region)",
    "network": "''",
}
#: Rows of our curves that are not as the peer's, of the kinds that do not go by where venues are.
_UNLIKE = """
SELECT countIf(customers != theirs), count() FROM (
    SELECT scope_kind AS kind, scope, window, day, customers FROM kpi_rolling FINAL
    WHERE scope_kind IN ('organisation', 'industry', 'network')
) AS ours
LEFT JOIN (
    SELECT replaceOne(scope_kind, ' of the peer', '') AS kind, scope, window, day,
        customers AS theirs
    FROM kpi_rolling FINAL WHERE endsWith(scope_kind, 'of the peer')
) AS peer USING (kind, scope, window, day)
"""

Cells = Sequence[Cell]


class Took(Struct, frozen=True):
    """One measurement."""

    what: str
    seconds: float
    cpu_seconds: float
    prototype: str
    peak_mib: float


class Watch:
    """Times what an engine does, and how much memory it has at most meanwhile."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.took: list[Took] = []

    @contextmanager
    def measure(self, what: str, prototype: str = "") -> Iterator[None]:
        """Measure a block once."""
        print(f"{what} …", flush=True)
        # 5: the kernel's peak of resident memory begins anew
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5", "ascii")
        begun, before = time.monotonic(), self._cpu_seconds()
        yield
        seconds, cpu = time.monotonic() - begun, self._cpu_seconds() - before
        peak = _peak(self._process.pid)
        self.took.append(Took(what, seconds, cpu, prototype, peak))
        print(f"  {seconds:.2f} s, {cpu:.2f} s of CPU, {peak:,.0f} MiB", flush=True)

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(client: Client, watch: Watch) -> None:
    """Compute everything in full, then what a moment's sales make stale."""
    rows = client.query("SELECT day, organisation, marks FROM marks FINAL ORDER BY day DESC")
    cells = [Cell(*row) for row in rows.result_rows]
    parts = list(refresh.portions(cells))
    year = parts[:12]
    first, days = min(c.day for c in cells), {c.day for c in cells}

    def all_of(write: Callable[[Cells], object], some: list[Cells]) -> None:
        for part in some:
            write(part)

    with watch.measure("visits, three years", "15.6 s"):
        all_of(lambda p: refresh.recompute(client, "visits", p, 1), parts)
    with watch.measure("kpi_daily of organisations, three years", "3.0 s, all scopes"):
        all_of(lambda p: refresh.recompute(client, "kpi_daily", p, 1), parts)
    with watch.measure("groups' days, three years"):
        all_of(lambda p: groups.recompute(client, {c.day for c in p}, 1), parts)
    with watch.measure("breakdowns, twelve months", "8 s, 10 attributes"):
        all_of(lambda p: by.recompute(client, p, 1), year)
    with watch.measure("all rolling curves, three years", "5.2 s, five kinds of seven"):
        rolling.recompute(client, [(first, TODAY)], 1)
    with watch.measure("the same as the prototype does it, its five kinds of scopes"):
        for kind, scope in _PEERS_KINDS.items():
            sql = _CURVES.format(kind=kind, scope=scope)
            client.raw_query(sql, parameters={"first": first, "last": TODAY}, settings=WIDE)
    [(unlike, curves)] = client.query(_UNLIKE).result_rows
    print(f"{curves:,} days of curves compared with the prototype's: {unlike:,} differ")
    if unlike:
        raise SystemExit("curves are not what the prototype makes of the same visits")
    with watch.measure("cross-use, the four windows", "0.24 s, pairs only"):
        cross_use.recompute(client, cross_use.moving(TODAY), TODAY, 1, WIDE)
    for threads in (1, 0):
        settings = {"max_threads": threads, "do_not_merge_across_partitions_select_final": 1}
        with watch.measure(
            f"the same by a plain statement, pairs only, {threads or 'all'} threads"
        ):
            client.raw_query(_PAIRS, parameters={"last": TODAY}, settings=settings)
    periods = cross_use.touched(days, TODAY)
    with watch.measure(f"cross-use, all {len(periods)} periods"):
        cross_use.recompute(client, periods, TODAY, 1, WIDE)
    today = [c for c in cells if c.day == TODAY]
    with watch.measure("today: visits", "0.13 s"):
        refresh.recompute(client, "visits", today, 2)
    with watch.measure("today: groups and breakdowns", "0.13 s, breakdowns"):
        groups.recompute(client, {TODAY}, 2)
        by.recompute(client, today, 2)
    with watch.measure("today: all rolling curves", "1.4 s"):
        rolling.recompute(client, rolling.touched({TODAY}, TODAY), 2)
    with watch.measure("today: cross-use"):
        cross_use.recompute(client, cross_use.touched({TODAY}, TODAY), TODAY, 2)


def section(client: Client, watch: Watch, loads: tuple[float, float]) -> str:
    """Return the page's part."""
    [(transactions, lines, houses)] = client.query(_LINES).result_rows
    asked = "SELECT uniqExact(customer_ref), uniqExact(person) FROM links"
    [(refs, persons)] = client.query(asked).result_rows
    sizes = client.query(_SIZES).result_rows
    shown = [(t, mib, rows) for t, mib, rows in sizes if mib > 1]
    return "\n".join(
        [
            PERSONS,
            "",
            "Made by `python -m benchmarks.persons`; do not edit.",
            "",
            (
                f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python "
                f"{platform.python_version()}, the engine behind its HTTP interface. "
                f"{lines:,} lines of {transactions:,} transactions, {houses} organisations, three "
                f"years, {refs:,} refs of {persons:,} persons. Single runs; the machine's load was "
                f"{loads[0]:.1f} before and {loads[1]:.1f} after. Beside them what the prototype "
                "of the design took for less: without own persons, cities, places of venues, and "
                "with ten breakdowns."
            ),
            "",
            "| what | seconds | of CPU | the prototype | peak memory, MiB |",
            "|---|---|---|---|---|",
            *(
                f"| {t.what} | {t.seconds:.2f} | {t.cpu_seconds:.2f} | {t.prototype} | "
                f"{t.peak_mib:,.0f} |"
                for t in watch.took
            ),
            "",
            "| table | MiB | rows |",
            "|---|---|---|",
            *(f"| {table} | {mib:,.0f} | {rows:,} |" for table, mib, rows in shown),
            "",
        ]
    )


def main() -> None:
    """Make the world, measure, and keep the page's part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.persons", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the world (1.0)")
    parser.add_argument("--port", type=int, default=18_123)
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engine(Path(folder), chosen.port) as engine,
    ):
        migrate(engine.url)
        watch = Watch(engine.process)
        with connect(engine.url, timeout_s=3600) as client:
            begun = time.monotonic()
            world.make(client, TODAY, chosen.share, print)
            print(f"made in {time.monotonic() - begun:.0f} s")
            measure(client, watch)
            text = section(client, watch, (load, os.getloadavg()[0]))
    keep(chosen.to, text)
    print(text)


if __name__ == "__main__":
    main()
