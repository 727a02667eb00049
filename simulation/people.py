"""People, as they are: made one by one from the seed, so that a million need no memory."""

import random
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from msgspec import Struct

from kudos.records import Gender
from simulation.names import FAMILY, GIVEN
from simulation.places import ABROAD, POSTAL_CODES, STREETS

_GIVEN = list(GIVEN)
_GIVEN_SUMS = list(accumulate(weight for _, _, weight in GIVEN.values()))
_FAMILY = list(FAMILY)
_FAMILY_SUMS = list(accumulate(FAMILY.values()))
_CODES = list(POSTAL_CODES)
_CODE_SUMS = list(accumulate(POSTAL_CODES.values()))

#: Every so many people shares address and e-mail with the one before: a household's one account.
_HOUSEHOLD = 23
_PLAIN = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "á": "a", " ": "."})


class Person(Struct, frozen=True):
    """One human being; every address ends in a domain that is reserved for examples."""

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


class People:
    """The *count* people of a seed, by number."""

    def __init__(self, seed: int, count: int) -> None:
        self.count = count
        self._seed = seed
        self._made = lru_cache(maxsize=20_000)(self._make)

    def __getitem__(self, number: int) -> Person:
        return self._made(number)

    def draw(self, chance: random.Random) -> Person:
        """Return somebody who buys: few buy often, most buy seldom."""
        return self[int(self.count * chance.random() ** 2.2)]

    def _make(self, number: int) -> Person:
        chance = random.Random(f"{self._seed}/person/{number}")
        given = _GIVEN[_pick(chance, _GIVEN_SUMS)]
        gender, middle, _ = GIVEN[given]
        family = _FAMILY[_pick(chance, _FAMILY_SUMS)]
        year = min(2014, max(1930, round(chance.gauss(middle, 11))))
        address = f"{chance.choice(STREETS)} {chance.randint(1, 120)}"
        code, country, phone = _CODES[_pick(chance, _CODE_SUMS)], "NO", f"+4740{number:06d}"
        if chance.random() < 0.03:
            country, code, start = chance.choice(ABROAD)
            phone = f"{start}{chance.randrange(10_000):04d}"
        email = f"{given}.{family}{number}@example.no".lower().translate(_PLAIN)
        if number % _HOUSEHOLD == _HOUSEHOLD - 1:
            other = self[number - 1]
            address, code, country = other.street, other.postal_code, other.country
            family, email = other.family_name, other.email
        return Person(
            number=number,
            given_name=given,
            family_name=family,
            gender=gender,
            birth_date=date(year, 1, 1) + timedelta(days=chance.randrange(365)),
            email=email,
            phone=phone,
            street=address,
            postal_code=code,
            country=country,
        )


def _pick(chance: random.Random, sums: list[int]) -> int:
    """Return an index, as often as its weight says."""
    wanted = chance.random() * sums[-1]
    return next(n for n, reached in enumerate(sums) if wanted < reached)
