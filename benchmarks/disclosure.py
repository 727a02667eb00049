"""Protect three years of thirty organisations: how long it takes, and how much is published."""

import argparse
import os
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.report import DISCLOSURE, keep
from services.query.disclosure.model import Cell, CellKey, Margin, Organisation, Rules, Verdict
from services.query.disclosure.protect import protect
from simulation.houses import HOUSES, House

YEARS = (2023, 2024, 2025)
VALUES = {
    "age_band": dict(
        zip(
            ("0-15", "16-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+", "unknown"),
            (0.01, 0.09, 0.14, 0.16, 0.18, 0.17, 0.12, 0.05, 0.08),
            strict=True,
        )
    ),
    "gender": {"female": 0.6, "male": 0.36, "unknown": 0.04},
    "segment": dict(zip("abcdefgh", (0.2, 0.3, 0.08, 0.1, 0.03, 0.09, 0.15, 0.05), strict=True)),
}
MEASURES = ("customers", "tickets", "net_revenue")
By = tuple[tuple[str, str], ...]


def periods(years: Sequence[int]) -> dict[str, list[int]]:
    """Say which months a period has: months, quarters, years, seasons."""
    found: dict[str, list[int]] = {}
    for n, year in enumerate(years):
        found |= {f"{year}-{m + 1:02}": [12 * n + m] for m in range(12)}
        found[str(year)] = list(range(12 * n, 12 * n + 12))
        for q in range(4):
            found[f"{year}-Q{q + 1}"] = list(range(12 * n + 3 * q, 12 * n + 3 * q + 3))
        if n < len(years) - 1:
            found[f"season-{year}"] = list(range(12 * n + 7, 12 * n + 19))
    return found


def network(
    seed: int = 1, houses: Sequence[House] = HOUSES, years: Sequence[int] = YEARS
) -> tuple[list[Cell], list[Margin], list[Organisation], dict[str, int]]:
    """Make the cells of the simulated organisations: where, in what and how large they are.

    As in a cut, cities, and industries in regions, are left out of which none has enough members.
    """
    rng = np.random.default_rng(seed)
    many = len(houses)
    names = [house.id for house in houses]
    # a customer buys some two tickets, and a tenth of them goes by unknown
    yearly = np.array([house.tickets * 0.45 for house in houses])
    held: dict[str, list[int]] = defaultdict(list)
    for o, house in enumerate(houses):
        for scope in (
            "network",
            f"industry:{house.industry}",
            f"region:{house.county}",
            f"city:{house.city}",
            f"industry-region:{house.industry}/{house.county}",
            f"organisation:{house.id}",
        ):
            held[scope].append(o)
    few = ("city", "industry-region")
    enough = {scope.partition(":")[0] for scope in held if len(held[scope]) > Rules().organisations}
    scopes = {s: o for s, o in held.items() if s.partition(":")[0] not in few or few[0] in enough}
    monthly = yearly[:, None] / 12 * rng.uniform(0.5, 1.5, (many, 12 * len(years)))
    cells: list[Cell] = []
    total = np.zeros((many, 12 * len(years)), int)
    spread: dict[By, np.ndarray] = {}
    for name, shares in VALUES.items():
        own = rng.dirichlet(np.array(list(shares.values())) * 60, many)
        made = rng.poisson(monthly)
        if total.any():
            made = total
        total = made
        split = np.stack(
            [
                [rng.multinomial(total[o, t], own[o]) for t in range(12 * len(years))]
                for o in range(many)
            ]
        )
        for i, value in enumerate(shares):
            spread[(name, value),] = split[:, :, i]
    spread[()] = total
    for by, persons in spread.items():
        tickets = rng.poisson(persons * 1.1) + persons
        values = {"customers": persons, "tickets": tickets, "net_revenue": tickets * 32_517}
        for (period, months), (scope, members) in product(periods(years).items(), scopes.items()):
            people = persons[:, months].sum(axis=1)
            behind = int(people[members].sum() * (0.93 if len(members) > 1 else 1))
            persons_of = {names[o]: int(people[o]) for o in members if people[o]}
            for measure, table in values.items():
                amounts = table[:, months].sum(axis=1)
                parts = {names[o]: int(amounts[o]) for o in members if amounts[o]}
                if parts:
                    amount = behind if measure == "customers" else sum(parts.values())
                    cells.append(
                        Cell(CellKey(measure, scope, period, by), amount, behind, parts, persons_of)
                    )
    return (
        cells,
        _margins(scopes, years),
        [Organisation(n, n) for n in names],
        dict(zip(names, yearly.astype(int).tolist(), strict=True)),
    )


