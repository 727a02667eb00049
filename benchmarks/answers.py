"""``python -m benchmarks.answers``: how soon a figure of the last cut is answered, over HTTP.

A service of its own over a made-up cut at size; many dashboards ask, each over a kept connection:
just after the start, again, without a pause between two questions, and while another cut comes in.
"""

import argparse
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import psutil
from clickhouse_connect.driver.client import Client as ClickHouse
from msgspec import Struct

from benchmarks.report import ANSWERS, keep
from benchmarks.system import ORGANISATION, REGISTER, Client, listens, running_engine
from kudos.clickhouse import connect, migrate

#: So many dashboards ask at once, each so many figures; where it is paced one in so many seconds.
DASHBOARDS, FIGURES, PAUSE_S = 50, 60, 0.5
_INDUSTRIES = ("scenekunst", "orkester", "konserthus", "museum", "visuell-kunst", "festival")
_REGIONS = ("03", "46", "50", "11", "55", "33", "42", "18")
_GROUPS = [*(f"industry:{i}" for i in _INDUSTRIES), *(f"region:{r}" for r in _REGIONS)]
_BY = ("age_band", "gender", "county", "centrality", "segment", "ticket_class", "channel")
_MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
_LONG = ["2023", "2024", "2025", *(f"{y}-Q{q}" for y in (2023, 2024, 2025) for q in range(1, 5))]
#: Every measure of the whole, and three of each of eight values of a breakdown.
_CUT = """
INSERT INTO published
SELECT scope, period, b.1, b.2, measure, {cut:UInt64}, now64(6),
    if(n % 4 = 0, NULL, 1000 + n % 9000), if(n % 4 = 0, 'complement', ''), '', n, n,
    mapFromArrays(arrayMap(x -> concat('house-', toString(x)), range(12)), range(12)),
    map(), 0.91
FROM (
    SELECT arrayJoin({scopes:Array(String)}) AS scope, arrayJoin({periods:Array(String)}) AS period,
        arrayJoin(arrayConcat(
            [([]::Array(String), []::Array(String))],
            arrayMap(x -> ([x.1], [x.2]), {values:Array(Tuple(String, String))})
        )) AS b,
        arrayJoin({measures:Array(String)}) AS measure, cityHash64(scope, period, b, measure) AS n
) WHERE (empty(b.1) OR measure IN ('customers', 'tickets', 'net_revenue'))
    AND n % {every:UInt32} = 0
"""
_DONE = """
INSERT INTO cuts (cut, as_of, last, done_at, scopes, cells, published, written)
SELECT {cut:UInt64}, now64(6), today() - 1, now64(6), {scopes:Array(String)}, count(),
    countIf(value IS NOT NULL), count() FROM published WHERE cut = {cut:UInt64}
"""


