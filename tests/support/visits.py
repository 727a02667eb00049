"""A small world of houses and visitors, and what follows from it, in plain Python from ``kpis.md``.

What it says of who was where is written into ``visits`` as aggregate's first pass would; nothing of
the product's own counting is used.
"""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from kudos.register import Organisation, Register

WINDOWS = (7, 28, 90, 365)
_DAY = timedelta(days=1)
_INDUSTRIES = ("museum", "orkester", "scenekunst")
_CITIES = ("0301", "4601", "4602", "5001")
_VENUES = ("Storsalen", "Kirken", "Teltet")
Cell = tuple[str, date]
Scope = tuple[str, str]


class Visitor(NamedTuple):
    """Somebody who bought for a venue, mapped or not."""

    person: int
    own_person: int
    venue: str


class World:
    """Houses, their visitors by cell, and which cells have changed since they were written."""

    def __init__(self, chance: Random, houses: int = 5) -> None:
        self.chance = chance
        self.houses = {f"house-{n}": self.house(f"house-{n}") for n in range(houses)}
        #: Houses that have left the register; their sales are there.
        self.left: set[str] = set()
        self.visits: dict[Cell, list[Visitor]] = {}
        self.dirty: set[Cell] = set()

    def house(self, name: str) -> Organisation:
        """Return a house anywhere, some of whose venues are elsewhere."""
        choose = self.chance.choice
        city = choose(_CITIES)
        venues = {v: choose(_CITIES) for v in _VENUES if self.chance.random() < 0.5}
        industry: Any = choose(_INDUSTRIES)
        return Organisation(name, name, industry, city[:2], name, city, venues=venues)

    def register(self) -> Register:
        """Return the register of those who have not left."""
        held = {name: one for name, one in self.houses.items() if name not in self.left}
        return Register(held, {}, {})

    def visit(self, days: Iterable[date], share: float, people: int = 12) -> None:
        """Let some of *people* be at some cells of *days*, whoever was there before."""
        for day in days:
            for name in self.houses:
                if self.chance.random() < share:
                    self.visits[name, day] = [self._visitor(people) for _ in range(3)]
                    self.dirty.add((name, day))

    def empty(self, many: int) -> None:
        """Let everybody have been elsewhere than at *many* cells."""
        for cell in self.chance.sample(sorted(self.visits), many):
            self.visits[cell] = []
            self.dirty.add(cell)

    def join(self, one: int, other: int) -> dict[Cell, list[Visitor]]:
        """Let *one* have been *other* all the time; return what undoes it."""
        before = {
            cell: held
            for cell, held in self.visits.items()
            if any(one in (v.person, v.own_person) for v in held)
        }
        for cell, held in before.items():
            self.visits[cell] = [
                Visitor(
                    other if v.person == one else v.person,
                    other if v.own_person == one and cell[0] == "house-1" else v.own_person,
                    v.venue,
                )
                for v in held
            ]
        self.dirty |= set(before)
        return before

    def restore(self, before: dict[Cell, list[Visitor]]) -> None:
        """Let it be as *before*."""
        self.visits |= before
        self.dirty |= set(before)

    def _visitor(self, people: int) -> Visitor:
        own = self.chance.randint(1, people)
        # two own persons in three are one in the network
        return Visitor(own - own % 3, own, self.chance.choice((*_VENUES, "")))

    # what it says

    def city(self, name: str, venue: str) -> str:
        """Return the municipality of a venue of a house."""
        house = self.houses[name]
        return house.venues.get(venue, house.city)

    def groups(self, name: str, venue: str) -> list[Scope]:
        """Return the groups in which it counts what *name* sells for *venue*."""
        if name in self.left:
            return []
        industry, city = self.houses[name].industry, self.city(name, venue)
        return [
            ("network", ""),
            ("industry", industry),
            ("region", city[:2]),
            ("city", city),
            ("industry-region", f"{industry}/{city[:2]}"),
        ]

    def seen(self) -> dict[Scope, dict[date, set[int]]]:
        """Return who was in which scope on which day."""
        found: defaultdict[Scope, defaultdict[date, set[int]]]
        found = defaultdict(lambda: defaultdict(set))
        for (name, day), held in self.visits.items():
            for v in held:
                found["own", name][day].add(v.own_person)
                found["organisation", name][day].add(v.person)
                for scope in self.groups(name, v.venue):
                    found[scope][day].add(v.person)
        return {scope: dict(days) for scope, days in found.items()}

    def curves(self, last: date) -> dict[tuple[str, str, int, date], int]:
        """Return every point of every curve that is not 0, counted by sliding over the days."""
        found = {}
        for scope, days in self.seen().items():
            for window in WINDOWS:
                present: Counter[int] = Counter()
                day = min(days)
                while day <= last:
                    present.update(days.get(day, ()))
                    present.subtract(days.get(day - window * _DAY, ()))
                    present = +present
                    if present:
                        found[*scope, window, day] = len(present)
                    day += _DAY
        return found

    def shared(self, periods: Iterable[tuple[str, date, date]]) -> dict[tuple[str, str], Any]:
        """Return whom each house shares with whom in *periods*: those where anybody was."""
        found = {}
        for name, begins, ends in periods:
            there = self._there(begins, ends)
            if any(there.values()):
                everybody = set().union(*there.values())
                for house in ("", *there):
                    own = there[house] if house else everybody
                    if own:
                        others = self._others(house, own, begins, ends)
                        found[name, house] = (len(own), len(everybody), others)
        return found

    def _there(self, begins: date, ends: date) -> dict[str, set[int]]:
        return {
            house: {
                v.person
                for (name, day), held in self.visits.items()
                if name == house and begins <= day <= ends
                for v in held
            }
            for house in self.houses
            if house not in self.left
        }

    def _others(self, house: str, own: set[int], begins: date, ends: date) -> dict[Any, int]:
        elsewhere: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        at: defaultdict[int, set[str]] = defaultdict(set)
        for (name, day), held in self.visits.items():
            if name in self.left or not begins <= day <= ends:
                continue
            for v in held:
                at[v.person].add(name)
                if name != house:
                    elsewhere["organisation", name].add(v.person)
                    elsewhere["industry", self.houses[name].industry].add(v.person)
                    elsewhere["region", self.city(name, v.venue)[:2]].add(v.person)
        found = {key: len(who & own) for key, who in elsewhere.items() if who & own}
        many = Counter(len(at[person]) for person in own)
        return found | {("many", str(n)): count for n, count in many.items()}

    def periods(self, last: date) -> Iterator[tuple[str, date, date]]:
        """Yield every period that cross-use may be asked of."""
        for window in WINDOWS:
            yield f"rolling-{window}", last - (window - 1) * _DAY, last
        days = [day for _, day in self.visits]
        for year in range(min(days).year - 1, max(*days, last).year + 1):
            yield f"{year}", date(year, 1, 1), date(year, 12, 31)
            yield f"season-{year}", date(year, 8, 1), date(year + 1, 7, 31)
            for month in range(1, 13):
                ends = date(year, month, monthrange(year, month)[1])
                yield f"{year}-{month:02d}", date(year, month, 1), ends
                if ends <= last:
                    yield f"rolling-365@{ends}", ends - 364 * _DAY, ends

    # what the first pass does

    def write(self, client: Client) -> None:
        """Write the cells that have changed, mark them, and say that ``visits`` has them.

        What was marked by others is covered too: the register's changes.
        """
        cells = sorted(self.dirty)
        client.insert(
            "marks", [(d, n, 1) for n, d in cells], column_names=["day", "organisation", "marks"]
        )
        [(generation,)] = client.query("SELECT sum(marks) FROM marks").result_rows
        marked = client.query(
            "SELECT day, organisation, sum(marks) FROM marks GROUP BY day, organisation"
        ).result_rows
        rows = []
        for day, name, _ in marked:
            held = self.visits.get((name, day), [])
            fields = ("person", "own_person")
            people = [[getattr(v, field) for v in held] for field in fields]
            cities = [self.city(name, v.venue) for v in held]
            blank = [[""] * len(held)] * 6
            rows.append((name, day, generation, *people, cities, *blank))
        names = ["organisation", "day", "generation"]
        names += [
            f"customer.{n}"
            for n in (
                *("person", "own_person", "city", "age_band", "gender", "county"),
                *("municipality", "centrality", "segment"),
            )
        ]
        client.insert("visits", rows, column_names=names)
        client.insert(
            "covered",
            [("visits", *row) for row in marked],
            column_names=["target", "day", "organisation", "marks"],
        )
        self.dirty.clear()
