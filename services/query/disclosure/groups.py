"""Groups that can be cut out of published groups must pass themselves."""

from collections import defaultdict
from collections.abc import Iterator

from services.query.disclosure.crowd import OWN_SCOPE, Crowd, fault, gathered
from services.query.disclosure.model import Cell, Why
from services.query.disclosure.network import Network, Spot

# what is given up first when two groups cut out a third that is too thin
PRECEDENCE = ("network", "industry", "region", "industry-region", "city")


def places(network: Network) -> list[list[Spot]]:
    """List the groups of each family, period and breakdown beside each other."""
    together: dict[tuple[str, str, object], list[Spot]] = defaultdict(list)
    for spot in network.cells:
        if not spot.scope.startswith(OWN_SCOPE):
            together[spot.family, spot.period, spot.by].append(spot)
    return [sorted(spots) for spots in together.values()]


def separate(network: Network, spots: list[Spot]) -> list[Spot]:
    """Withhold groups of one place until none can be cut out that is too thin.

    Two published groups that overlap give away at most their common part and what each has
    alone, however many figures are combined; so it is enough that each such piece passes, and
    that each withheld group keeps room to lie elsewhere within the pieces that it is in.
    Returns what was withheld.
    """
    given_up = []
    for measure in sorted({m for spot in spots for m in network.measures(spot)}):
        here = {
            spot: next(c for c in network.cells[spot] if c.key.measure == measure)
            for spot in spots
            if measure in network.measures(spot)
        }
        while (spot := _too_many(network, here)) is not None:
            network.withheld[spot] = Why.COMPLEMENT
            given_up.append(spot)
    return given_up


def _too_many(network: Network, here: dict[Spot, Cell]) -> Spot | None:
    """Find the published group to give up next, or None when all is well."""
    published = {spot: cell for spot, cell in here.items() if spot not in network.withheld}
    if not published:
        return None
    pieces = _pieces(published)
    for borders, members in pieces.items():
        if fault(_crowd(network, published, borders, members), network.rules):
            loose = _bordering(pieces, borders) - network.fixed
            if spot := _least(network, loose or borders):
                return spot
    for there, cell in here.items():
        if there in network.withheld and not _hidden(network, pieces, cell):
            touched = {
                border
                for borders, members in pieces.items()
                if not cell.parts.keys().isdisjoint(members)
                for border in _bordering(pieces, borders) or borders
            }
            if spot := _least(network, touched):
                return spot
    return None


def _pieces(published: dict[Spot, Cell]) -> dict[frozenset[Spot], dict[str, int]]:
    """Cut the contributors into the pieces that the published groups mark off.

    Who moved within the period is in some groups with all of its part, and in others with what
    it sold before, or since: each of these shares is in a piece of its own.
    """
    parts: dict[str, dict[Spot, int]] = defaultdict(dict)
    for spot, cell in published.items():
        for organisation, part in cell.parts.items():
            parts[organisation][spot] = part
    pieces: dict[frozenset[Spot], dict[str, int]] = defaultdict(dict)
    for organisation, around in parts.items():
        for borders, share in _shares(around):
            pieces[borders][organisation] = share
    return pieces


def _shares(around: dict[Spot, int]) -> Iterator[tuple[frozenset[Spot], int]]:
    """Split one's part into what it has in the same groups."""
    whole = max(around.values(), key=abs)
    throughout = {spot for spot, part in around.items() if part == whole}
    left = whole
    for share in {*around.values()} - {whole}:
        yield frozenset(throughout | {s for s, part in around.items() if part == share}), share
        left -= share
    if left:
        yield frozenset(throughout), left


def _crowd(
    network: Network,
    published: dict[Spot, Cell],
    borders: frozenset[Spot],
    members: dict[str, int],
) -> Crowd:
    """Gather a piece; of its persons only so many as are there for certain."""
    persons_of: dict[str, int] = {}
    at_least = 0
    for spot in borders:
        cell = published[spot]
        known = cell.persons_of or cell.parts
        persons_of |= {o: known[o] for o in members if o in known}
        others = sum(count for o, count in known.items() if o not in members)
        at_least = max(at_least, cell.persons - others)
    at_least = max([at_least, *persons_of.values()])
    return gathered(members, at_least, persons_of, network.owners)


def _bordering(
    pieces: dict[frozenset[Spot], dict[str, int]], borders: frozenset[Spot]
) -> set[Spot]:
    """Find the groups without which this piece would be one with another."""
    return {next(iter(borders ^ other)) for other in pieces if len(borders ^ other) == 1}


def _least(network: Network, candidates: frozenset[Spot] | set[Spot]) -> Spot | None:
    """Choose the group whose loss costs least: the narrowest kind, then the fewest."""

    def cost(spot: Spot) -> tuple[int, int, str]:
        kind = spot.scope.partition(":")[0]
        rank = PRECEDENCE.index(kind) if kind in PRECEDENCE else len(PRECEDENCE)
        return -rank, network.persons[spot], spot.scope

    return min(candidates - network.fixed, key=cost, default=None)


def _hidden(
    network: Network,
    pieces: dict[frozenset[Spot], dict[str, int]],
    cell: Cell,
) -> bool:
    """Say whether a withheld group has room within the pieces that it is in."""
    inside = {o for members in pieces.values() for o in members}
    if not cell.parts.keys() <= inside:
        return True
    wanted = max(1.0, network.rules.p * sum(abs(part) for part in cell.parts.values()))
    room = 0
    for members in pieces.values():
        if room < wanted and not cell.parts.keys().isdisjoint(members):
            room += _room(network, members, cell)
    return room >= wanted


def _room(network: Network, members: dict[str, int], cell: Cell) -> int:
    """Say how much of a piece is others' and not known to those who ask together."""
    by_owner: dict[str, int] = {}
    for organisation, part in members.items():
        if organisation not in cell.parts:
            owner = network.owners.get(organisation, organisation)
            by_owner[owner] = by_owner.get(owner, 0) + abs(part)
    return sum(sorted(by_owner.values())[: -network.rules.together])
