"""Groups that can be cut out of published groups must pass themselves."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import permutations

from services.query.disclosure.crowd import OWN_SCOPE, Crowd, fault, gathered, thin
from services.query.disclosure.model import Cell, Rules, Why
from services.query.disclosure.network import Network, Spot

#: Kinds of groups beside the network, which comes before all.
KINDS = ("industry", "region", "industry-region", "city")
# kinds are tried in every order in so many periods
_SAMPLE = 24

#: A piece: what is marked off by the same groups, each organisation's part.
Pieces = dict[frozenset[Spot], dict[str, int]]


def places(network: Network) -> list[list[Spot]]:
    """List the groups of each family, period and breakdown beside each other."""
    together: dict[tuple[str, str, object], list[Spot]] = defaultdict(list)
    for spot in network.cells:
        if not spot.scope.startswith(OWN_SCOPE):
            together[spot.family, spot.period, spot.by].append(spot)
    return [sorted(spots) for spots in together.values()]


def offered(network: Network, beside: list[list[Spot]]) -> dict[str, int]:
    """Choose the groups that a cut tells of, so that most is published: each one's rank.

    A group can be offered where it, and every piece that it and those before it cut out, has
    enough organisations and owners, in most periods. Kinds are tried in every order; of one kind
    comes first what passes most often by itself. One choice holds for the whole cut: a group that
    is published here and withheld there would be given away, or give up, along its sums.
    """
    passing = Counter(s.scope for spots in beside for s in spots if s not in network.withheld)
    # most is published where breakdowns are told too; on a single day many have sold nothing
    told = {(spots[0].family, spots[0].period) for spots in beside if spots[0].by}
    whole = [s for s in beside if not s[0].by and (not told or (s[0].family, s[0].period) in told)]
    sample = whole[:: len(whole) // _SAMPLE + 1] or beside[:_SAMPLE]
    best: dict[str, int] = {}
    most = -1
    held = {scope.partition(":")[0] for scope in passing}
    for kinds in permutations(kind for kind in KINDS if kind in held):
        order = sorted(passing, key=lambda s: (_kind(s, kinds), -passing[s], s))
        ranks = {scope: rank for rank, scope in enumerate(order)}
        often = Counter(s.scope for spots in sample for s in _taken(network, spots, ranks, _many))
        here = {s: rank for s, rank in ranks.items() if often[s] * 2 > len(sample)}
        if (published := sum(passing[scope] for scope in here)) > most:
            best, most = here, published
    return best


def _kind(scope: str, kinds: tuple[str, ...]) -> int:
    kind = scope.partition(":")[0]
    return -1 if kind == "network" else kinds.index(kind) if kind in kinds else len(kinds)


def separate(network: Network, spots: list[Spot]) -> list[Spot]:
    """Withhold groups of one place until none can be cut out that is too thin.

    Published groups that overlap give away at most their common part and what each has alone,
    however many figures are combined; so it is enough that each such piece passes, and that each
    withheld group keeps room to lie elsewhere within the pieces that it is in. Returns what was
    withheld.
    """
    taken = _taken(network, spots, network.ranks)
    given_up = [s for s in spots if s not in network.withheld and s not in taken]
    network.withheld |= dict.fromkeys(given_up, Why.COMPLEMENT)
    for measure in sorted({m for spot in spots for m in network.measures(spot)}):
        here = _cells(network, spots, measure)
        while (spot := _bare(network, here)) is not None:
            network.withheld[spot] = Why.COMPLEMENT
            given_up.append(spot)
    return given_up


Passes = Callable[[Crowd, Rules], bool]


def _sound(crowd: Crowd, rules: Rules) -> bool:
    return fault(crowd, rules) is None


def _many(crowd: Crowd, rules: Rules) -> bool:
    return not thin(crowd, rules)


def _taken(
    network: Network, spots: list[Spot], ranks: Mapping[str, int], passes: Passes = _sound
) -> set[Spot]:
    """Take the groups of a place one by one, but those that would cut out a piece too thin.

    What has been shown at an earlier cut is taken in any case.
    """
    measures = {m for spot in spots for m in network.measures(spot)}
    beside = [_Beside(network, _cells(network, spots, measure)) for measure in sorted(measures)]
    taken: set[Spot] = set()
    free = [spot for spot in spots if passes is _many or spot not in network.withheld]
    for spot in sorted(free, key=lambda s: (s not in network.fixed, _rank(ranks, s))):
        if spot in network.fixed or all(one.takes(spot, passes) for one in beside):
            for one in beside:
                one.take(spot)
            taken.add(spot)
    return taken


def _rank(ranks: Mapping[str, int], spot: Spot) -> tuple[int, str]:
    return ranks.get(spot.scope, len(ranks)), spot.scope


def _cells(network: Network, spots: Iterable[Spot], measure: str) -> dict[Spot, Cell]:
    return {s: c for s in spots for c in network.cells[s] if c.key.measure == measure}


class _Beside:
    """Hold the pieces of one measure that the groups taken so far mark off."""

    def __init__(self, network: Network, cells: dict[Spot, Cell]) -> None:
        self.network, self.cells = network, cells
        self.taken: dict[Spot, Cell] = {}
        self.pieces: Pieces = {}
        self.next: tuple[Spot | None, Pieces] = None, {}

    def takes(self, spot: Spot, passes: Passes) -> bool:
        """Say whether all pieces pass that another group would mark off anew."""
        if spot not in self.cells:
            return True
        published = self.taken | {spot: self.cells[spot]}
        pieces = pieces_of(published)
        self.next = spot, pieces
        return all(
            passes(_crowd(self.network, published, borders, members), self.network.rules)
            for borders, members in pieces.items()
            if self.pieces.get(borders - {spot}) != members
        )

    def take(self, spot: Spot) -> None:
        """Add a group."""
        if spot in self.cells:
            self.taken[spot] = self.cells[spot]
            known, pieces = self.next
            self.pieces = pieces if known is spot else pieces_of(self.taken)


def pieces_of(published: Mapping[Spot, Cell]) -> Pieces:
    """Cut the contributors into the pieces that the published groups mark off.

    Who moved within the period is in some groups with all of its part, and in others with what
    it sold before, or since: each of these shares is in a piece of its own.
    """
    parts: dict[str, dict[Spot, int]] = defaultdict(dict)
    for spot, cell in published.items():
        for organisation, part in cell.parts.items():
            parts[organisation][spot] = part
    pieces: Pieces = defaultdict(dict)
    for organisation, around in parts.items():
        for borders, share in _shares(around):
            pieces[borders][organisation] = share
    return pieces


def _shares(around: dict[Spot, int]) -> Iterator[tuple[frozenset[Spot], int]]:
    """Split one's part into what it has in the same groups."""
    if len(set(around.values())) == 1:
        yield frozenset(around), next(iter(around.values()))
        return
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
    published: Mapping[Spot, Cell],
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


def _bare(network: Network, here: dict[Spot, Cell]) -> Spot | None:
    """Find the published group to give up so that a withheld one has room, or None."""
    pieces = pieces_of({spot: cell for spot, cell in here.items() if spot not in network.withheld})
    inside = {o for members in pieces.values() for o in members}
    for there, cell in here.items():
        asked = there in network.withheld and there.scope in network.ranks
        if asked and not _hidden(network, pieces, inside, cell):
            around = {
                border
                for borders, members in pieces.items()
                if not cell.parts.keys().isdisjoint(members)
                for border in _bordering(pieces, borders) or borders
            } - network.fixed
            if around:
                return max(around, key=lambda spot: _rank(network.ranks, spot))
    return None


def _bordering(pieces: Pieces, borders: frozenset[Spot]) -> set[Spot]:
    """Find the groups without which this piece would be one with another."""
    return {next(iter(borders ^ other)) for other in pieces if len(borders ^ other) == 1}


def _hidden(network: Network, pieces: Pieces, inside: set[str], cell: Cell) -> bool:
    """Say whether a withheld group has room within the pieces that it is in."""
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
    return sum(sorted(by_owner.values(), reverse=True)[network.rules.together :])
