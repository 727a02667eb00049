"""How far what a register answers agrees with whom it was asked of.

In Norway a match is name and birth date, else name, postal code and phone; the figures are ours.
"""

import re
from decimal import Decimal

from kudos.records import Customer
from services.ingest.sources.persons import Found

#: It is somebody else.
OTHER = Decimal(0)
_BY_BIRTH = Decimal("0.99")
_BY_PLACE_AND_PHONE = Decimal("0.95")
_BY_LITTLE = Decimal("0.8")
_FULL = len("yyyy-mm-dd")
_NUMBER = 8  # digits of a Norwegian number, behind whatever code of a country


def agreement(asked: Customer, found: Found) -> Decimal | None:
    """Return how sure it is that *found* is who was *asked* of; None: there is nothing to tell by.

    A contradiction in birth date or given name makes it OTHER; a family name may have changed.
    """
    born = _same_birth(asked.birth_date, found.birth_date)
    given = _same_words(asked.given_name, found.given_name)
    family = _same_words(asked.family_name, found.family_name)
    if False in {born, given}:
        return OTHER
    if not (given and family):
        return None
    whole = min(len(asked.birth_date or ""), len(found.birth_date or "")) >= _FULL
    if born and whole:
        return _BY_BIRTH
    place = _same(_digits(asked.postal_code, 4), _digits(found.postal_code, 4))
    phone = _same(_digits(asked.phone, _NUMBER), _digits(found.phone, _NUMBER))
    if place and phone:
        return _BY_PLACE_AND_PHONE
    return _BY_LITTLE if born or place or phone else None


def _same_birth(one: str | None, other: str | None) -> bool | None:
    """Tell whether as much of two dates as both have is the same; None: one has nothing."""
    length = min(len(one or ""), len(other or ""))
    return _same((one or "")[:length], (other or "")[:length])


def _same_words(one: str | None, other: str | None) -> bool | None:
    here, there = (set((said or "").casefold().replace("-", " ").split()) for said in (one, other))
    return bool(here & there) if here and there else None


def _same(one: str, other: str) -> bool | None:
    return one == other if one and other else None


def _digits(text: str | None, most: int) -> str:
    """Return the last digits of *text*, "" where there are fewer."""
    found = re.sub("[^0-9]", "", text or "")
    return found[-most:] if len(found) >= most else ""
