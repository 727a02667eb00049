"""Bound withheld cells by linear programming, as somebody who has all published sums could."""

from collections.abc import Iterable

import msgspec
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from services.query.disclosure.crowd import OWN_SCOPE, Crowd, needed_above
from services.query.disclosure.model import Why
from services.query.disclosure.network import Network, Spot


class Knot(msgspec.Struct, frozen=True):
    """Hold withheld spots that hang together, and the sums that tie them."""

    spots: list[Spot]
    sums: list[int]


def knots(network: Network, among: Iterable[Spot]) -> list[Knot]:
    """Find what hangs together where more than one sum ties it; a single sum hides what it must."""
    seen: set[Spot] = set()
    found = []
    for start in among:
        if start in seen or start not in network.withheld:
            continue
        spots, sums, waiting = [], set(), [start]
        seen.add(start)
        while waiting:
            spot = waiting.pop()
            spots.append(spot)
            for index in network.sums_of[spot]:
                sums.add(index)
                one = network.sums[index]
                for other in (one.total, *one.parts):
                    if other in network.withheld and other not in seen:
                        seen.add(other)
                        waiting.append(other)
        if len(sums) > 1:
            found.append(Knot(sorted(spots), sorted(sums)))
    return found


def betrayed(network: Network, knot: Knot, *, alone: bool) -> list[Spot]:
    """Name what must be withheld too, since a spot of the knot can be bounded within p.

    `alone`: only the measures that do not add up, since the others are looked at all at once.
    """
    measures = {m for spot in knot.spots for m in network.measures(spot)}
    if alone or knot.spots[0].scope.startswith(OWN_SCOPE):
        # of oneself only persons are hidden; what they bought is known
        measures &= network.rules.counts_of_persons
    for measure in sorted(measures):
        spots = [s for s in knot.spots if network.crowd(s, measure) is not None]
        exposed = _Bounds(network, knot, spots, measure).exposed()
        more = {near for spot in exposed if (near := _beside(network, spot)) is not None}
        if more:
            return sorted(more)
    return []


def _beside(network: Network, spot: Spot) -> Spot | None:
    """Choose the cheapest published spot that shares a sum with an exposed one."""
    near = {
        other
        for index in network.sums_of[spot]
        for other in (network.sums[index].total, *network.sums[index].parts)
        if other not in network.withheld and other not in network.fixed
    }
    return min(near, key=lambda other: (network.persons[other], other), default=None)


class _Bounds:
    """Ask how far each withheld value of one measure can lie from the truth."""

    def __init__(self, network: Network, knot: Knot, spots: list[Spot], measure: str) -> None:
        self.network, self.spots, self.measure = network, spots, measure
        rules = network.rules
        place = {spot: i for i, spot in enumerate(spots)}
        crowds = [network.crowd(spot, measure) for spot in spots]
        self.crowds: list[Crowd] = [crowd for crowd in crowds if crowd is not None]
        rows, columns, signs = [], [], []
        for row, index in enumerate(knot.sums):
            one = network.sums[index]
            for spot, sign in ((one.total, -1.0), *((part, 1.0) for part in one.parts)):
                if spot in place:
                    rows.append(row)
                    columns.append(place[spot])
                    signs.append(sign)
        self.matrix = csr_array((signs, (rows, columns)), shape=(len(knot.sums), len(spots)))
        self.bounds = [self._range(spot, c) for spot, c in zip(spots, self.crowds, strict=True)]
        others = [crowd.beyond(rules.together) for crowd in self.crowds]
        self.needs = np.array([max(1.0, rules.p * other) for other in others])
        self.above = [self._above(crowd) for crowd in self.crowds]
        # near worlds move many spots a little, instead of a few as far as can be
        reach = 2 * np.maximum(self.needs, np.maximum(self.above, 0))
        low, high = np.array(self.bounds).reshape(-1, 2).T
        self.near = np.column_stack((np.maximum(low, -reach), np.minimum(high, reach)))

    def _range(self, spot: Spot, crowd: Crowd) -> tuple[float, float]:
        """Give how far a value can move for those who know most of it, and the rules."""
        rules = self.network.rules
        low, high = -float(crowd.beyond(rules.together)), 10.0 * crowd.total + 10 * rules.k
        if self.measure in rules.counts_of_persons:
            few = self.network.withheld[spot] is Why.TOO_FEW_PERSONS
            if few and crowd.total < rules.k:
                return max(low, 1.0 - crowd.total), rules.k - 1.0 - crowd.total
        return low, high

    def _above(self, crowd: Crowd) -> float:
        """Give how far the value must be able to rise so that no part shows."""
        if crowd.own:
            return 0.0
        parts = sorted(crowd.parts.values(), reverse=True)
        return needed_above(parts, self.network.rules.together, self.network.rules.p) - sum(parts)

    def exposed(self) -> list[Spot]:
        """List the spots that are bounded too closely: first in common worlds, then one by one."""
        open_ = set(range(len(self.spots)))
        rng = np.random.default_rng(len(self.spots))
        for _ in range(4):
            if not open_:
                return []
            weights = rng.choice((-1.0, 1.0), len(self.spots)) * rng.uniform(0.5, 1.5)
            weights[[i for i in range(len(weights)) if i not in open_]] = 0.0
            open_ -= self._cleared(weights / self.needs, open_, self.near)
        exposed = []
        for i in sorted(open_):
            unit = np.zeros(len(self.spots))
            unit[i] = 1.0
            if i not in self._cleared(unit, {i}) | self._cleared(-unit, {i}):
                exposed.append(self.spots[i])
        return exposed

    def _cleared(
        self, wanted: np.ndarray, among: set[int], bounds: np.ndarray | None = None
    ) -> set[int]:
        """Find another world far out in a direction, and the spots far from the truth there."""
        found = linprog(
            -wanted,
            A_eq=self.matrix,
            b_eq=np.zeros(self.matrix.shape[0]),
            bounds=self.bounds if bounds is None else bounds,
            method="highs",
        )
        if found.x is None:
            return set()
        return {
            i
            for i in among
            if (
                found.x[i] >= self.above[i] - 1e-6
                if self.above[i] > 0
                else abs(found.x[i]) >= self.needs[i] - 1e-6
            )
        }
