"""What an order or a profile says of its customer's attributes, and by whose word."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from kudos.records import Evidence
from services.identity.identifiers import Identifiers
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
    place = who.postal_code and f"{who.country}-{who.postal_code}"
    said = {"gender": who.gender, "birth": who.birth and who.birth[:7], "postal_code": place}
    for attribute, value in said.items():
        if value is not None:
            yield Evidence(
                customer_ref=of.customer_ref,
                organisation=of.organisation,
                attribute=attribute,  # type: ignore[arg-type]  # the keys above
                value=value,
                source=of.source,
                basis="register" if of.source in _REGISTERS else "declared",
                confidence=1.0,
                observed_at=of.observed_at,
            )
    told = None if who.gender else names.gender(given_name)
    if told is not None:
        yield Evidence(
            customer_ref=of.customer_ref,
            organisation=of.organisation,
            attribute="gender",
            value=told[0],
            source=GIVEN_NAME,
            basis="inferred",
            confidence=told[1],
            observed_at=of.observed_at,
        )
