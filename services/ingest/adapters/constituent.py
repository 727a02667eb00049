"""Who placed an order, as Tessitura tells it: a number alone, or all that is known."""

from typing import TypeVar

from msgspec import Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Gender
from services.ingest.adapters.base import Person
from services.ingest.adapters.reading import Numeric, Text
from services.ingest.adapters.times import Moment


class Named(Struct, frozen=True, rename="pascal"):
    """A number and a word of a reference table."""

    id: Numeric | None = None
    description: Text | None = None


class Address(Struct, frozen=True, rename="pascal"):
    """Where the constituent lives."""

    street1: Text | None = None
    postal_code: Text | None = None
    country: Named | None = None
    primary_indicator: bool | None = None
    inactive: bool | None = None


class Electronic(Struct, frozen=True, rename="pascal"):
    """An e-mail address, or another."""

    address: Text | None = None
    is_email: bool | None = None
    primary_indicator: bool | None = None
    inactive: bool | None = None


class Phone(Struct, frozen=True, rename="pascal"):
    """A telephone."""

    phone_number: Text | None = None
    inactive: bool | None = None


class Constituent(Struct, frozen=True, rename="pascal"):
    """A constituent; in an order mostly the number."""

    id: Numeric | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    gender: Named | None = None
    addresses: tuple[Address, ...] | None = None
    electronic_addresses: tuple[Electronic, ...] | None = None
    phone_numbers: tuple[Phone, ...] | None = None
    updated_date_time: Moment | None = None
    created_date_time: Moment | None = None


_GENDERS: dict[str, Gender] = {
    "female": "female",
    "kvinne": "female",
    "male": "male",
    "mann": "male",
}
#: Reference tables hold names of countries, in the house's language.
_COUNTRIES = {
    "norway": "NO",
    "norge": "NO",
    "sweden": "SE",
    "sverige": "SE",
    "denmark": "DK",
    "danmark": "DK",
    "finland": "FI",
}
_NOBODY = {"0", "None"}


def customer(known: Constituent | None) -> Customer | None:
    """Return the customer; a constituent without a number, or with 0, is nobody."""
    if known is None or str(known.id) in _NOBODY:
        return None
    home = _primary([one for one in known.addresses or () if not one.inactive]) or Address()
    mails = [
        one for one in known.electronic_addresses or () if one.is_email is not False and one.address
    ]
    mail = _primary([one for one in mails if not one.inactive]) or Electronic()
    phones = [one.phone_number for one in known.phone_numbers or () if not one.inactive]
    gender = (known.gender or Named()).description or ""
    country = (home.country or Named()).description
    return Customer(
        number=str(known.id),
        given_name=known.first_name,
        family_name=known.last_name,
        email=mail.address,
        phone=next(iter(phones), None),
        street=home.street1,
        postal_code=home.postal_code,
        country=_COUNTRIES.get(country.lower(), country) if country else None,
        gender=_GENDERS.get(gender.lower()),
    )


def person(known: Constituent) -> Person:
    """Return a constituent that was sent as a record of its own."""
    who, seen = customer(known), known.updated_date_time or known.created_date_time
    if who is None or seen is None:
        raise Rejected(Reason.INVALID_FIELD, "$: Id or UpdatedDateTime is missing")
    return Person(who, seen.at)


T = TypeVar("T", Address, Electronic)


def _primary(found: list[T]) -> T | None:
    return next((one for one in found if one.primary_indicator), next(iter(found), None))
