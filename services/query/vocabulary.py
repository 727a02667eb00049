"""Every breakdown of the matrix, with its words: what tells persons apart, and shared words."""

from collections.abc import Mapping
from typing import get_args

from kudos.breakdowns import UNKNOWN, Breakdown
from kudos.falling import VALUES
from kudos.register import Genre, TicketClass
from services.query.customers import EVERY_BREAKDOWN

_BANDS = ("0-15", "16-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+", UNKNOWN)
_SEGMENTS = ("Essence", "Expression", "Affirmation", "Enrichment")
_MORE_SEGMENTS = ("Release", "Perspective", "Stimulation", "Entertainment")


def _told(id_: str, name: tuple[str, str], words: tuple[str, str], *values: str) -> Breakdown:
    languages = ("nb", "en")
    return Breakdown(
        id_,
        dict(zip(languages, name, strict=True)),
        dict(zip(languages, words, strict=True)),
        VALUES[id_],
        values,
    )


_MORE = (
    _told(
        "age_band",
        ("Aldersgruppe", "Age band"),
        (
            "Alder på kjøpsdagen, som født den første i måneden; bare årstall: 1. juli.",
            "Age on the day of purchase, as born on the first of the month; of a year: 1 July.",
        ),
        *_BANDS,
    ),
    _told(
        "gender",
        ("Kjønn", "Gender"),
        (
            "Oppgitt, ellers fra register, ellers antatt av fornavn.",
            "Declared, else of a register, else inferred from the given name.",
        ),
        *("female", "male", "other", UNKNOWN),
    ),
    _told(
        "county",
        ("Kundens fylke", "Customer's county"),
        (
            "Fylket til ordrens postnummer, ellers kundens. Ikke stedets fylke.",
            "The county of the order's postal code, else the customer's. Not the venue's.",
        ),
    ),
    _told(
        "municipality",
        ("Kundens kommune", "Customer's municipality"),
        (
            "Kommunen til ordrens postnummer, ellers kundens.",
            "The municipality of the order's postal code, else the customer's.",
        ),
    ),
    _told(
        "centrality",
        ("Sentralitet", "Centrality"),
        (
            "Statistisk sentralbyrås klasse for kommunen, 1 (mest sentral) til 6.",
            "Statistics Norway's class of the municipality, 1 (most central) to 6.",
        ),
        *("1", "2", "3", "4", "5", "6", UNKNOWN),
    ),
    _told(
        "segment",
        ("Segment", "Segment"),
        ("Kultursegment, der kunden har et.", "Culture Segment, where the customer has one."),
        *(*_SEGMENTS, *_MORE_SEGMENTS, UNKNOWN),
    ),
    _told(
        "ticket_class",
        ("Billettklasse", "Ticket class"),
        (
            "Billettypen i felles ord, som registeret oversetter til.",
            "The ticket type in shared words, as the register maps it.",
        ),
        *get_args(TicketClass),
    ),
    _told(
        "genre",
        ("Sjanger", "Genre"),
        (
            "Sjangeren i felles ord, som registeret oversetter til.",
            "The genre in shared words, as the register maps it.",
        ),
        *(*get_args(Genre), UNKNOWN),
    ),
)
#: By id, with definitions in both languages.
VOCABULARY: Mapping[str, Breakdown] = {**EVERY_BREAKDOWN, **{one.id: one for one in _MORE}}
