"""The cells of a cut as spots: what is published or withheld together, and where it stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from services.query.disclosure.crowd import OWN_SCOPE, Crowd, behind
from services.query.disclosure.model import By, Cell, CellKey, Margin, Rule, Rules, Why


class Spot(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """Name a place in the matrix: the linked measures of one scope, period and breakdown."""

    family: str
    scope: str
    period: str
    by: By


class Sum(msgspec.Struct, frozen=True):
    """Say that a spot is made of others of its own scope; only those that have data.

    `loose`: of one's own persons, who may be in several parts; nothing follows by subtraction, but
    the total is at most the sum of its parts, and at least each of them. `unions`: the measures of
    which somebody may be in several parts, whoever's they are.
    """

    total: Spot
    parts: tuple[Spot, ...]
    loose: bool = False
    unions: frozenset[str] = frozenset()


class Network:
    """Hold a cut while it is being protected: cells, crowds, sums, and why what is withheld."""

    def __init__(
        self,
        cells: Iterable[Cell],
        margins: Iterable[Margin],
        owners: Mapping[str, str],
        rules: Rules,
    ) -> None:
        self.rules = rules
        self.owners = owners
        self._known: dict[Spot, Spot] = {}
        given = list(margins)
        self.families = _families(given, rules)
        self.cells: dict[Spot, list[Cell]] = defaultdict(list)
        for cell in cells:
            if cell.value or cell.persons or cell.touched or any(cell.parts.values()):
                self.cells[self.spot(cell.key)].append(cell)
        self.crowds: dict[Spot, list[Crowd]] = {
            spot: [behind(cell, owners, rules) for cell in there]
            for spot, there in self.cells.items()
        }
        self.persons = {
            spot: max(abs(cell.persons) for cell in there) for spot, there in self.cells.items()
        }
        self.sums = self._sums(given)
        self.shapes: dict[tuple[str, By], list[tuple[str, By]]] = {}
        for margin in given:
            if margin.kind != "linked":
                parts = [(p.period, p.by) for p in margin.parts]
                if (margin.total.period, margin.total.by) not in parts:
                    self.shapes.setdefault((margin.total.period, margin.total.by), parts)
        self._finest: dict[tuple[str, By], frozenset[tuple[str, By]]] = {}
        self.sums_of: dict[Spot, list[int]] = defaultdict(list)
        for index, one in enumerate(self.sums):
            for spot in (one.total, *one.parts):
                self.sums_of[spot].append(index)
        self.withheld: dict[Spot, Why] = {}
        # the groups that are offered, and which are taken first where not all can be published
        self.ranks: dict[str, int] = {}
        # of changes: what was shown at the cut before, and is not new as a whole
        self.shown: set[Spot] = set()
        # shown at an earlier cut: known, so that nothing is hidden by withholding them now
        self.fixed: set[Spot] = set()
        # of these, by measure, what is another value now: how near the old one is for who knows
        self.drift: dict[tuple[Spot, str], int] = {}
        # and those that stay as they were, since what they are now would give another away
        self.held: set[Spot] = set()
        # withheld spots, by measure, of which the solver has seen a world far from the truth
        self.free: set[tuple[Spot, str]] = set()

    def spot(self, key: CellKey) -> Spot:
        """Find the spot of a cell."""
        family = self.families.get(key.measure, key.measure)
        spot = Spot(family, key.scope, key.period, key.by)
        # one of each, so that they are quickly told to be the same
        return self._known.setdefault(spot, spot)

    def hidden(self, spot: Spot) -> bool:
        """Say whether what a spot is now is not told."""
        return spot in self.withheld or spot in self.held

    def finest(self, position: tuple[str, By]) -> frozenset[tuple[str, By]]:
        """List the finest periods and breakdowns that a position is the sum of."""
        if position not in self._finest:
            parts = self.shapes.get(position)
            self._finest[position] = (
                frozenset({position})
                if parts is None
                else frozenset(f for part in parts for f in self.finest(part))
            )
        return self._finest[position]

    def crowd(self, spot: Spot, measure: str) -> Crowd | None:
        """Give the crowd of one measure at a spot, if it has data there."""
        for cell, crowd in zip(self.cells.get(spot, ()), self.crowds.get(spot, ()), strict=True):
            if cell.key.measure == measure:
                return crowd
        return None

    def value(self, spot: Spot, measure: str) -> int:
        """Give the value of one measure at a spot, 0 where there is no data."""
        cell = self._cell(spot, measure)
        return 0 if cell is None else cell.value

    def _cell(self, spot: Spot, measure: str) -> Cell | None:
        return next((c for c in self.cells.get(spot, ()) if c.key.measure == measure), None)

    def left(self, one: Sum, published: Iterable[Spot], measure: str) -> Crowd:
        """Gather who is behind what subtraction leaves of a sum."""
        whole = self._cell(one.total, measure)
        less = [cell for spot in published if (cell := self._cell(spot, measure)) is not None]
        assert whole is not None  # noqa: S101 (a measure of the total)
        parts, persons_of = dict(whole.parts), dict(whole.persons_of)
        for cell in less:
            for held, theirs in ((parts, cell.parts), (persons_of, cell.persons_of)):
                for organisation, amount in theirs.items():
                    held[organisation] = held.get(organisation, 0) - amount
        rest = Cell(
            whole.key,
            whole.value - sum(cell.value for cell in less),
            whole.persons - sum(cell.persons for cell in less),
            {organisation: part for organisation, part in parts.items() if part},
            persons_of,
        )
        return behind(rest, self.owners, self.rules)

    def tied(self, start: Spot) -> tuple[list[Spot], list[int]]:
        """List every spot that sums tie to one, published or not, and these sums."""
        spots, sums, waiting = {start}, set(), [start]
        while waiting:
            for index in self.sums_of[waiting.pop()]:
                if index not in sums:
                    sums.add(index)
                    one = self.sums[index]
                    waiting += {one.total, *one.parts} - spots
                    spots |= {one.total, *one.parts}
        return sorted(spots), sorted(sums)

    def measures(self, spot: Spot) -> list[str]:
        """List the measures that have data at a spot."""
        return [cell.key.measure for cell in self.cells[spot]]

    def _sums(self, margins: list[Margin]) -> list[Sum]:
        """Keep each margin within a scope once for all linked measures."""
        kept: dict[tuple[Spot, tuple[Spot, ...]], tuple[bool, frozenset[str]]] = {}
        for margin in margins:
            if margin.kind == "linked" or any(
                part.scope != margin.total.scope or part.measure != margin.total.measure
                for part in margin.parts
            ):
                continue
            total = self.spot(margin.total)
            parts = tuple(spot for spot in map(self.spot, margin.parts) if spot in self.cells)
            if total in self.cells and parts:
                loose, unions = kept.get((total, parts), (True, frozenset()))
                union = {margin.total.measure} if margin.kind == "union" else set()
                kept[total, parts] = loose and self._loose(margin), unions | union
        overlapping = _overlapping(margins)
        for (total, parts), kind in list(kept.items()):
            if all(part.by == total.by for part in parts):
                for periods in overlapping.get(total.period, ()):
                    beside = (Spot(total.family, total.scope, p, total.by) for p in periods)
                    kept[total, tuple(s for s in beside if s in self.cells)] = kind
        return [Sum(total, parts, *kind) for (total, parts), kind in kept.items()]

    def _loose(self, margin: Margin) -> bool:
        return (
            margin.kind == "union"
            and margin.total.scope.startswith(OWN_SCOPE)
            and margin.total.measure in self.rules.counts_of_persons
        )


def _overlapping(margins: list[Margin]) -> dict[str, list[tuple[str, ...]]]:
    """Make each period of every shorter one that lies in it, and of the rest of its finest ones."""
    made_of: dict[str, list[str]] = {}
    for margin in margins:
        periods = [part.period for part in margin.parts]
        if margin.kind != "linked" and margin.total.period not in periods:
            made_of.setdefault(margin.total.period, periods)

    def finest(period: str) -> set[str]:
        return {f for p in made_of[period] for f in finest(p)} if period in made_of else {period}

    inside = {period: finest(period) for period in made_of}
    return {
        wide: [
            (narrow, *sorted(held - inside[narrow]))
            for narrow in made_of
            if inside[narrow] < held and narrow not in made_of[wide]
        ]
        for wide, held in inside.items()
    }


def _families(margins: list[Margin], rules: Rules) -> dict[str, str]:
    """Bring measures that reveal each other together under the name of one of them."""
    if not rules.on(Rule.LINKED):
        return {}
    parent: dict[str, str] = {}

    def root(measure: str) -> str:
        while parent.setdefault(measure, measure) != measure:
            measure = parent[measure]
        return measure

    for margin in margins:
        if margin.kind == "linked" or any(
            part.measure != margin.total.measure for part in margin.parts
        ):
            for part in margin.parts:
                one, other = sorted((root(margin.total.measure), root(part.measure)))
                parent[other] = one
    return {measure: root(measure) for measure in parent}
