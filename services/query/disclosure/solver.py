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
    What was once seen free is not looked at again: withholding more only frees more.
    """
    measures = {m for spot in knot.spots for m in network.measures(spot)}
    if alone or knot.spots[0].scope.startswith(OWN_SCOPE):
        # of oneself only persons are hidden; what they bought is known
        measures &= network.rules.counts_of_persons
    more: set[Spot] = set()
    for measure in sorted(measures):
        spots = [s for s in knot.spots if network.crowd(s, measure) is not None]
        due = {spot for spot in spots if (spot, measure) not in network.free}
        if not due:
            continue
        exposed = Worlds(network, spots, knot.sums, measure).exposed(due)
        network.free |= {(spot, measure) for spot in due - exposed}
        if exposed:
            more |= Table(network, knot.spots[0], measure).hidden(exposed, more)
    return sorted(more)
