"""What an organisation knows of a person through one vendor: seldom all, seldom the same."""

import random
from functools import lru_cache

from msgspec import Struct, structs

from kudos.records import Gender
from simulation.people import Person


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

    @property
    def record(self) -> str | None:
        """Return which customer record this is, as ``kpis.md`` says; None: anonymous.

        The number, else the e-mail, else the mobile, else name and birth date, else name and
        address, within organisation and vendor.
        """
        if self.consent is False:
            return None
        name = f"{self.given_name} {self.family_name}" if self.given_name else None
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
#: Which particulars come, by way.
_FIELDS: dict[str, tuple[str, ...]] = {
    "full": (*_NAME, "email", "phone", "street", *_PLACE, "birth_date", "gender"),
    "account": (*_NAME, "email", *_PLACE),
    "guest": (*_NAME, "email", "phone"),
    "phone": (*_NAME, "phone"),
    "birth": (*_NAME, "birth_date", "country"),
    "address": (*_NAME, "street", *_PLACE),
    "place": _PLACE,
}
#: How often each way comes where a shop asks for what it likes.
_OFTEN = (30, 38, 16, 6, 4, 3, 3)


@lru_cache(maxsize=50_000)
def account(seed: int, house: str, vendor: str, person: Person) -> Account:
    """Return what *house* knows of *person* through *vendor*; the same every time."""
    chance = random.Random(f"{seed}/{house}/{vendor}/{person.number}")
    number = str(10_000 + person.number * 3)
    if vendor == "tixly":
        return Account(person=person.number, number=number)
    if vendor == "hoopla":
        return _hoopla(person, number, chance)
    known = _known(person, number, chance.choices(list(_FIELDS), _OFTEN)[0])
    return structs.replace(known, consent=chance.choices((None, True, False), (60, 36, 4))[0])


def _hoopla(person: Person, number: str, chance: random.Random) -> Account:
    return Account(
        person=person.number,
        number=number,
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        phone=person.phone if chance.random() < 0.7 else None,
    )


def _known(person: Person, number: str, way: str) -> Account:
    whole = Account(
        person=person.number,
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
    told = {name: getattr(whole, name) for name in _FIELDS[way]}
    return Account(
        person=person.number, number=number if way in {"full", "account"} else None, **told
    )
