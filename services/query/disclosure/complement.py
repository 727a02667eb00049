"""What would reveal a withheld cell is withheld too: sums over breakdowns and periods."""

from collections import deque
from collections.abc import Iterable

from services.query.disclosure.crowd import Crowd, fault, merged
from services.query.disclosure.model import Why
from services.query.disclosure.network import Network, Spot, Sum


def complete(network: Network, changed: Iterable[Spot]) -> list[Spot]:
    """Withhold complements until no sum gives a withheld cell away by subtraction.

    Starts from the sums that the changed spots are in; returns what was withheld.
    """
    waiting = deque(
        i
        for i in dict.fromkeys(i for spot in changed for i in network.sums_of[spot])
        if not network.sums[i].loose
    )
    queued = set(waiting)
    given_up = []
    while waiting:
        index = waiting.popleft()
        queued.discard(index)
        while (spot := _missing(network, network.sums[index])) is not None:
            network.withheld[spot] = Why.COMPLEMENT
            given_up.append(spot)
            for other in network.sums_of[spot]:
                if other not in queued and other != index and not network.sums[other].loose:
                    queued.add(other)
                    waiting.append(other)
    return given_up


def _missing(network: Network, one: Sum) -> Spot | None:
    """Find what must be withheld next so that a sum is safe, or None."""
    withheld = [part for part in one.parts if part in network.withheld]
    published = [part for part in one.parts if part not in network.withheld]
    new = [part for part in one.parts if part not in network.shown]
    if one.total in network.shown and new and set(published).issuperset(new):
        # what was left of the total at the cut before is known now, part by part
        same = _same(network, one, [part for part in one.parts if part in network.shown])
        if not same and (spot := _smallest(network, new)) is not None:
            return spot
    if one.total in network.withheld:
        return None if withheld else _smallest(network, published)
    # of a part that was not shown it is not known whether it had nothing, or something that was hid
    safe = not withheld or _safe(network, one, withheld, published)
    if safe and one.total in network.shown:
        safe = _same(network, one, [part for part in published if part in network.shown])
    if safe:
        return None
    return _smallest(network, published) or _smallest(network, [one.total])


def _smallest(network: Network, spots: list[Spot]) -> Spot | None:
    """Choose what costs least among those that have not been shown at an earlier cut."""
    free = [spot for spot in spots if spot not in network.fixed]
    return min(free, key=lambda spot: (network.persons[spot], spot), default=None)


def _safe(network: Network, one: Sum, withheld: list[Spot], published: list[Spot]) -> bool:
    """Say whether what subtraction leaves would pass as a cell, and hides its parts."""
    if len(withheld) < 2:
        return False
    left = network.persons[one.total] - sum(network.persons[spot] for spot in published)
    persons = max([left, *(network.persons[spot] for spot in withheld)])
    for measure in network.measures(one.total):
        crowds = [c for spot in withheld if (c := network.crowd(spot, measure)) is not None]
        if not crowds:
            continue
        rest = merged(crowds, persons)
        if published and fault(rest, network.rules):
            return False
        if any(not _spread(network, rest, crowd) for crowd in crowds):
            return False
    return True


def _same(network: Network, one: Sum, less: list[Spot]) -> bool:
    """Say whether the change that is left without that of *less* is none, or passes as a cell's.

    Of parts that never were shown it is not known what changed, but of what is left without them.
    """
    if one.unions.issuperset(network.measures(one.total)):
        return True
    for measure in network.measures(one.total):
        left = network.left(one, less, measure)
        if (left.parts or left.persons) and fault(left, network.rules):
            return False
    return True


def _spread(network: Network, rest: Crowd, crowd: Crowd) -> bool:
    """Say whether what is withheld beside a cell hides it from nobody and from two."""
    known = (0, network.rules.together)
    return all(
        rest.beyond(n) - crowd.beyond(n) >= max(1.0, network.rules.p * crowd.beyond(n))
        for n in known
    )
