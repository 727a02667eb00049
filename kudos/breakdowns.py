"""The breakdowns: what each is called, the values it has, and how a line falls into them."""

from collections.abc import Mapping
from itertools import pairwise

from msgspec import Struct

from kudos.currencies import DIGITS

#: What the source does not say.
UNKNOWN = "unknown"


class Breakdown(Struct, frozen=True):
    """One way to tell lines apart; *sql* is an expression in the words of ``kudos.sums.WORDS``."""

    id: str
    name: Mapping[str, str]  # by language
    definition: Mapping[str, str]
    sql: str
    values: tuple[str, ...] = ()  # in their order; (): as the source names them
    holds: str = ""  # a condition: lines that have no value at all are left out


_PRICES = (0, 100, 200, 350, 500, 750)
PRICE_BANDS = ("0", *(f"{max(a, 1)}-{b - 1}" for a, b in pairwise(_PRICES)), f"{_PRICES[-1]}+")
_LEADS = (0, 1, 3, 8, 31, 91)
LEAD_TIMES = ("0", "1-2", "3-7", "8-30", "31-90", "91+", UNKNOWN)


def _price_band() -> str:
    """Return the band of a line's price: *price* is of the whole line, so that nothing is divided.

    Bounds are in the currency's main unit: kroner, where it is kroner.
    """
    odd = ", ".join(f"'{c}', {10**digits}" for c, digits in DIGITS.items())
    unit = f"caseWithExpression(currency, {odd}, 100)"
    bands = ", ".join(
        f"price < {bound} * {unit} * quantity, '{band}'"
        for bound, band in zip(_PRICES[1:], PRICE_BANDS[1:], strict=False)
    )
    return f"multiIf(price = 0, '0', {bands}, '{PRICE_BANDS[-1]}')"


def _lead_time() -> str:
    """Return the local days from a line's day to its performance's; negative is 0."""
    days = "dateDiff('day', day, toDate(starts_at, 'Europe/Oslo'))"
    bands = ", ".join(
        f"{days} < {bound}, '{band}'" for bound, band in zip(_LEADS[1:], LEAD_TIMES, strict=False)
    )
    return f"multiIf(toUnixTimestamp(starts_at) = 0, '{UNKNOWN}', {bands}, '91+')"


def _said(word: str) -> str:
    return f"if({word} = '', '{UNKNOWN}', {word})"


_BREAKDOWNS = (
    Breakdown(
        id="production",
        name={"nb": "Produksjon", "en": "Production"},
        definition={
            "nb": "Det som spilles, slik kilden kaller det.",
            "en": "What is played, as the source names it.",
        },
        sql=_said("production"),
    ),
    Breakdown(
        id="venue",
        name={"nb": "Sted", "en": "Venue"},
        definition={
            "nb": "Der det spilles, slik kilden kaller det.",
            "en": "Where it is played, as the source names it.",
        },
        sql=_said("venue"),
    ),
    Breakdown(
        id="ticket_type",
        name={"nb": "Billettype", "en": "Ticket type"},
        definition={
            "nb": "Slik den ble solgt, i kildens egne ord.",
            "en": "As sold, in the source's own words.",
        },
        sql=_said("ticket_type"),
    ),
    Breakdown(
        id="channel",
        name={"nb": "Salgskanal", "en": "Channel"},
        definition={
            "nb": "Hvor kjøpet ble gjort.",
            "en": "Where the purchase was made.",
        },
        sql="channel",
        values=("web", "box_office", "phone", "agent", "till", "other"),
    ),
    Breakdown(
        id="price_band",
        name={"nb": "Prisklasse", "en": "Price band"},
        definition={
            "nb": "Linjens pris per stykk etter rabatt, i kroner (ellers valutaens hovedenhet): 0 "
            "er nøyaktig 0, 1-99 er over 0 og under 100, og så videre.",
            "en": "The line's price apiece after discount, in kroner (else the currency's main "
            "unit): 0 is exactly 0, 1-99 is above 0 and below 100, and so on.",
        },
        sql=_price_band(),
        values=PRICE_BANDS,
    ),
    Breakdown(
        id="lead_time",
        name={"nb": "Dager før forestilling", "en": "Lead time"},
        definition={
            "nb": "Dager fra linjens dag til forestillingens, lokal dato; etterpå er 0.",
            "en": "Days from the line's day to the performance's, local dates; afterwards is 0.",
        },
        sql=_lead_time(),
        values=LEAD_TIMES,
    ),
    Breakdown(
        id="weekday_hour",
        name={"nb": "Ukedag og time", "en": "Weekday and hour"},
        definition={
            "nb": "1-19 er mandag fra 19.00, norsk tid. Linjer som kilden bare gir en dato for, "
            "er ikke med.",
            "en": "1-19 is Monday from 19:00, Norwegian time. Lines of which the source gives a "
            "bare date are left out.",
        },
        sql="concat(toString(toDayOfWeek(at, 0, 'Europe/Oslo')), '-', "
        "toString(toHour(at, 'Europe/Oslo')))",
        values=tuple(f"{day}-{hour}" for day in range(1, 8) for hour in range(24)),
        holds="timed",
    ),
)

BREAKDOWNS: Mapping[str, Breakdown] = {breakdown.id: breakdown for breakdown in _BREAKDOWNS}
