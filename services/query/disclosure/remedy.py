"""Choose what to withhold besides, so that a value that is bounded too closely has another world.

A programme lets published values move too, at a cost; those that it moves are withheld. (The usual
heuristic of complementary suppression: Kelly, Golden and Assad, Networks 22, 1992.)
"""

from collections.abc import Iterable

import numpy as np

from services.query.disclosure.network import Network, Spot
from services.query.disclosure.worlds import SLACK, Reach, ties


class Table:
    """All spots of one scope that sums tie to a spot, with their values of one measure."""

    def __init__(self, network: Network, start: Spot, measure: str) -> None:
        self.network, self.measure = network, measure
        spots, sums = network.tied(start)
        self.spots = [spot for spot in spots if network.crowd(spot, measure) is not None]
        self.place = {spot: i for i, spot in enumerate(self.spots)}
        self.ties = ties(network, self.spots, sums, measure).twofold()
        self.reach = Reach(network, self.spots, measure)
        self.cost = np.sqrt([float(network.persons[spot]) for spot in self.spots])

    def hidden(self, unseen: Iterable[Spot], already: set[Spot]) -> set[Spot]:
        """Name published spots with which each has a world far from the truth, if it had none."""
        network = self.network
        hides = np.array([network.hidden(spot) or spot in already for spot in self.spots])
        # what was shown before can only stay as it was, and is known to be near that
        fixed = np.array([spot in network.fixed for spot in self.spots]) & ~hides
        near = [network.drift.get((spot, self.measure), 0) for spot in self.spots]
        limit = np.where(fixed, np.array(near, float), np.inf)
        found: set[Spot] = set()
        open_ = {self.place[spot] for spot in unseen}
        while open_:
            i = min(open_)
            moved = self._cheapest(i, hides, limit)
            open_.discard(i)
            if moved is None:
                continue  # nothing more can be withheld: what was shown before gives it away
            far = self.reach.far(moved)
            open_ -= set(np.flatnonzero(far).tolist())
            for j in np.flatnonzero((np.abs(moved) > SLACK) & ~hides):
                (network.held if fixed[j] else found).add(self.spots[j])
                hides[j] = True
        return found

    def _cheapest(self, i: int, hides: np.ndarray, limit: np.ndarray) -> np.ndarray | None:
        """Move value *i* far enough with the least movement of what is published."""
        best, least = None, np.inf
        reach = self.reach
        for up, can in ((True, reach.rises[i]), (False, reach.falls[i])):
            if not can or least <= SLACK:
                continue
            low, high = np.maximum(reach.low, -limit), np.minimum(reach.high, limit)
            if up:
                low[i] = reach.up[i]
            else:
                high[i] = -reach.down[i]
            cost = np.where(hides, 0.0, self.cost)
            # a movement is what rises less what falls, each at its cost
            found = self.ties.best(
                np.concatenate((cost, cost)),
                np.concatenate((np.maximum(low, 0.0), np.maximum(-high, 0.0))),
                np.concatenate((np.maximum(high, 0.0), np.maximum(-low, 0.0))),
            )
            if found.x is not None and found.fun < least:
                rises, falls = np.split(found.x, 2)
                best, least = rises - falls, found.fun
        return best
