"""Ask everything that one member, or two together, may ask, and work out what was withheld."""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests.attacker.world import BANDS, PERIODS, SUMS, Visit, World, key

K, ORGANISATIONS, OWNERS, LARGEST, TWO, P = 5, 4, 3, 0.5, 0.85, 0.1
Place = tuple[str, str, str]
Answer = Callable[[str, Place], int | None]
Spread = Mapping[Place, list[Visit]]


def thin(world: World, visits: list[Visit], what: str) -> str | None:
    """Say what is wrong with knowing this sum, for one or two who subtract their own."""
    owners = sorted({world.owner[v.organisation] for v in visits})
    for asker in owners:
        others = [v for v in visits if world.owner[v.organisation] != asker]
        if len({v.organisation for v in others}) < ORGANISATIONS:
            return f"{what}: few organisations"
        if len({world.owner[v.organisation] for v in others}) < OWNERS:
            return f"{what}: few owners"
        by_owner: dict[str, int] = {}
        for v in others:
            by_owner[world.owner[v.organisation]] = (
                by_owner.get(world.owner[v.organisation], 0) + v.tickets
            )
        parts = sorted(by_owner.values(), reverse=True)
        if parts[0] > LARGEST * sum(parts) or sum(parts[:2]) > TWO * sum(parts):
            return f"{what}: dominated"
    for asking in combinations(owners, min(2, len(owners))):
        if len({v.person for v in visits if world.owner[v.organisation] not in asking}) < K:
            return f"{what}: few persons"
    return None


def subtract(  # noqa: C901 - one attack after the other, to be read in order
    world: World, spread: Spread, answer: Answer
) -> Iterator[str]:
    """Try single cells, and every difference of groups, of bands and of periods."""
    shown = {place for place in spread if answer("tickets", place) is not None}
    for place in sorted(shown):
        if wrong := thin(world, spread[place], f"cell {place}"):
            yield wrong
        scope, period, band = place
        for other in sorted(p for p in shown if p[1:] == (period, band) and p[0] != scope):
            inner = {v.organisation for v in spread[other]}
            rest = [v for v in spread[place] if v.organisation not in inner]
            within = rest and inner < {v.organisation for v in spread[place]}
            if within and (wrong := thin(world, rest, f"{place} without {other[0]}")):
                yield wrong
    for place in sorted(spread):
        scope, period, band = place
        for parts in (
            [(scope, p, band) for p in SUMS.get(period, ())],
            [(scope, period, b) for b in BANDS if not band],
        ):
            hidden = [part for part in parts if part in spread and part not in shown]
            if place in shown and hidden and len(hidden) < len([p for p in parts if p in spread]):
                left = [v for part in hidden for v in spread[part]]
                if wrong := thin(world, left, f"{place} less its shown parts"):
                    yield wrong
        linked = [answer(m, place) for m in ("tickets", "refunded", "net")]
        if sum(figure is None for figure in linked) == 1 and _all_three(spread[place]):
            yield f"{place}: the third of linked figures"


def _all_three(visits: list[Visit]) -> bool:
    refunded = sum(v.refunded for v in visits)
    return 0 < refunded < sum(v.tickets for v in visits)


def over_time(
    world: World, cuts: tuple[Spread, Spread], answers: tuple[Answer, Answer], stood: set[Place]
) -> Iterator[str]:
    """Subtract what was shown at an earlier cut from what is shown now."""
    (old, new), (before, after) = cuts, answers
    for place in sorted((old.keys() & new.keys()) - stood):
        if before("tickets", place) is None or after("tickets", place) is None:
            continue
        changed = sorted(set(old[place]) ^ set(new[place]), key=repr)
        if changed and (wrong := thin(world, changed, f"change of {place}")):
            yield wrong


def bound(  # noqa: C901 - the whole system in one place, shared with nothing
    world: World, spread: Spread, answer: Answer, asking: tuple[str, ...]
) -> Iterator[str]:
    """Bound every withheld cell and every other's contribution by linear programming."""
    names = sorted(world.owner)
    atoms = list(product(names, (1, 2, 3, 4), BANDS))
    index = {atom: i for i, atom in enumerate(atoms)}
    truth = np.zeros(len(atoms))
    for v in world.visits:
        truth[index[v.organisation, v.month, v.band]] += v.tickets
    member = {s: {o for o in names if s in world.scopes(o)} for o in names for s in world.scopes(o)}
    mine = np.array([world.owner[o] in asking for o, _, _ in atoms])
    rows, targets, labels, caps = [], [], [], []
    for scope, period, band in product(sorted(member), PERIODS, ("", *BANDS)):
        row = np.array(
            [o in member[scope] and t in PERIODS[period] and band in ("", b) for o, t, b in atoms],
            float,
        )
        place = (scope, period, band)
        if place not in spread or answer("tickets", place) is not None:
            rows.append(row)
        else:
            targets.append(row * ~mine)
            labels.append(f"withheld {place}")
            caps.append(False)
    for o, period, band in product(names, PERIODS, ("", *BANDS)):
        if world.owner[o] not in asking:
            targets.append(
                np.array(
                    [o == a and t in PERIODS[period] and band in ("", b) for a, t, b in atoms],
                    float,
                )
            )
            labels.append(f"{o} in {period} {band}")
            caps.append(True)
    if not rows:
        return
    goal, cap = np.array(targets), np.array(caps)
    real = goal @ truth
    high, low = real.copy(), np.where(cap, 0.0, real)
    known = csr_array(np.array(rows))
    ranges = [(x, x) if own else (0.0, None) for x, own in zip(truth, mine, strict=True)]

    def look(wanted: np.ndarray) -> None:
        nonlocal high, low
        found = linprog(
            -wanted,
            A_eq=known,
            b_eq=known @ truth,
            bounds=[(a, b if b is not None else 9 * truth.sum()) for a, b in ranges],
            method="highs",
        )
        if found.x is not None:
            high, low = np.maximum(high, goal @ found.x), np.minimum(low, goal @ found.x)

    def caught() -> np.ndarray:
        top = np.floor(high + 1e-6) < np.ceil((1 + P) * real - 1e-6)
        under = np.ceil(low - 1e-6) > np.floor((1 - P) * real + 1e-6)
        return (real > 0) & np.where(cap, top, top & under)

    rng = np.random.default_rng(len(atoms))
    for _ in range(12):
        if not caught().any():
            return
        look(rng.normal(size=int(caught().sum())) @ (goal[caught()] / real[caught()][:, None]))
    for i in np.flatnonzero(caught()):
        look(goal[i])
        if not cap[i]:
            look(-goal[i])
        if caught()[i]:
            yield f"{asking} bound {labels[i]}: {real[i]:.0f} in {low[i]:.1f} to {high[i]:.1f}"


def two_largest(world: World) -> tuple[str, ...]:
    """Name two owners that know most."""
    sold: dict[str, int] = {}
    for v in world.visits:
        sold[world.owner[v.organisation]] = sold.get(world.owner[v.organisation], 0) + v.tickets
    return tuple(sorted(sold, key=lambda o: -sold[o])[:2])


__all__ = ["bound", "key", "over_time", "subtract", "two_largest"]
