"""Bound what is withheld by linear programming, as a member or two together who know their own."""

from collections.abc import Iterator
from itertools import product

import msgspec
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from services.query.disclosure.model import CellKey, Rules, Why
from tests.attacker.campaign import Cut
from tests.attacker.exact import Frame, known
from tests.attacker.truth import OWN, PERIODS, SUMS
from tests.attacker.world import MONTHS


class System(msgspec.Struct):
    """What is known of unknowns: sums that are exact, sums that are at most so much, and ranges.

    `goals` are the sums that are looked for and `real` what they are; of those in `caps` only an
    upper bound is sought.
    """

    truth: np.ndarray
    exact: np.ndarray
    at_most: np.ndarray
    most: np.ndarray
    ranges: np.ndarray
    goals: np.ndarray
    real: np.ndarray
    caps: np.ndarray
    labels: list[str]

    def caught(self, p: float) -> Iterator[str]:  # noqa: C901 - one search, told in one place
        """Name the goals that are bounded within the share *p* of what they are."""
        if not self.labels or not len(self.exact):
            return
        inside = self.goals @ self.truth
        high, low = inside.copy(), np.where(self.caps, 0.0, inside)
        known = {"A_eq": csr_array(self.exact), "b_eq": self.exact @ self.truth}
        if len(self.at_most):
            known |= {"A_ub": csr_array(self.at_most), "b_ub": self.most}

        def close() -> np.ndarray:
            top = np.floor(high + 1e-6) < np.ceil((1 + p) * self.real - 1e-6)
            under = np.ceil(low - 1e-6) > np.floor((1 - p) * self.real + 1e-6)
            bounded: np.ndarray = (self.real > 0) & np.where(self.caps, top, top & under)
            return bounded

        def look(wanted: np.ndarray) -> None:
            nonlocal high, low
            found = linprog(-wanted, **known, bounds=self.ranges, method="highs")
            if found.x is not None:
                reached = self.goals @ found.x
                high, low = np.maximum(high, reached), np.minimum(low, reached)

        rng = np.random.default_rng(len(self.truth))
        for _ in range(8):
            if not close().any():
                return
            weights = rng.normal(size=int(close().sum()))
            look((weights / self.real[close()]) @ self.goals[close()])
        for i in np.flatnonzero(close()):
            look(self.goals[i])
            if not self.caps[i]:
                look(-self.goals[i])
            if close()[i]:
                yield f"{self.labels[i]}: {self.real[i]:.0f} in {low[i]:.1f} to {high[i]:.1f}"


def of_groups(cuts: list[Cut], number: int, asking: tuple[str, ...], rules: Rules) -> list[str]:
    """Bound withheld tickets of groups, and what any one organisation may have sold at most.

    The owners in *asking* know what they sold themselves, of every kind.
    """
    cut, frame = cuts[number], Frame(cuts)
    truth, shape = cut.truth, frame.shape
    theirs, largest = np.zeros(shape), np.zeros(shape)
    for (c, names), (m, month), (k, leaf) in product(
        enumerate(frame.classes), enumerate(MONTHS), enumerate(frame.leaves)
    ):
        sold = [truth.parts.get((name, month, leaf)) for name in names]
        mine = [truth.owner.get(name) in asking for name in names]
        theirs[c, m, k] = sum(
            part.tickets for part, own in zip(sold, mine, strict=True) if part and not own
        )
        largest[c, m, k] = max(
            (part.tickets for part, own in zip(sold, mine, strict=True) if part and not own),
            default=0,
        )
    rows, about, most, goals, real, caps, labels = [], [], [], [], [], [], []
    for (period, months), (by, inside) in product(PERIODS.items(), truth.bys.items()):
        kind = np.array([leaf in inside for leaf in frame.leaves])
        when = np.isin(MONTHS, months)
        for scope in truth.groups:
            row = np.multiply.outer(frame.scope(truth, scope) & when, kind).ravel().astype(float)
            key = CellKey("tickets", scope, period, by)
            if key not in cut.why:
                off = _off(cut, number, key)
                if off == 0:
                    rows.append(row)
                elif off is not None:
                    about += [row, -row]
                    most += [row @ theirs.ravel() + off, off - row @ theirs.ravel()]
                continue
            goals.append(row)
            real.append(row @ theirs.ravel())
            caps.append(False)
            labels.append(f"{asking} bound {scope} {period} {by}")
        for c, names in enumerate(frame.classes):
            where = np.zeros(shape[:2], bool)
            where[c] = when
            goals.append(np.multiply.outer(where, kind).ravel())
            real.append(_largest(cut, names, asking, months, inside))
            caps.append(True)
            labels.append(f"{asking} bound one of {names} in {period} {by}")
    found = System(
        truth=theirs.ravel(),
        exact=np.array(rows, float).reshape(len(rows), theirs.size),
        at_most=np.array(about, float).reshape(len(about), theirs.size),
        most=np.array(most, float),
        ranges=np.column_stack((np.zeros(theirs.size), np.full(theirs.size, 9 * theirs.sum()))),
        goals=np.array(goals, float),
        real=np.array(real, float),
        caps=np.array(caps),
        labels=labels,
    )
    return list(found.caught(rules.p))


