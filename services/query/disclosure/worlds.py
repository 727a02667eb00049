"""Look for other worlds that agree with what is published about withheld spots of one scope."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array, hstack

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
            # who is told that there are too few persons knows that there are fewer than k; of
            # oneself that may as well be said of what would be left
            few = [network.withheld.get(spot) is Why.TOO_FEW_PERSONS for spot in spots]
            known = np.array(few, bool) & (total < rules.k)
            known &= np.array([not crowd.own for crowd in crowds], bool)
            self.low = np.where(known, np.maximum(self.low, 1.0 - total), self.low)
            self.high = np.where(known, rules.k - 1.0 - total, self.high)
        held = np.array([spot in network.held for spot in spots], bool)
        near = np.array([network.drift.get((spot, measure), 0) for spot in spots], float)
        self.low = np.where(held, np.maximum(self.low, -near), self.low)
        self.high = np.where(held, np.minimum(self.high, near), self.high)
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
        self.ties = ties(network, spots, sums, measure)
        # near worlds move many spots a little, instead of a few as far as can be
        self.near = 2 * self.reach.up

    def unseen(self, due: set[Spot]) -> set[Spot]:
        """Tell which of those due no common world has shown to be free."""
        reach, rng = self.reach, np.random.default_rng(len(self.spots))
        open_ = np.array([spot in due for spot in self.spots])
        misses = 0
        while open_.any() and misses < _MISSES:
            either = rng.choice((-1.0, 1.0), len(open_))
            signs = np.where(reach.rises & reach.falls, either, np.where(reach.rises, 1.0, -1.0))
            weights = np.where(open_, signs * rng.uniform(0.5, 1.5, len(open_)) / reach.needs, 0.0)
            moved = open_ & self._moved(weights, near=True)
            misses = 0 if moved.sum() * _FEW > open_.sum() else misses + 1
            open_ &= ~moved
        return {spot for spot, found in zip(self.spots, open_, strict=True) if found}

    def _moved(self, wanted: np.ndarray, *, near: bool) -> np.ndarray:
        """Find another world far out in a direction, and the spots far from the truth there."""
        low, high = self.reach.low, self.reach.high
        if near:
            low, high = np.maximum(low, -self.near), np.minimum(high, self.near)
        found = self.ties.best(-wanted, low, high)
        return np.zeros(len(wanted), bool) if found.x is None else self.reach.far(found.x)


class Ties(msgspec.Struct, frozen=True):
    """What movements of spots must keep: sums that stay as they are, and sums that are limited.

    Rows are over the spots: `exact` rows add up to nothing, `loose` ones to at most `room`.
    """

    exact: csr_array
    loose: csr_array
    room: np.ndarray

    def twofold(self) -> "Ties":
        """Give the same for what rises and what falls apart."""
        return Ties(
            hstack((self.exact, -self.exact), format="csr"),
            hstack((self.loose, -self.loose), format="csr"),
            self.room,
        )

    def best(self, cost: np.ndarray, low: np.ndarray, high: np.ndarray) -> OptimizeResult:
        """Find the movement that costs least."""
        limits = {"A_ub": self.loose, "b_ub": self.room} if len(self.room) else {}
        return linprog(
            cost,
            A_eq=self.exact,
            b_eq=np.zeros(self.exact.shape[0]),
            bounds=np.column_stack((low, high)),
            method="highs",
            **limits,
        )


def ties(network: Network, spots: Sequence[Spot], sums: Iterable[int], measure: str) -> Ties:
    """Write the sums as rows over the spots: parts less total; each part less a loose total."""
    place = {spot: i for i, spot in enumerate(spots)}
    exact: list[list[tuple[int, float]]] = []
    loose: list[list[tuple[int, float]]] = []
    room: list[float] = []
    for index in sums:
        one = network.sums[index]
        total = [(place[one.total], -1.0)] if one.total in place else []
        parts = [(place[part], 1.0) for part in one.parts if part in place]
        if not one.loose:
            exact.append(parts + total)
            continue
        values = [network.value(part, measure) for part in one.parts]
        whole = network.value(one.total, measure)
        loose.append([(i, -sign) for i, sign in parts + total])
        room.append(sum(values) - whole)
        for part, value in zip(one.parts, values, strict=True):
            row = ([(place[part], 1.0)] if part in place else []) + total
            if row:
                loose.append(row)
                room.append(whole - value)
    return Ties(_rows(exact, len(spots)), _rows(loose, len(spots)), np.array(room, float))


def _rows(rows: list[list[tuple[int, float]]], width: int) -> csr_array:
    starts = np.cumsum([0, *(len(row) for row in rows)])
    columns = [column for row in rows for column, _ in row]
    signs = np.array([sign for row in rows for _, sign in row], float)
    return csr_array((signs, columns, starts), shape=(len(rows), width))
