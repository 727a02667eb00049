"""What is true of a network at one cut, and the cells that are made of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product

import msgspec

from services.query.disclosure.membership import scopes_of
from services.query.disclosure.model import By, Cell, CellKey, Margin, Rules
from tests.attacker.world import BANDS, GENDERS, MONTHS, Visit, World

PERIODS = {
    **{f"m{month}": (month,) for month in MONTHS},
    "q": (1, 2),
    "s": (2, 3),
    "y": (1, 2, 3),
}
SUMS = {"q": ("m1", "m2"), "s": ("m2", "m3"), "y": ("q", "m3")}
TOLD = ("customers", "tickets")
OWN = "organisation:"

Place = tuple[str, str, By]
Leaf = tuple[str, str]


class Part(msgspec.Struct):
    """What one organisation has in a place: sums, and its persons as bits."""

    tickets: int = 0
    refunded: int = 0
    revenue: int = 0
    persons: int = 0
    nobody: int = 0

    def add(self, other: "Part") -> None:
        """Add another part; whoever is in both is counted once."""
        self.tickets += other.tickets
        self.refunded += other.refunded
        self.revenue += other.revenue
        self.persons |= other.persons
        self.nobody += other.nobody

    @property
    def behind(self) -> int:
        """Count who is behind it; an order of nobody is one."""
        return self.persons.bit_count() + self.nobody


class Truth:
    """Hold everything of one cut, by place and organisation, and who counts where."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.owner = world.owner
        self.organisations = list(world.organisations().values())
        self.asking, self.linked = world.asking, ("tickets", *world.measures)
        self.names = [one.id for one in self.organisations]
        self.scopes = {
            (one.id, month): scopes_of(one, date(2026, month, 1), rules)
            for one in self.organisations
            for month in MONTHS
        }
        genders = GENDERS if world.genders else ("",)
        self.leaves: list[Leaf] = list(product(BANDS, genders))
        self.bys = _bys(self.leaves, genders=world.genders, pairs=world.pairs)
        self.visits = [v for v in world.visits if self.scopes.get((v.organisation, v.month))]
        self.parts: dict[tuple[str, int, Leaf], Part] = defaultdict(Part)
        for v in self.visits:
            bit, nobody = (0, 1) if v.person is None else (1 << v.person, 0)
            self.parts[v.organisation, v.month, self.leaf(v)].add(
                Part(v.tickets, v.refunded, v.tickets * v.price, bit, nobody)
            )
        self.spread: dict[Place, dict[str, Part]] = defaultdict(lambda: defaultdict(Part))
        for (name, month, leaf), part in self.parts.items():
            for scope, (period, months), by in product(
                (*self.scopes[name, month], *([f"{OWN}{name}"] * (name in world.asking))),
                PERIODS.items(),
                [by for by, inside in self.bys.items() if leaf in inside],
            ):
                if month in months:
                    self.spread[scope, period, by][name].add(part)

    def leaf(self, v: Visit) -> Leaf:
        """Say of which finest kind a visit is."""
        return v.band, v.gender if len(self.leaves) > len(BANDS) else ""

    @property
    def groups(self) -> list[str]:
        """Name the groups that somebody is in."""
        return sorted({scope for scopes in self.scopes.values() for scope in scopes})

    def cells(self) -> list[Cell]:
        """Compute every cell with data."""
        measures = (*self.linked, "customers")
        return [
            cell
            for place, parts in self.spread.items()
            for cell in _cells(place, parts)
            if cell.key.measure in measures
        ]

    def margins(self) -> list[Margin]:
        """State the sums of values and of periods, and which measures reveal each other."""
        made = [
            Margin(
                CellKey("tickets", "network", "y"),
                tuple(CellKey(measure, "network", "y") for measure in self.linked[1:]),
                "linked",
            )
        ]
        scopes = [*self.groups, *(f"{OWN}{name}" for name in self.asking)]
        for scope, period in product(scopes, PERIODS):
            for measure in (*self.linked, "customers"):
                if measure not in TOLD and scope.startswith(OWN):
                    continue
                bys = self.bys if measure in TOLD else [()]
                made += _of_values(measure, scope, period, bys)
                kind = "union" if measure == "customers" else "sum"
                for by in bys if period in SUMS else ():
                    total, *parts = (
                        CellKey(measure, scope, p, by) for p in (period, *SUMS[period])
                    )
                    made.append(Margin(total, tuple(parts), kind))  # type: ignore[arg-type]  # a literal
        return made


def _bys(leaves: Iterable[Leaf], *, genders: bool, pairs: bool) -> dict[By, frozenset[Leaf]]:
    """Return of which leaves each value, or pair of values, is made."""
    found: dict[By, set[Leaf]] = defaultdict(set)
    for leaf in leaves:
        band, gender = ("age_band", leaf[0]), ("gender", leaf[1])
        for by in [(), (band,), *([(gender,)] if genders else []), *([(band, gender)] * pairs)]:
            found[by].add(leaf)
    return {by: frozenset(inside) for by, inside in found.items()}


def _cells(place: Place, parts: dict[str, Part]) -> Iterator[Cell]:
    scope, period, by = place
    everybody = Part()
    for part in parts.values():
        everybody.add(part)
    persons_of = {name: part.behind for name, part in parts.items()}
    of = {
        "customers": {name: part.persons.bit_count() for name, part in parts.items()},
        "tickets": {name: part.tickets for name, part in parts.items()},
        "refunded": {name: part.refunded for name, part in parts.items()},
        "net": {name: part.tickets - part.refunded for name, part in parts.items()},
        "revenue": {name: part.revenue for name, part in parts.items()},
    }
    of["price"] = of["tickets"]  # who weighs as much as it sold
    for measure in TOLD if by or scope.startswith(OWN) else of:
        shares = {name: share for name, share in of[measure].items() if share}
        value = sum(shares.values())
        if measure == "customers":
            value = everybody.persons.bit_count()
        elif measure == "price":
            value = round(everybody.revenue / everybody.tickets)
        if shares:
            key = CellKey(measure, scope, period, by)
            yield Cell(key, value, everybody.behind, shares, {o: persons_of[o] for o in shares})


def _of_values(measure: str, scope: str, period: str, bys: Iterable[By]) -> Iterator[Margin]:
    totals: dict[tuple[By, str], list[CellKey]] = defaultdict(list)
    for by in bys:
        for name, _ in by:
            rest = tuple(one for one in by if one[0] != name)
            totals[rest, name].append(CellKey(measure, scope, period, by))
    for (rest, _), parts in totals.items():
        yield Margin(CellKey(measure, scope, period, rest), tuple(parts))


def alike(truths: Iterable[Truth]) -> list[list[str]]:
    """Bring those organisations together that no group of any month and cut tells apart."""
    found: dict[object, list[str]] = defaultdict(list)
    truths = list(truths)
    for name in sorted({name for truth in truths for name in truth.names}):
        signature = tuple(
            truth.scopes.get((name, month), frozenset()) for truth in truths for month in MONTHS
        )
        found[signature].append(name)
    return list(found.values())
