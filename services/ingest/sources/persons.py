"""A person as Dun & Bradstreet's registers describe one, in each of the forms that were seen.

SEEN: the names of the Consumer Intelligence client (tibbercom/bisnode-consumer-intelligence), as
the API sends it and as the client maps it, and of the Norwegian directory (ezspot/bisnode-api).
ASSUMED: ``matchConfidence`` (0 to 1), ``moved``, that an address of another type than Postal or
Street is a former one, and that K or F is a woman and M a man.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from kudos.records import Gender
from services.ingest.adapters.persons import is_birth_date
from services.ingest.adapters.reading import Text

_GENDERS: Mapping[str, Gender] = {
    "male": "male",
    "m": "male",
    "female": "female",
    "f": "female",
    "k": "female",
}
_CURRENT = frozenset({"", "postal", "street"})
Year = Annotated[int, Meta(ge=1800, le=2100)]


class Found(Struct, frozen=True):
    """What a register says of one person; None is not said."""

    given_name: str | None = None
    family_name: str | None = None
    gender: Gender | None = None
    birth_date: str | None = None  # yyyy-mm-dd or yyyy
    street: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None
    deceased: bool = False
    moved: bool = False


class Address(Struct, frozen=True):
    """One of a person's addresses; ``formattedAddress`` is for letters and is not read."""

    type: Text | None = None
    streetName: Text | None = None  # noqa: N815 (theirs)
    streetNumber: Text | None = None  # noqa: N815 (theirs)
    entrance: Text | None = None
    postalCode: Text | None = None  # noqa: N815 (theirs)
    country: Text | None = None


class Phone(Struct, frozen=True):
    """A phone number."""

    number: Text | None = None


class Consumer(Struct, frozen=True):
    """A person of Consumer Intelligence; ``gedi`` may be UNKNOWN and may change, so is no key."""

    firstNames: tuple[Text, ...] = ()  # noqa: N815 (theirs)
    firstName: Text | None = None  # noqa: N815 (theirs)
    familyName: Text | None = None  # noqa: N815 (theirs)
    lastName: Text | None = None  # noqa: N815 (theirs)
    gender: Text | None = None
    dateOfBirth: Text | None = None  # noqa: N815 (theirs)
    yearOfBirth: Year | None = None  # noqa: N815 (theirs)
    deceased: bool | None = None
    moved: bool | None = None
    phoneNumber: Text | None = None  # noqa: N815 (theirs)
    phoneList: tuple[Phone, ...] | None = None  # noqa: N815 (theirs)
    addressList: tuple[Address, ...] | None = None  # noqa: N815 (theirs)
    address: Address | None = None

    def found(self) -> Found:
        """Return what is said, by the first address that is current."""
        addresses = (self.address, *(self.addressList or ()))
        current = (a for a in addresses if a and (a.type or "").casefold() in _CURRENT)
        lives = next(current, Address())
        phones = (self.phoneNumber, *(phone.number for phone in self.phoneList or ()))
        year = None if self.yearOfBirth is None else str(self.yearOfBirth)
        return Found(
            given_name=" ".join(self.firstNames) or self.firstName or None,
            family_name=self.familyName or self.lastName or None,
            gender=gender(self.gender),
            birth_date=born(self.dateOfBirth) or year,
            street=joined(lives.streetName, lives.streetNumber, lives.entrance),
            postal_code=lives.postalCode or None,
            country=lives.country or None,
            phone=next(filter(None, phones), None),
            deceased=bool(self.deceased),
            moved=bool(self.moved),
        )


class Entry(Struct, frozen=True):
    """An entry of the Norwegian directory."""

    type: Text | None = None  # P is a person
    born: Text | None = None
    dead: Any = None  # null: alive; whether it is a date or a word was not seen
    gender: Text | None = None
    firstname: Text | None = None
    middlename: Text | None = None
    lastname: Text | None = None
    streetname: Text | None = None
    houseno: Text | None = None
    entrance: Text | None = None
    zipcode: Text | None = None
    mobile: Text | None = None
    telephone: Text | None = None

    def found(self) -> Found:
        """Return what is said."""
        return Found(
            given_name=joined(self.firstname, self.middlename),
            family_name=self.lastname or None,
            gender=gender(self.gender),
            birth_date=born(self.born),
            street=joined(self.streetname, self.houseno, self.entrance),
            postal_code=self.zipcode or None,
            country="NO" if self.zipcode else None,
            phone=self.mobile or self.telephone or None,
            deceased=self.dead not in {None, False, ""} if _is_plain(self.dead) else True,
        )


def gender(word: str | None) -> Gender | None:
    """Return a gender by its word; another word says nothing."""
    return _GENDERS.get((word or "").strip().casefold())


def born(text: str | None) -> str | None:
    """Return a birth date, or as much of it as is one."""
    said = (text or "").strip()[:10]
    return said if said and is_birth_date(said) else None


def joined(*words: str | None) -> str | None:
    """Return *words* with blanks between, None where there are none."""
    return " ".join(filter(None, words)) or None


def _is_plain(said: object) -> bool:
    return said is None or isinstance(said, str | bool)
