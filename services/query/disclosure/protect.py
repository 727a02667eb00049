"""Decide over a whole cut which cells are published, and what is said of the others."""

from collections.abc import Iterable

from services.query.disclosure import changes, joint, wider
from services.query.disclosure.complement import complete
from services.query.disclosure.crowd import OWN_SCOPE, fault
from services.query.disclosure.groups import offered, places, separate
from services.query.disclosure.model import (
    By,
    Cell,
    CellKey,
    Margin,
    Organisation,
    Rule,
    Rules,
    Standing,
    Verdict,
    Why,
)
from services.query.disclosure.network import Network, Spot
from services.query.disclosure.rounding import rounded
from services.query.disclosure.solver import betrayed, knots


def protect(
    cells: Iterable[Cell],
    margins: Iterable[Margin],
    organisations: Iterable[Organisation],
    rules: Rules,
    previous: Iterable[Standing] = (),
) -> dict[CellKey, Verdict]:
    """Judge every cell of a cut, all together, with each member as the asker.

    `previous` is every cell of the cut before, also those that were withheld. Returns a verdict
    for each cell, and for each one that was published before and has no data now.
    """
    known = {cell.key: cell for cell in cells}
    ties = list(margins)
    before = {one.cell.key: one for one in previous}
    owners = {one.id: one.owner for one in organisations}
    network = Network(known.values(), ties, owners, rules)
    network.fixed = {network.spot(k) for k, one in before.items() if one.value is not None}
    timely = rules.on(Rule.TIME) and bool(before)
    if timely:
        network.drift = changes.drift(network, known, before)
    settle(network)
    stands: set[Spot] = set()
    if timely:
        stands, late = changes.standing(network, known, before, ties, rules)
        while late:
            # what is withheld besides is new as well, and may ask for more to stand
            network.withheld |= dict.fromkeys(late, Why.TIME)
            settle(network)
            stands, late = changes.standing(network, known, before, ties, rules)
    return _verdicts(network, known, before, stands | network.held)


def settle(network: Network) -> None:
    """Withhold what does not pass, then whatever would reveal it, until nothing more follows."""
    for spot, crowds in network.crowds.items():
        if spot not in network.fixed:
            why = next((why for crowd in crowds if (why := fault(crowd, network.rules))), None)
            if why is not None:
                network.withheld[spot] = why
    beside = places(network)
    if network.rules.on(Rule.GROUPS):
        network.ranks = offered(network, beside)
        network.withheld |= {
            spot: network.withheld.get(spot, Why.TOO_FEW_ORGANISATIONS)
            for spots in beside
            for spot in spots
            if spot.scope not in network.ranks and spot not in network.fixed
        }
    by_place = {_place(spots[0]): spots for spots in beside}
    whole = [one for one in joint.systems(network) if joint.small(network, one[0])]
    due = dict.fromkeys(by_place)
    pending = list(network.withheld)
    while pending or due:
        since = list(pending)
        while pending or due:
            pending = complete(network, pending) if network.rules.on(Rule.COMPLEMENTS) else []
            due |= dict.fromkeys(p for p in map(_place, pending) if p in by_place)
            if network.rules.on(Rule.GROUPS):
                pending += [s for place in due for s in separate(network, by_place[place])]
            due = {}
            since += pending
        pending = _audited(network, since, whole)
        due = dict.fromkeys(p for p in map(_place, pending) if p in by_place)


def _place(spot: Spot) -> tuple[str, str, By]:
    return spot.family, spot.period, spot.by


def _audited(
    network: Network, among: list[Spot], whole: list[tuple[list[Spot], str]]
) -> list[Spot]:
    """Let the solver look at every knot, and withhold what it asks for."""
    if not network.rules.on(Rule.SOLVER):
        return []
    more: list[Spot] = []
    for knot in knots(network, among):
        more += betrayed(network, knot)
    for spots, measure in whole if not more else ():
        more += sorted(joint.betrayed(network, spots, measure))
    network.held |= network.fixed.intersection(more)
    network.withheld |= dict.fromkeys((s for s in more if s not in network.held), Why.COMPLEMENT)
    return more


def _verdicts(
    network: Network,
    cells: dict[CellKey, Cell],
    before: dict[CellKey, Standing],
    stands: set[Spot],
) -> dict[CellKey, Verdict]:
    verdicts: dict[CellKey, Verdict] = {}
    for key in sorted(cells.keys() | before.keys()):
        old = before.get(key)
        spot = network.spot(key)
        shown = old is not None and old.value is not None
        if old is not None and shown and (spot in stands or key not in cells):
            verdicts[key] = Verdict(key=key, value=old.value, stands=True, as_of=old.as_of)
        elif key in cells and spot in network.withheld:
            verdicts[key] = Verdict(key=key, why=_told(spot, network.withheld[spot]))
        elif key in cells:
            verdicts[key] = Verdict(key=key, value=rounded(cells[key], network.rules))
    return {key: _with_wider(verdict, verdicts) for key, verdict in verdicts.items()}


def _told(spot: Spot, why: Why) -> Why:
    """Name the class of rule; of oneself the rule of persons is that of complements too.

    Told apart, the two would bound each other: fewer than k here, not fewer there.
    """
    own = spot.scope.startswith(OWN_SCOPE) and why is Why.COMPLEMENT
    return Why.TOO_FEW_PERSONS if own else why


def _with_wider(verdict: Verdict, verdicts: dict[CellKey, Verdict]) -> Verdict:
    key = verdict.key
    if verdict.why is None:
        return verdict

    def published(scope: str) -> bool:
        other = verdicts.get(CellKey(key.measure, scope, key.period, key.by))
        return other is not None and other.why is None

    instead = wider.first(key.scope, published)
    return Verdict(key=key, why=verdict.why, instead=instead)
