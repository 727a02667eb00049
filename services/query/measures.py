# ruff: noqa: RUF001 (the signs of definitions are meant)
"""The measures: what each is, in words, and how it follows from sums.

A new measure is an entry of ``MEASURES``; where no sum that it needs is there, an entry of
``kudos.sums.SUMS`` too. Those of customers stand in ``customers``. Definitions are those of
``kpis.md``.
"""

from collections.abc import Mapping

from services.query.customers import CUSTOMERS
from services.query.measure import Measure, Total

_NET = Total(("tickets",), ("refunded_tickets",))
_KNOWN = Total(("known_tickets",), ("known_refunded_tickets",))

_MEASURES = (
    Measure(
        id="orders",
        unit="orders",
        name={"nb": "Ordrer", "en": "Orders"},
        definition={
            "nb": "Antall ulike ordrer med minst én salgslinje i perioden. En refusjon, en "
            "kreditnota eller en retting er ingen egen ordre; en ordre som siden ble refundert, er "
            "fortsatt en ordre. Brutt ned teller en ordre én gang i hver verdi den har en "
            "salgslinje i.",
            "en": "Distinct orders with at least one sale line in the period. A refund, a credit "
            "note or a correction is no order of its own; an order that was refunded later stays "
            "an order. Broken down, an order counts once in every value that it has a sale line "
            "of.",
        },
        total=Total(("orders",)),
    ),
    Measure(
        id="tickets",
        unit="tickets",
        name={"nb": "Billetter", "en": "Tickets"},
        definition={
            "nb": "Antall solgte billetter, gratisbilletter medregnet. Abonnement og bruk av dem, "
            "gavekort, varer og annet telles ikke.",
            "en": "Tickets sold, free ones included. Season passes and their use, gift cards, "
            "merchandise and other items do not count.",
        },
        total=Total(("tickets",)),
    ),
    Measure(
        id="refunded_tickets",
        unit="tickets",
        name={"nb": "Refunderte billetter", "en": "Refunded tickets"},
        definition={
            "nb": "Antall refunderte billetter, på dagen for refusjonen. Et bytte er en refusjon "
            "og et salg.",
            "en": "Tickets refunded, on the day of the refund. An exchange is a refund and a sale.",
        },
        total=Total(("refunded_tickets",)),
    ),
    Measure(
        id="net_tickets",
        unit="tickets",
        name={"nb": "Netto billetter", "en": "Net tickets"},
        definition={
            "nb": "Solgte billetter minus refunderte, hver på sin dag.",
            "en": "Tickets sold less tickets refunded, each on its own day.",
        },
        total=_NET,
    ),
    Measure(
        id="gross_revenue",
        unit="minor_units",
        name={"nb": "Brutto omsetning", "en": "Gross revenue"},
        definition={
            "nb": "Sum av salgslinjer inkl. mva.: antall × pris − rabatt. Gavekort (de er "
            "omsetning når de løses inn), gaver og bruk av abonnement er ikke med; gebyrer "
            "står for seg.",
            "en": "Sale lines incl. VAT: quantity × unit price − discount. Gift cards (revenue "
            "when they are redeemed), donations and the use of season passes are left out; "
            "fees stand apart.",
        },
        total=Total(("gross_revenue",)),
        money=True,
    ),
    Measure(
        id="net_revenue",
        unit="minor_units",
        name={"nb": "Netto omsetning", "en": "Net revenue"},
        definition={
            "nb": "Brutto omsetning minus refunderte beløp for de samme varene, på dagen for "
            "refusjonen. Inkl. mva.",
            "en": "Gross revenue less what was refunded of the same items, on the day of the "
            "refund. Incl. VAT.",
        },
        total=Total(("net_revenue",)),
        money=True,
    ),
    Measure(
        id="fees",
        unit="minor_units",
        name={"nb": "Gebyrer", "en": "Fees"},
        definition={
            "nb": "Gebyrer på salgslinjer minus gebyrer på refusjonslinjer, hver på sin linjes "
            "dag. Et gebyr på hele ordren står på dens første linje.",
            "en": "Fees of sale lines less fees on refund lines, each on its line's day. A fee on "
            "the whole order stands on its first line.",
        },
        total=Total(("fees",)),
        money=True,
    ),
    Measure(
        id="average_ticket_price",
        unit="minor_units",
        name={"nb": "Gjennomsnittlig billettpris", "en": "Average ticket price"},
        definition={
            "nb": "Netto omsetning av billetter ÷ (betalte − refunderte betalte billetter). Betalt "
            "er en billett med pris over 0 etter rabatt. Avrundet til nærmeste øre, halve til "
            "partall.",
            "en": "Net revenue of tickets ÷ (paid tickets − refunded paid tickets). Paid is a "
            "ticket whose price after discount is above 0. Rounded to the minor unit, half to "
            "even.",
        },
        total=Total(("ticket_revenue",)),
        per=Total(("paid_tickets",)),
        money=True,
    ),
    Measure(
        id="average_order_value",
        unit="minor_units",
        name={"nb": "Gjennomsnittlig ordreverdi", "en": "Average order value"},
        definition={
            "nb": "Netto omsetning ÷ ordrer. Avrundet til nærmeste øre, halve til partall. Brutt "
            "ned: det samme av linjene i verdien, delt på ordrene som har en salgslinje der.",
            "en": "Net revenue ÷ orders. Rounded to the minor unit, half to even. Broken down: the "
            "same of the lines in the value, for each order that has a sale line there.",
        },
        total=Total(("net_revenue",)),
        per=Total(("orders",)),
        money=True,
    ),
    Measure(
        id="party_size",
        unit="tickets",
        name={"nb": "Billetter per ordre", "en": "Party size"},
        definition={
            "nb": "Solgte billetter ÷ ordrer med minst én billett. Brutt ned: billettene i verdien "
            "÷ ordrene som har en billett der.",
            "en": "Tickets sold ÷ orders with a ticket. Broken down: the tickets in the value ÷ "
            "the orders that have a ticket there.",
        },
        total=Total(("tickets",)),
        per=Total(("ticket_orders",)),
    ),
    Measure(
        id="customer_records",
        unit="records",
        name={"nb": "Kundeposter", "en": "Customer records"},
        definition={
            "nb": "Antall ulike kunder med minst én ordre, slik billettsystemet selv kjenner dem: "
            "etter kundenummer, ellers e-post, ellers mobil, ellers navn og fødselsdato, ellers "
            "navn og adresse. Samme menneske i to systemer er to poster. Anonyme ordrer er ikke "
            "med.",
            "en": "Distinct customers with at least one order, as the vendor's system itself knows "
            "them: by customer number, else e-mail, else mobile, else name and birth date, else "
            "name and address. One human in two systems is two records. Anonymous orders are left "
            "out.",
        },
        total=Total(("customer_records",)),
    ),
    Measure(
        id="coverage",
        unit="share",
        name={"nb": "Dekning", "en": "Coverage"},
        definition={
            "nb": "Andelen av netto billetter der kunden er kjent.",
            "en": "The share of net tickets whose customer is known.",
        },
        total=_KNOWN,
        per=_NET,
    ),
)

MEASURES: Mapping[str, Measure] = {measure.id: measure for measure in (*_MEASURES, *CUSTOMERS)}