class Took(Struct, frozen=True):
    """The sorted seconds of many answers, and how many there were a second."""

    what: str
    seconds: Sequence[float]
    a_second: float

    def at(self, share: float) -> float:
        """Return the seconds that *share* of the answers took at most."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * share))]


def make_up(client: ClickHouse, cut: int, every: int = 1) -> int:
    """Write a cut of which each *every*-th cell is another, and return how many that are."""
    crossed = [f"industry-region:{i}/{r}" for i, r in product(_INDUSTRIES[:3], _REGIONS[:4])]
    asked = {
        "cut": cut,
        "every": every,
        "scopes": ["network", *_GROUPS, *crossed, f"organisation:{ORGANISATION}"],
        "periods": [*_MONTHS, *_LONG],
        "values": [(by, f"value-{n}") for by in _BY for n in range(8)],
        "measures": ["customers", "tickets", "net_revenue", "orders", "fees", "ticket_revenue"],
    }
    client.raw_query(_CUT, parameters=asked)
    client.raw_query(_DONE, parameters=asked)
    told = "SELECT cells FROM cuts WHERE cut = {cut:UInt64}"
    [(cells,)] = client.query(told, parameters=asked).result_rows
    return int(cells)


def questions() -> list[str]:
    """Return the addresses of standard figures: of a group and period, in all or told apart."""
    scopes = [
        "network",
        *(f"industry:{i}" for i in _INDUSTRIES),
        *(f"region:{r}" for r in _REGIONS),
    ]
    return [
        f"/v1/figures?measure={measure}&scope={scope}&period={period}{by}"
        for measure in ("tickets", "unique_customers", "net_revenue")
        for scope in scopes
        for period in (*_MONTHS, *_LONG)
        for by in ("", "&by=age_band", "&by=gender")
    ]


def ask(address: str, what: str, pause_s: float) -> Took:
    """Let all dashboards ask, each at its own time; *pause_s* 0: one question after the other."""
    asked = questions()
    ready = threading.Barrier(DASHBOARDS)

    def sit(number: int) -> list[float]:
        took = []
        with Client(address) as client:
            ready.wait(60)
            begun = time.perf_counter()
            for n in range(FIGURES):
                due = begun + (n + number / DASHBOARDS) * pause_s
                time.sleep(max(0.0, due - time.perf_counter()))
                at = time.perf_counter()
                client.get(asked[(number * 389 + n * 31) % len(asked)])
                took.append(time.perf_counter() - at)
        return took

    begun = time.perf_counter()
    with ThreadPoolExecutor(DASHBOARDS) as dashboards:
        found = sorted(s for one in dashboards.map(sit, range(DASHBOARDS)) for s in one)
    took = Took(what, found, len(found) / (time.perf_counter() - begun))
    print(f"{what}: p50 {took.at(0.5) * 1e3:.1f} ms, p99 {took.at(0.99) * 1e3:.1f} ms", flush=True)
    return took


@contextmanager
def serving(folder: Path, clickhouse: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run the query service; yield its address, when it is ready, and its process."""
    register, secrets = folder / "register.toml", folder / "secrets" / "query"
    register.write_text(REGISTER, "utf-8")
    secrets.mkdir(parents=True)
    (secrets / "session").write_text("a secret of a measurement", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    told = {
        "KUDOS_KAFKA": "127.0.0.1:1",
        "KUDOS_CLICKHOUSE": clickhouse,
        "KUDOS_ORGANISATIONS": str(register),
        "KUDOS_SECRETS": str(folder / "secrets"),
        "KUDOS_QUERY_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.query"], env=os.environ | told, stderr=subprocess.DEVNULL
    )
    try:
        _until(lambda: listens(port), process)
        address = f"http://127.0.0.1:{port}"
        _until(lambda: _is_ready(address), process)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _until(true: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while not true():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the query service did not start")
        time.sleep(0.05)


def _is_ready(address: str) -> bool:
    with Client(address) as client:
        return client.status("/readyz") == 200


def measure(folder: Path, clickhouse: str) -> str:
    """Measure, and return the page's part."""
    load = os.getloadavg()[0]
    now = int(time.time() * 1e6) - 10**9
    with connect(clickhouse) as client:
        cells = make_up(client, now)
        begun = time.perf_counter()
        with serving(folder, clickhouse) as (address, process):
            ready = time.perf_counter() - begun
            took = [
                ask(address, "just after the start, 2 a second each", PAUSE_S),
                ask(address, "again", PAUSE_S),
                ask(address, "without a pause", 0),
            ]
            another = threading.Thread(target=make_up, args=(client, now + 1, 3))
            another.start()
            took.append(ask(address, "while another cut comes in, 2 a second each", PAUSE_S))
            another.join()
            memory = process.memory_info().rss / 2**20
    rows = [
        f"| {t.what} | {t.a_second:,.0f} | {_ms(t, 0.5)} | {_ms(t, 0.95)} | {_ms(t, 0.99)} "
        f"| {t.seconds[-1] * 1e3:,.0f} ms |"
        for t in took
    ]
    return "\n".join(
        [
            ANSWERS,
            "",
            "Made by `python -m benchmarks.answers`; do not edit.",
            "",
            (
                f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python "
                f"{platform.python_version()}; the service, ClickHouse's engine and those who ask "
                f"on one machine, whose load was {load:.1f} before and {os.getloadavg()[0]:.1f} "
                f"after. A cut of {cells:,} cells; {DASHBOARDS} dashboards, each {FIGURES} figures "
                "of groups over a kept connection. A single run. The service was ready "
                f"{ready:.1f} s after it was started, and had {memory:,.0f} MiB in the end."
            ),
            "",
            "| | answers/s | p50 | p95 | p99 | max |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _ms(took: Took, share: float) -> str:
    return f"{took.at(share) * 1e3:,.1f} ms"


def main() -> None:
    """Measure, print, and keep the page's part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=__doc__)
    parser.add_argument("--port", type=int, default=18_223)
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engine(Path(folder), chosen.port) as engine,
    ):
        migrate(engine.url)
        text = measure(Path(folder), engine.url)
    keep(chosen.to, text)
    print(text)


if __name__ == "__main__":
    main()
