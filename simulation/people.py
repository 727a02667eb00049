"""People, as they are: made one by one from the seed, so that a million need no memory.

Some live together, some are twins, some couples share an e-mail; and some move, marry, or change
their e-mail or their number while the season lasts.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from msgspec import Struct, structs

from kudos.records import Gender
from simulation.names import FAMILY, GIVEN
from simulation.places import ABROAD, POSTAL_CODES, STREETS

_GIVEN = list(GIVEN)
_GIVEN_SUMS = list(accumulate(weight for _, _, weight in GIVEN.values()))
_FAMILY = list(FAMILY)
#: Prime, so that each has a phone of its own, and a wrong digit seldom is that of another.
_SCATTER = 15_485_863
_FAMILY_SUMS = list(accumulate(FAMILY.values()))
_CODES = list(POSTAL_CODES)
_CODE_SUMS = list(accumulate(POSTAL_CODES.values()))

#: Of so many people one is the partner of the one before, and they have one address and e-mail.
_COUPLES = 23
#: … a twin of the one before; … lives at the address of the one before.
_TWINS, _HOMES = 41, 13
#: How addresses are spelt.
PLAIN = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "á": "a", " ": "."})


class Person(Struct, frozen=True):
    """One human being at a time; every address ends in a domain reserved for examples."""

    number: int
    given_name: str
    family_name: str
    gender: Gender
    birth_date: date
    email: str
    phone: str  # E.164
    street: str
    postal_code: str
    country: str


#: How somebody was from which day on; the first was always so.
Life = tuple[tuple[date, Person], ...]


class People:
    """The *count* people of a seed, by number; how they were from *begins* to *until*."""

    def __init__(self, seed: int, count: int, begins: date, until: date) -> None:
        self.count = count
        self._seed, self._begins, self._until = seed, begins, until
        self._born = lru_cache(maxsize=20_000)(self._make)
        self.life: Callable[[int], Life] = lru_cache(maxsize=20_000)(self._live)

    def __getitem__(self, number: int) -> Person:
        """Return somebody as they are in the end."""
        return self.life(number)[-1][1]

    def stage(self, number: int, day: date) -> int:
        """Return which part of somebody's life *day* lies in."""
        return sum(begins <= day for begins, _ in self.life(number)[1:])

    def draw(self, chance: random.Random) -> int:
        """Return somebody who buys: few buy often, most buy seldom."""
        return int(self.count * chance.random() ** 2.2)

    def _make(self, number: int) -> Person:
        chance = random.Random(f"{self._seed}/person/{number}")
        person = _somebody(number, chance)
        if number % _COUPLES == _COUPLES - 1:
            other = self._born(number - 1)
            return structs.replace(self._at_home(person, chance), email=other.email)
        if number % _TWINS == _TWINS - 1:
            other = self._born(number - 1)
            return structs.replace(self._at_home(person, chance), birth_date=other.birth_date)
        if number % _HOMES == _HOMES - 1:
            return self._at_home(person, chance)
        return person

    def _at_home(self, person: Person, chance: random.Random) -> Person:
        """Return *person* in the home of the one before; no two there have like given names."""
        before = person.number - 1
        other = self._born(before)
        names = {other.given_name[:3]}
        while _bound(before):
            before -= 1
            names.add(self._born(before).given_name[:3])
        given = person.given_name
        while given[:3] in names:
            given = _GIVEN[_pick(chance, _GIVEN_SUMS)]
        return structs.replace(
            person,
            given_name=given,
            gender=GIVEN[given][0],
            family_name=other.family_name,
            email=_email(given, other.family_name, person.number, "example.no"),
            street=other.street,
            postal_code=other.postal_code,
            country=other.country,
        )

    def _live(self, number: int) -> Life:
        person = self._born(number)
        life = [(date.min, person)]
        # what two have in common stays so
        if not (_bound(number) or _bound(number + 1)):
            chance = random.Random(f"{self._seed}/life/{number}")
            days = (self._until - self._begins).days
            drawn = [
                (self._begins + timedelta(days=chance.randrange(days)), change)
                for often, change in _CHANGES
                if chance.random() < often
            ]
            for day, change in sorted(drawn, key=lambda one: one[0]):
                person = change(person, chance)
                life.append((day, person))
        return tuple(life)


def related(number: int) -> Iterator[int]:
    """Yield who has an address, and perhaps more, in common with *number*."""
    if _bound(number):
        yield number - 1
    if _bound(number + 1):
        yield number + 1


def _bound(number: int) -> bool:
    return any(number % every == every - 1 for every in (_COUPLES, _TWINS, _HOMES))


def _somebody(number: int, chance: random.Random) -> Person:
    given = _GIVEN[_pick(chance, _GIVEN_SUMS)]
    gender, middle, _ = GIVEN[given]
    family = _FAMILY[_pick(chance, _FAMILY_SUMS)]
    year = min(2014, max(1930, round(chance.gauss(middle, 11))))
    street, code = _street(chance), _CODES[_pick(chance, _CODE_SUMS)]
    country, phone = "NO", f"+474{number * _SCATTER % 10**7:07d}"
    if chance.random() < 0.03:
        country, code, start, digits = chance.choice(ABROAD)
        phone = f"{start}{number:0{digits}d}"
    return Person(
        number=number,
        given_name=given,
        family_name=family,
        gender=gender,
        birth_date=date(year, 1, 1) + timedelta(days=chance.randrange(365)),
        email=_email(given, family, number, "example.no"),
        phone=phone,
        street=street,
        postal_code=code,
        country=country,
    )


def _street(chance: random.Random) -> str:
    return f"{chance.choice(STREETS)} {chance.randint(1, 120)}"


def _email(given: str, family: str, number: int, domain: str) -> str:
    return f"{given}.{family}{number}@{domain}".lower().translate(PLAIN)


def _moved(person: Person, chance: random.Random) -> Person:
    code = _CODES[_pick(chance, _CODE_SUMS)] if person.country == "NO" else person.postal_code
    return structs.replace(person, street=_street(chance), postal_code=code)


def _married(person: Person, chance: random.Random) -> Person:
    family = chance.choice([name for name in _FAMILY if name != person.family_name])
    named = structs.replace(person, family_name=family)
    return _other_email(named, chance) if chance.random() < 0.5 else named


def _other_email(person: Person, chance: random.Random) -> Person:
    domain = person.email.partition("@")[2]
    others = [name for name in ("example.no", "example.com", "example.org") if name != domain]
    email = _email(person.given_name, person.family_name, person.number, chance.choice(others))
    return structs.replace(person, email=email)


def _other_phone(person: Person, _chance: random.Random) -> Person:
    return structs.replace(person, phone=f"+4741{person.number:06d}")


#: How often, in a season, and what becomes of somebody.
_CHANGES: tuple[tuple[float, Callable[[Person, random.Random], Person]], ...] = (
    (0.10, _moved),
    (0.03, _married),
    (0.08, _other_email),
    (0.05, _other_phone),
)


def _pick(chance: random.Random, sums: list[int]) -> int:
    """Return an index, as often as its weight says."""
    wanted = chance.random() * sums[-1]
    return next(n for n, reached in enumerate(sums) if wanted < reached)
