"""Look for other worlds that agree with what is published about withheld spots of one scope."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from services.query.disclosure.crowd import Crowd, needed_above
from services.query.disclosure.model import Rules, Why
from services.query.disclosure.network import Network, Spot

#: What a programme's numbers may be off by.
SLACK = 1e-6
# common worlds are looked for until so many in turn each move less than one in so many spots
_MISSES, _FEW = 2, 20


class Reach:
    """Say how far each withheld value could lie from the truth by itself, and how far it must."""

    def __init__(self, network: Network, spots: Sequence[Spot], measure: str) -> None:
        rules = network.rules
        crowds = [crowd for spot in spots if (crowd := network.crowd(spot, measure)) is not None]
        beyond = np.array([crowd.beyond(rules.together) for crowd in crowds], float)
        total = np.array([crowd.total for crowd in crowds], float)
        self.low, self.high = -beyond, 10.0 * total + 10 * rules.k
        if measure in rules.counts_of_persons:
            # who is told that there are too few persons knows that there are fewer than k
            few = [network.withheld.get(spot) is Why.TOO_FEW_PERSONS for spot in spots]
            known = np.array(few, bool) & (total < rules.k)
            self.low = np.where(known, np.maximum(self.low, 1.0 - total), self.low)
            self.high = np.where(known, rules.k - 1.0 - total, self.high)
        self.needs = np.maximum(1.0, rules.p * beyond)
        self.above = np.array([_above(crowd, rules) for crowd in crowds])
        #: How far up and down is far enough, and whether that can be at all.
        self.up, self.down = np.maximum(self.needs, self.above), self.needs
        self.rises = self.high >= self.up - SLACK
        self.falls = (self.low <= SLACK - self.needs) & (self.above <= 0)

    def far(self, moved: np.ndarray) -> np.ndarray:
        """Say which values are far enough from the truth in a world."""
        down = self.falls & (moved <= SLACK - self.needs)
        return down | (moved >= np.where(self.above > 0, self.above, self.needs) - SLACK)


def _above(crowd: Crowd, rules: Rules) -> float:
    """Give how far the value must be able to rise so that no part shows."""
    if crowd.own:
        return 0.0
    parts = sorted(crowd.parts.values(), reverse=True)
    return needed_above(parts, rules.together, rules.p) - sum(parts)


class Worlds:
    """Ask how far each withheld value of one measure can lie from the truth."""

    def __init__(
        self, network: Network, spots: Sequence[Spot], sums: Iterable[int], measure: str
    ) -> None:
        self.spots = spots
        self.reach = Reach(network, spots, measure)
        self.matrix = matrix(network, spots, sums)
        # near worlds move many spots a little, instead of a few as far as can be
        self.near = 2 * self.reach.up

    def exposed(self, due: set[Spot]) -> set[Spot]:
        """Tell which of those due are bounded too closely: by common worlds, then one by one."""
        reach, rng = self.reach, np.random.default_rng(len(self.spots))
        open_ = np.array([spot in due for spot in self.spots])
        exposed = open_ & ~reach.rises & ~reach.falls
        open_ &= ~exposed
        misses = 0
        while open_.any() and misses < _MISSES:
            either = rng.choice((-1.0, 1.0), len(open_))
            signs = np.where(reach.rises & reach.falls, either, np.where(reach.rises, 1.0, -1.0))
            weights = np.where(open_, signs * rng.uniform(0.5, 1.5, len(open_)) / reach.needs, 0.0)
            moved = open_ & self._moved(weights, near=True)
            misses = 0 if moved.sum() * _FEW > open_.sum() else misses + 1
            open_ &= ~moved
        for i in np.flatnonzero(open_):
            for sign, can in ((1.0, reach.rises[i]), (-1.0, reach.falls[i])):
                if open_[i] and can:
                    open_ &= ~self._moved(sign * (np.arange(len(open_)) == i), near=False)
            exposed[i] = open_[i]
            open_[i] = False
        return {spot for spot, found in zip(self.spots, exposed, strict=True) if found}

    def _moved(self, wanted: np.ndarray, *, near: bool) -> np.ndarray:
        """Find another world far out in a direction, and the spots far from the truth there."""
        low, high = self.reach.low, self.reach.high
        if near:
            low, high = np.maximum(low, -self.near), np.minimum(high, self.near)
        found = linprog(
            -wanted,
            A_eq=self.matrix,
            b_eq=np.zeros(self.matrix.shape[0]),
            bounds=np.column_stack((low, high)),
            method="highs",
        )
        return np.zeros(len(wanted), bool) if found.x is None else self.reach.far(found.x)


def matrix(network: Network, spots: Sequence[Spot], sums: Iterable[int]) -> csr_array:
    """Write the sums as rows over the spots: parts less total."""
    place = {spot: i for i, spot in enumerate(spots)}
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    row = -1
    for row, index in enumerate(sums):
        one = network.sums[index]
        for spot, sign in ((one.total, -1.0), *((part, 1.0) for part in one.parts)):
            if spot in place:
                rows.append(row)
                columns.append(place[spot])
                signs.append(sign)
    return csr_array((signs, (rows, columns)), shape=(row + 1, len(spots)))
