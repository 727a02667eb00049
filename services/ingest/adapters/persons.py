"""What a vendor says of a person: a slip in it is no reason to lose the sale."""

import re
from datetime import date
from typing import Any

_COUNTRY = re.compile("[A-Za-z]{2}")
_PART_OF_A_DAY = re.compile(r"(1[89]|20)[0-9]{2}(-(0[1-9]|1[0-2]))?")
_GENDERS = frozenset({"female", "male", "other", ""})


def parted(name: str) -> tuple[str | None, str | None]:
    """Return given and family name: the last word is the family's, or what a comma follows.

    One word alone is a family name; of what is empty both are, as it was sent.
    """
    family, comma, given = name.partition(",")
    if comma:
        return given.strip() or None, family.strip() or None
    *first, last = name.split() or ("",)
    if not last:
        return "", ""
    return " ".join(first) or None, last


def legible(customer: dict[str, Any]) -> dict[str, Any]:
    """Return a customer of the open standard without what is no country, no day and no gender."""
    checks = {"country": is_country, "birth_date": is_birth_date, "gender": _is_gender}
    return {
        name: said
        for name, said in customer.items()
        if name not in checks or not isinstance(said, str) or checks[name](said)
    }


def is_country(text: str) -> bool:
    """Tell whether *text* has the form of ISO 3166-1 alpha-2, or was sent empty."""
    return not text or _COUNTRY.fullmatch(text) is not None


def is_birth_date(text: str) -> bool:
    """Tell whether *text* is a day, a month or a year, or was sent empty."""
    if len(text) != 10:
        return not text or _PART_OF_A_DAY.fullmatch(text) is not None
    try:
        return 1800 <= date.fromisoformat(text).year < 2100
    except ValueError:
        return False


def _is_gender(text: str) -> bool:
    return text in _GENDERS
