"""``python -m benchmarks.cuts``: what a cut costs, step by step, and how quickly it is answered."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from clickhouse_connect.driver.client import Client

from benchmarks import world
from benchmarks.system import running_engine
from kudos.clickhouse import connect, migrate
from kudos.register import Organisation, Register
from services.query import published
from services.query.cuts.make import make
from services.query.cuts.reading import Reader
from services.query.disclosure.model import Cell, CellKey, Rules, Verdict, Why
from services.query.disclosure.protect import protect
from services.query.periods import parse
from services.query.pool import Pool
from services.query.question import Published

TODAY = date(2026, 5, 17)
#: So many dashboards ask at once, each so often.
DASHBOARDS, TIMES = 50, 40


def _persons_alone(
    cells: Iterable[Cell],
    margins: object,
    organisations: object,
    rules: Rules,
    previous: object = (),
) -> Mapping[CellKey, Verdict]:
    """Judge by persons alone: what a cut costs besides its protection."""
    assert margins is not None  # noqa: S101 (they were made, which is measured)
    assert organisations is not None  # noqa: S101
    assert previous is not None  # noqa: S101
    few = Why.TOO_FEW_PERSONS
    return {
        c.key: Verdict(c.key, c.value) if c.persons >= rules.k else Verdict(c.key, why=few)
        for c in cells
    }


def register_of(client: Client, most: int) -> Register:
    """Return a register of the first *most* houses of the world."""
    rows = client.query(
        "SELECT organisation, industry, region, city, owner FROM organisations FINAL"
    ).result_rows
    held = [row for row in rows if int(row[0].rpartition("-")[2]) < most]
    houses = {r[0]: Organisation(r[0], r[0], r[1], r[2], r[4], r[3]) for r in held}
    return Register(houses, {}, {})


def ask(url: str) -> list[float]:
    """Return the seconds of each answer, with many asking at once, a standard figure each."""
    reader = Reader(Pool(partial(connect, url)))
    questions = [
        Published("tickets", scope, parse(f"2025-{month:02d}"), by)
        for scope in ("network", "industry:museum", "region:46")
        for month in range(1, 13)
        for by in ((), ("age_band",))
    ]

    def sit(number: int) -> list[float]:
        took = []
        for n in range(TIMES):
            begun = time.perf_counter()
            published.ask(reader, questions[(number * 7 + n) % len(questions)])
            took.append(time.perf_counter() - begun)
        return took

    with ThreadPoolExecutor(DASHBOARDS) as dashboards:
        return sorted(s for found in dashboards.map(sit, range(DASHBOARDS)) for s in found)


def main() -> None:
    """Make the world, make a cut of it, ask, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuts", description=__doc__)
    parser.add_argument("--share", type=float, default=0.3, help="of the world's orders (0.3)")
    parser.add_argument("--houses", type=int, default=30)
    parser.add_argument("--unprotected", action="store_true", help="without disclosure control")
    parser.add_argument("--port", type=int, default=18_123)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engine(Path(folder), chosen.port) as engine,
    ):
        migrate(engine.url)
        with connect(engine.url, timeout_s=3600) as client:
            world.make(client, TODAY, chosen.share, print)
            begun = time.monotonic()
            cut = make(
                client,
                register_of(client, chosen.houses),
                datetime(2026, 5, 18, 3, tzinfo=UTC),
                _persons_alone if chosen.unprotected else protect,
                rules=Rules(),
                say=lambda what, seconds: print(f"{what}: {seconds:.1f} s", flush=True),
            )
            print(f"{cut.cells:,} cells, {cut.published:,} published")
            print(f"the whole cut: {time.monotonic() - begun:.1f} s", flush=True)
        took = ask(engine.url)
        p99 = took[int(len(took) * 0.99)]
        median = statistics.median(took)
        print(f"{len(took):,} answers: p50 {median * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
