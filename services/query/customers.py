"""The measures of customers, who are own persons here: what the organisation itself could know.

They follow from sums over persons, a row each: ``days``, on how many they bought; ``earlier``,
whether they had before the period; ``away``, the days from that last time to their first in it.
"""

from collections.abc import Mapping

from msgspec import Struct

from kudos.breakdowns import BREAKDOWNS, Breakdown
from services.query.measure import Measure, Total

#: Who stayed away for longer has come back.
AWAY_DAYS = 365


class PersonSum(Struct, frozen=True):
    """One number over persons; *history* says that it asks what they did before the period."""

    sql: str
    history: bool = False


PERSON_SUMS: Mapping[str, PersonSum] = {
    "unique_customers": PersonSum("count()"),
    "new_customers": PersonSum("countIf(NOT earlier)", history=True),
    "returning_customers": PersonSum("countIf(earlier)", history=True),
    "reactivated_customers": PersonSum(f"countIf(earlier AND away > {AWAY_DAYS})", history=True),
    "order_days": PersonSum("sum(days)"),
}

#: Of persons, and therefore no breakdown of lines.
ORDER_DAYS = Breakdown(
    id="order_days",
    name={"nb": "Kjøpsdager", "en": "Order days"},
    definition={
        "nb": "Hvor mange ulike dager kunden kjøpte på i perioden. To ordrer samme dag er én dag.",
        "en": "On how many different days of the period the customer bought. Two orders on one day "
        "are one day.",
    },
    sql="if(days < 5, toString(days), '5+')",
    values=("1", "2", "3", "4", "5+"),
)
#: Everything that some figure may be told apart by.
EVERY_BREAKDOWN: Mapping[str, Breakdown] = {**BREAKDOWNS, ORDER_DAYS.id: ORDER_DAYS}

_OWN = {
    "nb": "Kunder er personer, samlet av deres egne opplysninger alene; anonyme ordrer er ikke "
    "med.",
    "en": "Customers are persons, joined by your own information alone; anonymous orders are left "
    "out.",
}

CUSTOMERS = (
    Measure(
        id="unique_customers",
        unit="persons",
        name={"nb": "Unike kunder", "en": "Unique customers"},
        definition={
            "nb": "Antall ulike kunder med minst én ordre i perioden. En refusjon tar ikke kunden "
            "bort. Brutt ned teller en kunde én gang i hver verdi de har kjøpt i. Vises ved siden "
            f"av kundeposter, så dobbelttelling synes. {_OWN['nb']}",
            "en": "Distinct customers with at least one order in the period. A refund does not "
            "take the customer away. Broken down, a customer counts once in every value that they "
            "bought in. Shown beside customer records, so that over-counting is visible. "
            f"{_OWN['en']}",
        },
        total=Total(("unique_customers",)),
    ),
    Measure(
        id="new_customers",
        unit="persons",
        name={"nb": "Nye kunder", "en": "New customers"},
        definition={
            "nb": "De av periodens unike kunder som ikke hadde noen ordre hos dere før perioden. "
            "Nye og tilbakevendende er til sammen alle. Brutt ned: de som kjøpte i verdien, og var "
            f"nye hos dere. {_OWN['nb']}",
            "en": "Those of the period's unique customers who had no order with you before it. New "
            "and returning customers are everybody. Broken down: who bought in the value, and was "
            f"new to you. {_OWN['en']}",
        },
        total=Total(("new_customers",)),
    ),
    Measure(
        id="returning_customers",
        unit="persons",
        name={"nb": "Tilbakevendende kunder", "en": "Returning customers"},
        definition={
            "nb": "De av periodens unike kunder som hadde minst én ordre hos dere før perioden; "
            f"reaktiverte er en del av dem. {_OWN['nb']}",
            "en": "Those of the period's unique customers who had at least one order with you "
            f"before it; reactivated customers are a part of them. {_OWN['en']}",
        },
        total=Total(("returning_customers",)),
    ),
    Measure(
        id="reactivated_customers",
        unit="persons",
        name={"nb": "Reaktiverte kunder", "en": "Reactivated customers"},
        definition={
            "nb": "De tilbakevendende kundene som siste gang kjøpte mer enn 365 dager før sin "
            f"første ordre i perioden. {_OWN['nb']}",
            "en": "Those returning customers whose previous order was more than 365 days before "
            f"their first one in the period. {_OWN['en']}",
        },
        total=Total(("reactivated_customers",)),
    ),
    Measure(
        id="visit_frequency",
        unit="order_days",
        name={"nb": "Kjøpsfrekvens", "en": "Visit frequency"},
        definition={
            "nb": "Kjøpsdager ÷ unike kunder: hvor mange ulike dager en kunde i snitt kjøpte på i "
            "perioden. Brutt ned på kjøpsdager: antall kunder med 1, 2, 3, 4 og 5 eller flere; "
            "andelen som kom én gang, er de første delt på alle. Brutt ned ellers: dagene med kjøp "
            f"i verdien ÷ kundene der. {_OWN['nb']}",
            "en": "Order days ÷ unique customers: on how many different days of the period a "
            "customer bought on average. Broken down by order days: the number of customers with "
            "1, 2, 3, 4, and 5 or more; the share who came once is the first of these over all. "
            f"Broken down otherwise: days with a purchase in the value ÷ customers there. "
            f"{_OWN['en']}",
        },
        total=Total(("order_days",)),
        per=Total(("unique_customers",)),
        steps=ORDER_DAYS.id,
        steps_unit="persons",
    ),
)
