"""What tells a customer from others, normalised: personal data, so it stays in this process."""

from datetime import date

from msgspec import Struct

from kudos.records import Customer, Gender
from services.identity import normalise

_FULL = len("yyyy-mm-dd")


class Identifiers(Struct, frozen=True):
    """A customer, normalised; None did not come, or is none."""

    number: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    street: str | None = None
    country: str | None = None
    postal_code: str | None = None
    birth: str | None = None  # yyyy-mm-dd, yyyy-mm or yyyy
    gender: Gender | None = None

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Return what a customer may be known by again, by kind, the strongest first.

        A name, a street or a birth date alone falls to frequency analysis even when hashed, so
        they go together; a birth year is no birth date.
        """
        found: dict[str, tuple[str, ...]] = {}
        if self.number:
            found["number"] = (self.number,)
        if self.email:
            found["email"] = (self.email,)
        if self.phone:
            found["phone"] = (self.phone,)
        if self.name and self.birth and len(self.birth) == _FULL:
            found["name_birth"] = (self.name, self.birth)
        if self.name and self.street and self.country and self.postal_code:
            found["name_address"] = (self.name, self.street, self.country, self.postal_code)
        return found

    def more_keys(self) -> dict[str, tuple[str, ...]]:
        """Return what agrees too where somebody is known again, though a word was mistyped.

        They make nobody known: who has none of ``keys`` stays anonymous.
        """
        if not self.birth or len(self.birth) < _FULL:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        if self.country and self.postal_code:
            found["birth_postal"] = (self.birth, self.country, self.postal_code)
        if self.name:
            initials = sorted(word[0] for word in self.name.split())
            found["initials_birth"] = ("".join(initials), self.birth)
        return found


#: Who did not agree, or came without anything.
NOBODY = Identifiers()


def identifiers(customer: Customer, today: date) -> Identifiers:
    """Return *customer* normalised; NOBODY where the customer said no to statistics.

    *today* is the day that the order came in: who was born later was not.
    """
    if customer.consents.statistics is False:
        return NOBODY
    country = normalise.country(customer.country)
    place = normalise.postal_code(customer.postal_code, country)
    return Identifiers(
        number=(customer.number or "").strip().casefold() or None,
        email=normalise.email(customer.email) if customer.email else None,
        phone=normalise.phone(customer.phone, country) if customer.phone else None,
        name=normalise.name(customer.given_name, customer.family_name),
        street=normalise.street(customer.street),
        country=place[0] if place else country,
        postal_code=place[1] if place else None,
        birth=normalise.birth_date(customer.birth_date, today),
        gender=customer.gender,
    )
