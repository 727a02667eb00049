"""The measurements as a page: printed, and kept in ``docs/benchmarks.md``."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.load import Latency, Sustained

if TYPE_CHECKING:
    from benchmarks.ingest import Stretch

#: How each part of the page but the first, the system's, begins.
INGEST = "## Ingest alone, on one core"
PERSONS = "## Persons at size"
ANSWERS = "## What was published, answered"
DISCLOSURE = "## Disclosure control"
#: In the order in which they stand, after the system's.
_PARTS = (INGEST, PERSONS, ANSWERS, DISCLOSURE)
STAGES = ("ingest", "identity", "enrich", "aggregate", "broker", "engine", "query")


def page(runs: Sequence[Sustained], slow: Sequence[Latency], memory: dict[str, float]) -> str:
    """Return the page."""
    rates = [r.orders / r.queryable_seconds for r in runs]
    taken = [r.orders / r.accepted_seconds for r in runs]
    cpu = {s: statistics.median(r.cpu_us_an_order[s] for r in runs) for s in STAGES}
    n, orders = len(runs), runs[0].orders
    rows = [f"| {s} | {cpu[s]:.0f} | {memory[s]:.0f} |" for s in STAGES]
    total = f"| **sum** | **{sum(cpu.values()):.0f}** | **{sum(memory.values()):.0f}** |"
    return "\n".join(
        [
            "# Speed and memory, measured",
            "",
            "Made by `make bench`; do not edit.",
            "",
            (
                f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python "
                f"{platform.python_version()}. All runs on this machine: the senders, five "
                "services, Apache Kafka, ClickHouse's engine. Orders are about 1 KB of the open "
                "standard, 2.5 lines, five identifiers."
            ),
            "",
            f"## As much as is taken: {orders:,} orders in requests of 100, {n} runs",
            "",
            "| | min | median | max |",
            "|---|---|---|---|",
            _row("orders/s accepted", taken),
            _row("orders/s accepted → queryable", rates),
            "",
            (
                f"## Push → queryable at {statistics.mean(s.rate for s in slow):.0f} orders/s, "
                f"one order a request, {len(slow)} runs"
            ),
            "",
            "From before the push to when `/v1/status` was seen past its acknowledgement.",
            "",
            "| run | p50 | p95 | p99 | max |",
            "|---|---|---|---|---|",
            *(
                f"| {n} | {s.p50:.2f} s | {s.p95:.2f} s | {s.p99:.2f} s | {s.most:.2f} s |"
                for n, s in enumerate(slow, 1)
            ),
            "",
            f"## Where the time goes: CPU an order (median of {n} runs), memory after all",
            "",
            "| stage | µs of CPU an order | MiB resident |",
            "|---|---|---|",
            *rows,
            total,
            "",
        ]
    )


def stretches(many: "Sequence[Stretch]", single: "Sequence[Stretch]") -> str:
    """Return the part of ingest alone."""
    loads = [one.load for one in (*many, *single)]
    return "\n".join(
        [
            INGEST,
            "",
            "Made by `make bench`; do not edit.",
            "",
            (
                f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}. Ingest bound "
                "to one core; Apache Kafka and the sender on the other. Each request is signed, "
                "and answered when the broker has acknowledged it. The orders are those above. "
                f"{len(many)} runs of either; the machine's load before them was "
                f"{min(loads):.1f} to {max(loads):.1f}."
            ),
            "",
            "| | min | median | max |",
            "|---|---|---|---|",
            _row("orders/s, 100 a request", [s.orders / s.seconds for s in many]),
            _row("requests/s, one order each", [s.requests / s.seconds for s in single]),
            _row(
                "orders/s by the CPU it took, 100 a request",
                [s.orders / s.cpu_seconds for s in many],
            ),
            _row(
                "requests/s by the CPU it took, one order each",
                [s.requests / s.cpu_seconds for s in single],
            ),
            _row(
                "µs of CPU an order, 100 a request", [s.cpu_seconds / s.orders * 1e6 for s in many]
            ),
            _row(
                "µs of CPU a request of one order",
                [s.cpu_seconds / s.requests * 1e6 for s in single],
            ),
            "",
        ]
    )


def keep(path: Path, text: str) -> None:
    """Write the page's part that *text* is, and leave the others as they stand."""
    rest = path.read_text("utf-8") if path.is_file() else ""
    parts: dict[str, str] = {}
    for mark in reversed(_PARTS):
        rest, found, after = rest.partition(mark)
        parts[mark] = found + after
    parts[""] = rest
    parts[next((mark for mark in _PARTS if text.startswith(mark)), "")] = text
    kept = [parts[mark].rstrip() for mark in ("", *_PARTS) if parts[mark].strip()]
    path.write_text("\n\n".join(kept) + "\n", "utf-8")


def _row(name: str, values: Sequence[float]) -> str:
    shown = (min(values), statistics.median(values), max(values))
    return f"| {name} | " + " | ".join(f"{v:,.0f}" for v in shown) + " |"
