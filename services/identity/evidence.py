"""What an order or a profile says of its customer's attributes, and by whose word."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from kudos.records import Basis, Customer, Evidence, Segment, Stated
from services.identity.identifiers import Identifiers, identifiers
from services.identity.names import Names

#: What a source's statements are, where they are not the customer's own.
_REGISTERS = frozenset({"dnb"})
#: The source of a gender that nobody stated.
GIVEN_NAME = "given_name"


class Occasion(Struct, frozen=True):
    """Of whom something is said, who says it, and when."""

    customer_ref: str
    organisation: str
    source: str
    observed_at: datetime


def evidence(
    of: Occasion, who: Identifiers, given_name: str | None, names: Names
) -> Iterator[Evidence]:
    """Yield what *who* says, and the gender that the name tells where none was declared."""
    yield from _said(of, who, "register" if of.source in _REGISTERS else "declared", 1.0)
    told = None if who.gender else names.gender(given_name)
    if told is not None:
        yield _one(of, "gender", told[0], "inferred", told[1], source=GIVEN_NAME)


def stated(of: Occasion, said: Stated) -> Iterator[Evidence]:
    """Yield what a source states of whom it is known by other things."""
    attributes = Customer(
        gender=said.gender,
        birth_date=said.birth_date,
        postal_code=said.postal_code,
        country=said.country,
    )
    who = identifiers(attributes, of.observed_at.date())
    yield from _said(of, who, said.basis, said.confidence, said.segment)


def _said(
    of: Occasion,
    who: Identifiers,
    basis: Basis,
    confidence: float,
    segment: Segment | None = None,
) -> Iterator[Evidence]:
    place = who.postal_code and f"{who.country}-{who.postal_code}"
    birth = who.birth and who.birth[:7]
    said = {"gender": who.gender, "birth": birth, "postal_code": place, "segment": segment}
    for attribute, value in said.items():
        if value is not None:
            yield _one(of, attribute, value, basis, confidence)


def _one(  # noqa: PLR0917 (in the order of the record)
    of: Occasion,
    attribute: str,
    value: str,
    basis: Basis,
    confidence: float,
    source: str | None = None,
) -> Evidence:
    return Evidence(
        customer_ref=of.customer_ref,
        organisation=of.organisation,
        attribute=attribute,  # type: ignore[arg-type]  # the keys above
        value=value,
        source=source or of.source,
        basis=basis,
        confidence=confidence,
        observed_at=of.observed_at,
    )
