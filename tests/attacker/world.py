"""A random network with known truth: visits, and the cells that they make."""

import random
from collections import defaultdict
from itertools import product

import msgspec

from services.query.disclosure.model import Cell, CellKey, Margin, Organisation

PERIODS = {
    "m1": (1,),
    "m2": (2,),
    "m3": (3,),
    "m4": (4,),
    "q1": (1, 2),
    "q2": (3, 4),
    "y": (1, 2, 3, 4),
    "s": (2, 3),
}
SUMS = {"q1": ("m1", "m2"), "q2": ("m3", "m4"), "y": ("q1", "q2"), "s": ("m2", "m3")}
BANDS = ("a", "b", "c", "d")
MEASURES = ("customers", "tickets", "refunded", "net")


class Visit(msgspec.Struct, frozen=True):
    """One purchase: who, where, when, of which band, how many, how many given back."""

    person: int
    organisation: str
    month: int
    band: str
    tickets: int
    refunded: int


class World:
    """Play a network of some ten organisations over four months."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        many = self.random.randint(9, 18)
        names = [f"o{n:02}" for n in range(many)]
        self.owner = {o: o for o in names}
        shared = self.random.choice((0.1, 0.1, 0.5))
        for o in names[1:]:
            if self.random.random() < shared:
                self.owner[o] = self.owner[self.random.choice(names)]
        self.industry = {o: self.random.choice("xxxxyyy") for o in names}
        self.region = {o: self.random.choice(("1", "1", "2")) for o in names}
        self.size = {o: self.random.lognormvariate(0, 0.4) for o in names}
        self.busy = self.random.choice((4.0, 8.0, 20.0))
        self.next_person = 0
        self.regulars: list[tuple[int, str]] = []
        self.visits: list[Visit] = []
        for o, month, band in product(names, (1, 2, 3, 4), BANDS):
            share = {"a": 1.0, "b": 0.7, "c": 0.4, "d": 0.08}[band]
            for _ in range(self._about(self.busy * self.size[o] * share)):
                self.sell(o, month, band)

    def _about(self, mean: float) -> int:
        return int(self.random.expovariate(1 / mean) * 0.5 + mean * 0.5 + self.random.random())

    def sell(self, organisation: str, month: int, band: str) -> None:
        """Let a new or a known person buy."""
        known = [p for p, b in self.regulars[-50:] if b == band]
        if known and self.random.random() < 0.2:
            person = self.random.choice(known)
        else:
            person = self.next_person = self.next_person + 1
            self.regulars.append((person, band))
        tickets = self.random.choice((1, 1, 2, 2, 2, 3, 4))
        refunded = tickets if self.random.random() < 0.4 else 0
        self.visits.append(Visit(person, organisation, month, band, tickets, refunded))

    def later(self) -> None:
        """Let time pass: late sales, a removed person, a merge of two."""
        for _ in range(self.random.choice((1, 2, 3, 30))):
            o = self.random.choice(sorted(self.owner))
            self.sell(o, self.random.choice((1, 2, 3, 4, 4, 4)), self.random.choice(BANDS))
        gone = self.random.choice(self.visits).person
        self.visits = [v for v in self.visits if v.person != gone]
        one, two = (self.random.choice(self.visits) for _ in range(2))
        if one.band == two.band:
            self.visits = [
                msgspec.structs.replace(v, person=one.person) if v.person == two.person else v
                for v in self.visits
            ]

    def organisations(self) -> list[Organisation]:
        """List the organisations as the package takes them."""
        return [Organisation(o, owner) for o, owner in sorted(self.owner.items())]

    def scopes(self, o: str) -> list[str]:
        """Name the groups that an organisation is in."""
        x, r = self.industry[o], self.region[o]
        return ["network", f"industry:{x}", f"region:{r}", f"industry-region:{x}/{r}"]

    def spread(self) -> dict[tuple[str, str, str], list[Visit]]:
        """Bring the visits together by scope, period and band, `` for all bands."""
        found: dict[tuple[str, str, str], list[Visit]] = defaultdict(list)
        for v in self.visits:
            for scope, period, band in product(
                self.scopes(v.organisation),
                [p for p, months in PERIODS.items() if v.month in months],
                ("", v.band),
            ):
                found[scope, period, band].append(v)
        return found

    def cells(self, old: "dict[tuple[str, str, str], list[Visit]] | None" = None) -> list[Cell]:
        """Compute every cell with data."""
        made = []
        for (scope, period, band), visits in self.spread().items():
            persons_of = {
                o: len({v.person for v in visits if v.organisation == o})
                for o in {v.organisation for v in visits}
            }
            persons = len({v.person for v in visits})
            touched = None
            if old is not None:
                touched = len(
                    {v.person for v in set(visits) ^ set(old.get((scope, period, band), []))}
                )
            for measure in MEASURES if not band else MEASURES[:2]:
                parts = persons_of if measure == "customers" else _parts(measure, visits)
                value = persons if measure == "customers" else sum(parts.values())
                if value:
                    made.append(
                        Cell(
                            key(measure, scope, period, band),
                            value,
                            persons,
                            parts,
                            persons_of,
                            touched,
                        )
                    )
        return made

    def margins(self) -> list[Margin]:
        """State the sums of bands and of periods, and which measures reveal each other."""
        made = []
        scopes = sorted({s for o in self.owner for s in self.scopes(o)})
        for measure, scope in product(MEASURES, scopes):
            for period in PERIODS:
                bands = tuple(key(measure, scope, period, b) for b in BANDS)
                made.append(Margin(key(measure, scope, period, ""), bands))
            for (total, parts), band in product(SUMS.items(), ("", *BANDS)):
                made.append(
                    Margin(
                        key(measure, scope, total, band),
                        tuple(key(measure, scope, p, band) for p in parts),
                        "union" if measure == "customers" else "sum",
                    )
                )
        made.append(
            Margin(
                key("tickets", "network", "y", ""),
                (key("net", "network", "y", ""), key("refunded", "network", "y", "")),
                "linked",
            )
        )
        return made


def key(measure: str, scope: str, period: str, band: str) -> CellKey:
    """Name a cell."""
    return CellKey(measure, scope, period, (("age_band", band),) if band else ())


def _parts(measure: str, visits: list[Visit]) -> dict[str, int]:
    parts: dict[str, int] = defaultdict(int)
    for v in visits:
        worth = {"tickets": v.tickets, "refunded": v.refunded, "net": v.tickets - v.refunded}
        parts[v.organisation] += worth[measure]
    return {o: part for o, part in parts.items() if part}