def _off(cut: Cut, number: int, key: CellKey) -> int | None:
    """Say how far what is shown may be off: what stands by twice its change, or by None knows."""
    if key not in cut.shown or cut.since[key] == number:
        return 0
    if not known(cut, key, None):
        return None
    parts = cut.truth.spread.get((key.scope, key.period, key.by), {}).values()
    if key.measure == "customers":
        return 2 * abs(sum(part.persons.bit_count() for part in parts) - cut.shown[key])
    return 2 * abs(sum(part.tickets for part in parts) - cut.shown[key])


def _largest(
    cut: Cut,
    names: list[str],
    asking: tuple[str, ...],
    months: tuple[int, ...],
    inside: frozenset[tuple[str, str]],
) -> int:
    parts = cut.truth.parts
    return max(
        (
            sum(parts[at].tickets for at in product((name,), months, inside) if at in parts)
            for name in names
            if cut.truth.owner.get(name) not in asking
        ),
        default=0,
    )


def of_oneself(cuts: list[Cut], number: int, name: str, rules: Rules) -> list[str]:
    """Bound the withheld customers of one's own.

    Periods are held together by what is at least, and at most, in several months; values of a
    breakdown by adding up. Of both kinds of reasons the same one is told, so that nothing follows.
    """
    cut = cuts[number]
    truth, scope = cut.truth, f"{OWN}{name}"
    places = list(product(PERIODS, truth.leaves))
    index = {place: n for n, place in enumerate(places)}

    def row(period: str, inside: frozenset[tuple[str, str]]) -> np.ndarray:
        found = np.zeros(len(places))
        found[[index[period, leaf] for leaf in inside]] = 1.0
        return found

    def persons(period: str, leaf: tuple[str, str]) -> int:
        held = [truth.parts.get((name, month, leaf)) for month in PERIODS[period]]
        bits = 0
        for part in held:
            bits |= part.persons if part else 0
        return bits.bit_count()

    real = np.array([persons(*place) for place in places], float)
    exact, at_most, goals, labels = [], [], [], []
    for leaf in truth.leaves:
        for period, shorter in SUMS.items():
            whole = row(period, frozenset({leaf}))
            several = [row(one, frozenset({leaf})) for one in shorter]
            at_most += [whole - sum(several), *(one - whole for one in several)]
    limits: list[tuple[np.ndarray, float]] = []
    for period, (by, inside) in product(PERIODS, truth.bys.items()):
        key, sums = CellKey("customers", scope, period, by), row(period, inside)
        off = _off(cut, number, key)
        if key not in cut.why:
            if off == 0:
                exact.append(sums)
            elif off is not None:
                limits += [(sums, sums @ real + off), (-sums, off - sums @ real)]
            continue
        goals.append(sums)
        labels.append(f"{name} bound its own {period} {by}, {cut.why[key]}")
        # whether there are few, or few would be left, is not told apart
        assert cut.why[key] in (Why.TOO_FEW_PERSONS, Why.TIME)
    found = System(
        truth=real,
        exact=np.array(exact).reshape(len(exact), len(places)),
        at_most=np.array([*at_most, *(sums for sums, _ in limits)]),
        most=np.array([*([0.0] * len(at_most)), *(most for _, most in limits)]),
        ranges=np.array([(0.0, 1e5)] * len(places)),
        goals=np.array(goals).reshape(len(goals), len(places)),
        real=np.array([one @ real for one in goals]),
        caps=np.zeros(len(goals), bool),
        labels=labels,
    )
    return list(found.caught(rules.p))