def _margins(scopes: Mapping[str, list[int]], years: Sequence[int]) -> list[Margin]:
    kinds: list[Margin] = []
    bys: list[By] = [((name, value),) for name, values in VALUES.items() for value in values]
    all_ = periods(years)
    months = {tuple(m): p for p, m in all_.items() if len(m) == 1}
    for measure, scope in product(MEASURES, scopes):
        union: Literal["sum", "union"] = "union" if measure == "customers" else "sum"
        for period, inside in all_.items():
            for name, values in VALUES.items():
                kinds.append(
                    Margin(
                        CellKey(measure, scope, period),
                        tuple(CellKey(measure, scope, period, ((name, v),)) for v in values),
                    )
                )
            if len(inside) > 1:
                for by in [(), *bys]:
                    parts = tuple(CellKey(measure, scope, months[(i,)], by) for i in inside)
                    kinds.append(Margin(CellKey(measure, scope, period, by), parts, union))
    return kinds


def shares(
    verdicts: Mapping[CellKey, Verdict], houses: Sequence[House], sizes: Mapping[str, int]
) -> dict[str, Counter[str]]:
    """Count what is published, and why not, of all cells and of those that each house can ask for.

    All cells with data count once, whatever their group; beside it those of houses themselves and
    of groups that have enough members by the register, whatever is sold: the others never can be
    published. What a house can ask for is its own, its industry's, its region's and the network's:
    these are counted for each house of a size.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    by_scope: dict[str, Counter[str]] = defaultdict(Counter)
    for key, verdict in verdicts.items():
        by_scope[key.scope][verdict.why or "published"] += 1
    for scope, counted in by_scope.items():
        found["all cells"] += counted
        found[f"of scopes: {scope.partition(':')[0]}"] += counted
        kind, _, name = scope.partition(":")
        members = sum(name in (house.industry, house.county) for house in houses)
        if kind in ("organisation", "network") or members > Rules().organisations:
            found["all cells but of groups with too few members"] += counted
    for house in houses:
        size = _size(sizes[house.id])
        own = by_scope[f"organisation:{house.id}"]
        groups = ("network", f"industry:{house.industry}", f"region:{house.county}")
        found[f"own of {size} houses"] += own
        for asked in (own, *(by_scope[scope] for scope in groups)):
            found[f"asked by {size} houses"] += asked
            found["asked by all houses"] += asked
    return found


def main() -> None:
    """Print the time, and the share published by kind of scope and by size; keep them as a page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.disclosure", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    cells, margins, organisations, sizes = network()
    started, busy = time.monotonic(), time.process_time()
    load = os.getloadavg()[0]
    verdicts = protect(cells, margins, organisations, Rules())
    took, cpu = time.monotonic() - started, time.process_time() - busy
    lines = [
        DISCLOSURE,
        "",
        "Made by `python -m benchmarks.disclosure`; do not edit. How it is counted: disclosure.md.",
        "",
        (
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, whose load was {load:.1f} "
            f"before and {os.getloadavg()[0]:.1f} after. {len(HOUSES)} organisations, {len(YEARS)} "
            f"years: {len(cells):,} cells, {len(margins):,} sums. A single run: {cpu:.0f} s of a "
            f"processor, {took:.0f} s by the clock."
        ),
        "",
        "| | cells | published | withheld |",
        "|---|---|---|---|",
    ]
    for label, counted in sorted(shares(verdicts, HOUSES, sizes).items()):
        whole = counted.total()
        out = [f"{why} {n / whole:.1%}" for why, n in counted.most_common() if why != "published"]
        published = counted["published"] / whole
        lines.append(f"| {label} | {whole:,} | {published:.1%} | {', '.join(out)} |")
    text = "\n".join(lines)
    keep(chosen.to, text)
    print(text)


def _size(yearly: int) -> str:
    return "small" if yearly < 10_000 else "middle" if yearly < 40_000 else "large"


if __name__ == "__main__":
    main()
