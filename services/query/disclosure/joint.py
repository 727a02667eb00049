"""Bound withheld figures of groups over all dimensions at once, as two members could."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from services.query.disclosure.crowd import OWN_SCOPE
from services.query.disclosure.model import By
from services.query.disclosure.network import Network, Spot

# a larger system is looked at group by group and place by place only
MOST_VARIABLES = 1_000

Position = tuple[str, By]


def systems(network: Network) -> Iterator[tuple[list[Spot], str]]:
    """List the groups' spots that share contributions, with each measure that adds up."""
    by_family: dict[str, list[Spot]] = defaultdict(list)
    for spot in sorted(network.cells):
        if not spot.scope.startswith(OWN_SCOPE):
            by_family[spot.family].append(spot)
    for spots in by_family.values():
        told = {tuple(name for name, _ in spot.by) for spot in spots}
        for names in sorted(n for n in told if not any(set(n) < set(other) for other in told)):
            mine = [s for s in spots if {n for n, _ in s.by}.issubset(names)]
            measures = {m for spot in mine for m in network.measures(spot)}
            for measure in sorted(measures - network.rules.counts_of_persons):
                yield mine, measure


def small(network: Network, spots: list[Spot]) -> bool:
    """Say whether a system is small enough to be looked at all at once."""
    finest = {f for s in spots for f in network.finest((s.period, s.by))}
    widest = max((len(network.cells[spot][0].parts) for spot in spots), default=0)
    return widest * len(finest) <= MOST_VARIABLES


def betrayed(network: Network, spots: list[Spot], measure: str) -> set[Spot]:
    """Name what must be withheld too, since a withheld spot can be bounded within p."""
    system = _System(network, spots, measure)
    if not system.rows or not system.targets:
        return set()
    largest = sorted(system.sold, key=lambda owner: (-system.sold[owner], owner))
    more: set[Spot] = set()
    for asking in [(), *pairwise(largest[:3])]:
        more |= system.exposed(frozenset(asking))
    return more


class _System:
    """Hold one measure's contributions by organisation and finest place, and what is published."""

    def __init__(self, network: Network, spots: list[Spot], measure: str) -> None:
        self.network, self.measure = network, measure
        index: dict[tuple[str, Position], int] = {}
        truth: list[int] = []
        self.owner: list[str] = []
        members: dict[Spot, frozenset[str]] = {}
        for spot in spots:
            cell = next((c for c in network.cells[spot] if c.key.measure == measure), None)
            if cell is None:
                continue
            members[spot] = frozenset(cell.parts)
            position = spot.period, spot.by
            for organisation, part in cell.parts.items():
                if position not in network.shapes and (organisation, position) not in index:
                    index[organisation, position] = len(truth)
                    truth.append(part)
                    self.owner.append(network.owners.get(organisation, organisation))
        self.truth = np.array(truth, float)
        self.sold: dict[str, float] = defaultdict(float)
        for owner, part in zip(self.owner, truth, strict=True):
            self.sold[owner] += abs(part)
        self.rows: list[Spot] = []
        self.targets: list[Spot] = []
        self.near: list[Spot] = []
        self.variables: dict[Spot, list[int]] = {}
        for spot, inside in members.items():
            finest = network.finest((spot.period, spot.by))
            self.variables[spot] = [
                index[o, p]
                for p in finest
                # who moved is in a group in some months only
                for o in members.get(Spot(spot.family, spot.scope, *p), inside)
                if (o, p) in index
            ]
            if spot in network.held:
                self.near.append(spot)
            else:
                (self.targets if spot in network.withheld else self.rows).append(spot)
        self.known = self._matrix(self.rows)
        about = self._matrix(self.near)
        drift = np.array([network.drift.get((s, measure), 0) for s in self.near], float)
        self.limits = (
            {"A_ub": vstack((about, -about)), "b_ub": np.tile(drift, 2)} if self.near else {}
        )
        self.goals = self._matrix(self.targets)

    def _matrix(self, spots: list[Spot]) -> csr_array:
        rows = [i for i, spot in enumerate(spots) for _ in self.variables[spot]]
        columns = [column for spot in spots for column in self.variables[spot]]
        return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(spots), len(self.truth)))

    def exposed(self, asking: frozenset[str]) -> set[Spot]:
        """Name published spots by which those who ask come too near to a withheld one."""
        mine = np.array([owner in asking for owner in self.owner])
        low = np.where(mine, 0.0, -np.abs(self.truth))
        high = np.where(mine, 0.0, 9 * np.abs(self.truth) + 10)
        others = self.goals @ np.where(mine, 0.0, self.truth)
        needs = np.maximum(1.0, self.network.rules.p * others)
        open_ = others > 0
        bounds = np.column_stack((low, high))
        rng = np.random.default_rng(len(self.truth))
        for _ in range(4):
            if not open_.any():
                return set()
            weights = np.where(open_, rng.choice((-1.0, 1.0), len(needs)) / needs, 0.0)
            open_ &= ~self._far(self.goals.T @ weights, bounds, needs)[0]
        more: set[Spot] = set()
        for i in np.flatnonzero(open_):
            unit = np.zeros(len(needs))
            unit[i] = 1.0
            up, prices = self._far(self.goals.T @ unit, bounds, needs)
            if not up[i] and not self._far(self.goals.T @ -unit, bounds, needs)[0][i]:
                culprit = self._culprit(prices, more)
                more |= {culprit} if culprit is not None else set()
        return more

    def _far(
        self, wanted: np.ndarray, bounds: np.ndarray, needs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Go far out in a direction; say which targets are far from the truth, and what holds."""
        found = linprog(
            -wanted,
            A_eq=self.known,
            b_eq=np.zeros(len(self.rows)),
            bounds=bounds,
            method="highs",
            **self.limits,
        )
        if found.x is None:
            return np.zeros(len(needs), bool), np.zeros(len(self.rows))
        return np.abs(self.goals @ found.x) >= needs - 1e-6, np.asarray(found.eqlin.marginals)

    def _culprit(self, prices: np.ndarray, already: set[Spot]) -> Spot | None:
        """Choose the cheapest of the published sums that hold a target in place."""
        holding = [self.rows[i] for i in np.flatnonzero(np.abs(prices) > 1e-9)]
        if already & set(holding):
            return None
        free = [spot for spot in holding if spot not in self.network.fixed]
        # what was shown before can only stay as it was
        stay = [spot for spot in holding if (spot, self.measure) in self.network.drift]
        return min(free or stay, key=lambda spot: (self.network.persons[spot], spot), default=None)
