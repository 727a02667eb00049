"""Bound withheld cells by linear programming, as somebody who has all published sums could."""

from collections.abc import Iterable

import msgspec

from services.query.disclosure.crowd import OWN_SCOPE
from services.query.disclosure.network import Network, Spot
from services.query.disclosure.remedy import Table
from services.query.disclosure.worlds import Worlds


class Knot(msgspec.Struct, frozen=True):
    """Hold withheld spots that hang together, and the sums that tie them."""

    spots: list[Spot]
    sums: list[int]


def knots(network: Network, among: Iterable[Spot]) -> list[Knot]:
    """Find what hangs together where more than one sum ties it; a single sum hides what it must."""
    seen: set[Spot] = set()
    found = []
    for start in among:
        if start in seen or not network.hidden(start):
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
                    if other not in seen and network.hidden(other):
                        seen.add(other)
                        waiting.append(other)
        tied = any(
            not network.hidden(other)
            for index in sums
            for other in (network.sums[index].total, *network.sums[index].parts)
        )
        # of what nothing is published nothing can be worked out
        several = len(sums) > 1 or not network.held.isdisjoint(spots)
        if tied and (several or any(network.sums[index].loose for index in sums)):
            found.append(Knot(sorted(spots), sorted(sums)))
    return found


def betrayed(network: Network, knot: Knot) -> list[Spot]:
    """Name what must be withheld too, since a spot of the knot can be bounded within p.

    What was once seen free is not looked at again: withholding more only frees more.
    """
    measures = {m for spot in knot.spots for m in network.measures(spot)}
    if knot.spots[0].scope.startswith(OWN_SCOPE):
        # of oneself only persons are hidden; what they bought is known
        measures &= network.rules.counts_of_persons
    more: set[Spot] = set()
    for measure in sorted(measures):
        spots = [s for s in knot.spots if network.crowd(s, measure) is not None]
        due = {s for s in spots if s in network.withheld and (s, measure) not in network.free}
        if not due:
            continue
        unseen = Worlds(network, spots, knot.sums, measure).unseen(due)
        if unseen:
            more |= Table(network, knot.spots[0], measure).hidden(unseen, more)
        network.free |= {(spot, measure) for spot in due}
    return sorted(more)
