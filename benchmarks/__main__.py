"""``make bench``: start a system of its own, load it, print what it took and keep the page."""

import argparse
from pathlib import Path

from benchmarks.load import latency, sustained
from benchmarks.report import keep, page
from benchmarks.system import running


def main() -> None:
    """Measure; every step says that it has begun, for it takes minutes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000, help="a run (20000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of either load (3)")
    parser.add_argument("--seconds", type=int, default=60, help="of the steady load (60)")
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    print("starting a system")
    with running() as system:
        print("warming up")
        sustained(system, 2_000, 100, 2, "warm")
        runs = []
        for number in range(chosen.runs):
            print(f"run {number + 1} of {chosen.runs}: {chosen.orders} orders")
            runs.append(sustained(system, chosen.orders, 100, 2, f"run{number}"))
        slow = []
        for number in range(chosen.runs):
            print(f"run {number + 1} of {chosen.runs}: 100 orders/s for {chosen.seconds} s")
            slow.append(latency(system, 100, chosen.seconds, f"steady{number}"))
        text = page(runs, slow, system.memory_mib())
    keep(chosen.to, text)
    print(text)


main()
