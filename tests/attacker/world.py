"""A random network: who bought what of whom, and how it goes on from one cut to the next."""

import random
from collections.abc import Mapping
from datetime import date
from itertools import product

import msgspec

from kudos.register import Organisation as Registered
from services.query.cuts import members
from services.query.disclosure.model import Membership, Organisation

MONTHS = (1, 2, 3)
FIRST = (1, 2)  # those of the first cut
# how much each band buys; the third are few, and to the last come those that are erased
BANDS = {"a": 1.0, "b": 0.6, "c": 0.1, "unknown": 0.3}
GENDERS = ("f", "m", "unknown")
# how industries and places are spread: crossing, nested, or one of them alone
_MANY, _FEW = ("museum",) * 5 + ("festival",) * 4, ("museum",) * 6 + ("festival", "orkester")
_SHAPES = (
    (_MANY, ("0301",)),
    (_FEW, ("0301",)),
    (("museum",), ("0301", "0301", "4601")),
    (("museum",), ("0301", "0301", "0302", "4601")),
    (_MANY, ("0301", "0301", "4601")),
)
# three regions, of which two are thin, and what is left of the network is both
_THIN = (("museum",), (*("0301",) * 6, "4601", "5001"))
_OPENED, _CHANGED = date(2026, 2, 1), date(2026, 2, 20)


class Visit(msgspec.Struct, frozen=True):
    """One purchase: by whom (None: nobody any more), of whom, when, of which kind, how much."""

    order: int
    person: int | None
    organisation: str
    month: int
    band: str
    gender: str
    tickets: int
    refunded: int
    price: int


class World:
    """Play a network of some ten organisations over three months and three cuts.

    The first cut is after two months. Before the second, organisations move, join and leave, and
    a month follows. Before the third little happens: late sales, a merge of two persons, and one
    who is erased, of whom the sales stay.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pairs = seed % 5 == 1
        self.genders = self.pairs or seed % 5 == 3
        self.measures = (("refunded", "net"), ("revenue", "price"), ())[seed % 3]
        self.register: dict[str, Registered] = {}
        self._shared = self.random.choice((0.1, 0.1, 0.5))
        # three owners of like size have everything between them
        self._three = seed % 50 == 41
        self._orders = 0
        self._people: list[tuple[int, str, str]] = []
        self.visits: list[Visit] = []
        self.size: dict[str, float] = {}
        self.busy = self.random.choice((4.0, 10.0, 25.0))
        self._industries: tuple[str, ...]
        self._cities: tuple[str, ...]
        self._industries, self._cities = _THIN if seed % 7 == 6 else self.random.choice(_SHAPES)
        for _ in range(self.random.randint(9, 18)):
            self._enter()
        self.held = members.follow((), self.register, _OPENED)
        #: Those whose own figures are asked for: who they are changes from network to network.
        self.asking = self.random.sample(sorted(self.register), 2)
        for month in FIRST:
            self._play(month)

    def _enter(self) -> str:
        name = f"o{len(self.size):02}"
        owner = name
        if self.register and self.random.random() < self._shared:
            owner = self.register[self.random.choice(sorted(self.register))].owner
        if self._three:
            owner = f"o{len(self.size) % 3:02}"
        self.register[name] = _registered(
            name,
            owner,
            self.random.choice(self._industries),
            self.random.choice(self._cities),
            agreed=self.random.random() < 0.4,
        )
        self.size[name] = self.random.lognormvariate(0, 0.4)
        return name

    def _play(self, month: int) -> None:
        for name, (band, share) in product(sorted(self.register), BANDS.items()):
            mean = self.busy * self.size[name] * share
            much = self.random.expovariate(1 / mean) * 0.5 + mean * 0.5 + self.random.random()
            for _ in range(int(much)):
                self._sell(name, month, band)

    def _sell(self, organisation: str, month: int, band: str) -> None:
        known = [p for p in self._people[-150:] if p[1] == band]
        if known and self.random.random() < 0.25:
            person = self.random.choice(known)
        else:
            gender = "unknown" if band == "unknown" else self.random.choice("fm")
            person = (len(self._people), band, gender)
            self._people.append(person)
        tickets = self.random.choice((1, 1, 2, 2, 2, 3, 4))
        refunded = tickets if self.random.random() < 0.4 else 0
        price = self.random.choice((9_000, 19_500, 32_000, 64_000))
        self._orders += 1
        who, _, gender = person
        self.visits.append(
            Visit(self._orders, who, organisation, month, band, gender, tickets, refunded, price)
        )

    def later(self, cut: int) -> None:
        """Let time pass until the next cut, of which the first is 0."""
        if cut == 0:
            self._reorganise()
            self._play(MONTHS[-1])
        for _ in range(self.random.choice((1, 2, 3, 30))):
            organisation = self.random.choice(sorted(self.register))
            month = self.random.choice(MONTHS)
            self._sell(organisation, month, self.random.choice(list(BANDS)))
        self._merge()
        self._erase()

    def _reorganise(self) -> None:
        """Let one move, one join with all that it ever sold, and one leave; or some of that."""
        if self.random.random() < 0.6:
            moved = self.register[self.random.choice(sorted(self.register))]
            industry = self.random.choice(self._industries)
            city = self.random.choice((moved.city, *self._cities))
            self.register[moved.id] = _registered(
                moved.id, moved.owner, industry, city, agreed=moved.cross_use
            )
        if self.random.random() < 0.4:
            joined = self._enter()
            for month, (band, share) in product(FIRST, BANDS.items()):
                for _ in range(int(self.busy * self.size[joined] * share + self.random.random())):
                    self._sell(joined, month, band)
        if self.random.random() < 0.4:
            self.register.pop(self.random.choice(sorted(self.register)))
        self.held += members.follow(self.held, self.register, _CHANGED)

    def _merge(self) -> None:
        """Find that two were one."""
        one, two = (self.random.choice(self.visits) for _ in range(2))
        if one.person is not None and two.person is not None and one.band == two.band:
            self.visits = [
                msgspec.structs.replace(v, person=one.person, gender=one.gender)
                if v.person == two.person
                else v
                for v in self.visits
            ]

    def _erase(self) -> None:
        """Erase somebody: what was bought stays, but by nobody of any age."""
        gone = self.random.choice(self.visits).person
        self.visits = [
            msgspec.structs.replace(v, person=None, band="unknown", gender="unknown")
            if gone is not None and v.person == gone
            else v
            for v in self.visits
        ]

    @property
    def owner(self) -> Mapping[str, str]:
        """Say whose each one is, also of who left."""
        return {span.member.organisation: span.member.owner for span in members.spans(self.held)}

    def organisations(self) -> dict[str, Organisation]:
        """Return the organisations as the package takes them, with their memberships."""
        found = members.organisations(members.spans(self.held), {})
        return {name: _open(one) for name, one in found.items()}


def _open(one: Organisation) -> Organisation:
    """Let the last membership have no end."""
    held = tuple(
        Membership(m.scope, m.since, date.max if m.until == members.LAST else m.until)
        for m in one.memberships
    )
    return Organisation(one.id, one.owner, held)


def _registered(name: str, owner: str, industry: str, city: str, *, agreed: bool) -> Registered:
    values = {"id": name, "name": name, "industry": industry, "county": city[:2], "owner": owner}
    return msgspec.convert(values | {"city": city, "cross_use": agreed}, Registered)
