"""What an organisation knows of a person through one vendor: seldom all, seldom the same."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct, structs

from kudos.records import Channel, Gender
from kudos.register import OSLO
from simulation.houses import House
from simulation.people import People, Person, related
from simulation.sharing import Shared, shared
from simulation.slips import slipped
from simulation.systems import SYSTEMS, System

#: Clean: whoever goes by the rules of identity finds every person; dirty: as people fill in forms.
Kind = Literal["clean", "dirty"]


class Account(Struct, frozen=True):
    """The particulars that come with an order, clean; what is None does not come."""

    person: int
    number: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None  # E.164
    street: str | None = None
    postal_code: str | None = None
    country: str | None = None
    birth_date: str | None = None
    gender: Gender | None = None
    consent: bool | None = None  # to statistics; None was not asked
    shared: Literal["email", "phone"] | None = None  # which is many people's: nobody is told

    @property
    def record(self) -> str | None:
        """Return which customer record this is, as ``kpis.md`` says; None: anonymous.

        The number, else the e-mail, else the mobile, else name and birth date, else name and
        address, within organisation and vendor.
        """
        if self.consent is False:
            return None
        name = " ".join(sorted(f"{self.given_name or ''} {self.family_name or ''}".split()))
        keys = (
            ("number", self.number),
            ("email", self.email),
            ("phone", self.phone),
            ("birth", name and self.birth_date and f"{name}/{self.birth_date}"),
            ("address", name and self.street and f"{name}/{self.street}/{self.postal_code}"),
        )
        return next((f"{kind}:{value}" for kind, value in keys if value), None)


_NAME = ("given_name", "family_name")
_PLACE = ("postal_code", "country")
_ALL = ("number", *_NAME, "email", "phone", "street", *_PLACE, "birth_date", "gender")
#: Which particulars come, by way.
_FIELDS: dict[str, tuple[str, ...]] = {
    "full": _ALL,
    "account": ("number", *_NAME, "email", *_PLACE),
    "guest": (*_NAME, "email", "phone"),
    "phone": (*_NAME, "phone"),
    "paper": (*_NAME, "street", *_PLACE, "birth_date"),
    "birth": (*_NAME, "birth_date", "country"),
    "address": (*_NAME, "street", *_PLACE),
    "place": _PLACE,
}
#: How often each way comes where a shop asks for what it likes.
_OFTEN = (26, 32, 16, 14, 4, 4, 2, 2)
#: How often a house never learns that somebody moved, married, or has another e-mail.
_STALE = 0.25
#: How often particulars are typed wrong: once and for all into an account, or by a guest each time.
_SLIPS, _GUEST_SLIPS = 0.03, 0.06
#: How often who does not live alone gives the e-mail of somebody at home.
_BORROWS = 0.2
_NUMBERED = frozenset({"full", "account"})


class Telling(Struct, frozen=True):
    """What an order tells of its customer, and what the vendor's customers' page does."""

    account: Account
    page: Account | None = None


class _Entry(NamedTuple):
    """What decides what an organisation was told."""

    house: str
    vendor: str
    number: int
    stage: int  # of their life
    many: Shared | None = None
    slip: int = 0


class Accounts:
    """What organisations know of *people*; the same for the same seed and kind of world."""

    def __init__(self, seed: int, people: People, kind: Kind) -> None:
        self._seed, self._people, self._kind = seed, people, kind
        self._clean = kind == "clean"
        self._told = lru_cache(maxsize=50_000)(self._make)
        self._page = lru_cache(maxsize=20_000)(self._listed)

    def told(
        self, feed: tuple[House, str], number: int, at: datetime, where: Channel, luck: float
    ) -> Telling:
        """Return what comes with an order of *number*'s, placed *at* and *where*.

        *luck*, from 0 to 1, decides whether it is all their own, and how it was typed.
        """
        house, vendor = feed
        many = shared(house, vendor, where, luck, clean=self._clean, people=self._people.count)
        chance = random.Random(luck)
        slips = not self._clean and chance.random() < _GUEST_SLIPS
        slip = chance.randrange(1, 1_000_000) if slips else 0
        stage = self._people.stage(number, at.astimezone(OSLO).date())
        entry = _Entry(house.id, vendor, number, stage, many, slip)
        page = None
        if vendor == "tixly" and (house.contacts or self._clean):
            page = self._page(entry._replace(vendor="tixly/customers"))
        return Telling(self._told(entry), page)

    def fuller(self, vendor: str, telling: Telling, at: datetime) -> Iterator[Telling]:
        """Yield *telling*, and with more and more that tells who it is, as *vendor* can."""
        yield telling
        tells = SYSTEMS[vendor].fields(_ALL)
        account = telling.account
        life = self._people.life(account.person)
        stage = self._people.stage(account.person, at.astimezone(OSLO).date())
        for _, person in (life[stage], life[0]):
            own = {
                kind: getattr(person, kind)
                for kind in ("email", "phone")
                if kind != account.shared and kind in tells
            }
            if telling.page is None:
                yield Telling(structs.replace(account, **own))
            else:
                yield Telling(account, structs.replace(telling.page, email=person.email))

    def _chance(self, entry: _Entry) -> random.Random:
        return random.Random(f"{self._seed}/{entry.house}/{entry.vendor}/{entry.number}")

    def _make(self, entry: _Entry) -> Account:
        _, vendor, number, stage, many, slip = entry
        chance, known = self._chance(entry), str(10_000 + number * 3)
        if vendor == "tixly":
            return Account(person=number, number=known)
        person, system = self._as_known(number, stage, chance), SYSTEMS[vendor]
        if "given_name" not in system.fields(_ALL) and not _is_own(person):
            # of somebody at home, whom it would be taken for where no name comes with it
            person = structs.replace(person, email=None)
        if many is not None:
            return _of_system(system, _lent(person, many))
        if system.tells is not None:
            fields = [
                name
                for name in system.tells
                if name not in system.seldom or chance.random() < system.seldom[name]
            ]
            whole = _told(person, known, [*fields, "country"])
            return _of_system(system, self._typed(whole, chance, 0))
        way = chance.choices(list(_FIELDS), _OFTEN)[0]
        account = _told(person, known, _FIELDS[way])
        consent = chance.choices((None, True, False), (60, 36, 4))[0]
        typed = self._typed(account, chance, 0 if way in _NUMBERED else slip)
        return structs.replace(typed, consent=consent)

    def _listed(self, entry: _Entry) -> Account:
        chance, number = self._chance(entry), entry.number
        fields = ["number", *_NAME]
        more = (("email",), 0.92), (("street", *_PLACE), 0.6), (("birth_date", "gender"), 0.4)
        for some, often in more:
            fields += some if chance.random() < often else ()
        person = self._as_known(number, entry.stage, chance)
        account = _told(person, str(10_000 + number * 3), fields)
        if account.gender == "other":
            # it has numbers for two
            account = structs.replace(account, gender=None)
        return self._typed(account, chance, 0)

    def _as_known(self, number: int, stage: int, chance: random.Random) -> Person:
        stale, borrows = chance.random() < _STALE, chance.random() < _BORROWS
        person = self._people.life(number)[0 if stale else stage][1]
        home = next(related(number), None)
        if self._clean or home is None or not borrows:
            return person
        return structs.replace(person, email=self._people.life(home)[0][1].email)

    def _typed(self, account: Account, chance: random.Random, slip: int) -> Account:
        """Return *account* as it was typed; a *slip* other than 0 is of this order alone."""
        if slip:
            return slipped(account, random.Random(slip))
        typed_wrong = chance.random() < _SLIPS and not self._clean
        return slipped(account, chance) if typed_wrong else account


def _lent(person: Person, many: Shared) -> Account:
    """Return what comes of *person* where many have one e-mail or phone."""
    account = _told(person, "", _NAME)
    if many.email is not None:
        return structs.replace(account, email=many.email, shared="email")
    return structs.replace(account, phone=many.phone, shared="phone")


def _is_own(person: Person) -> bool:
    """Tell whether the e-mail bears the number of who has it."""
    return person.email.partition("@")[0].endswith(str(person.number))


def _of_system(system: System, account: Account) -> Account:
    """Return what *system* has fields for, and what whoever reads it makes of that."""
    tells = system.fields(_ALL)
    if system.by_number and account.number is None:
        tells = ()
    found = structs.replace(account, **{name: None for name in _ALL if name not in tells})
    if system.two_genders and found.gender == "other":
        found = structs.replace(found, gender=None)
    if system.one_name and (words := f"{found.given_name or ''} {found.family_name or ''}".split()):
        given = " ".join(words[:-1]) or None
        found = structs.replace(found, given_name=given, family_name=words[-1])
    if system.no_country:
        # four digits without a country are Norway's
        home = account.country == "NO" and found.postal_code is not None
        code = found.postal_code if home else None
        found = structs.replace(found, postal_code=code, country="NO" if home else None)
    return found


def _told(person: Person, number: str, fields: Sequence[str]) -> Account:
    whole = Account(
        person=person.number,
        number=number,
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        phone=person.phone,
        street=person.street,
        postal_code=person.postal_code,
        country=person.country,
        birth_date=person.birth_date.isoformat(),
        gender=person.gender,
    )
    untold = {name: None for name in _ALL if name not in fields}
    return structs.replace(whole, **untold)
