"""Numbers, money and dates as they are written in Norwegian and in English."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from kudos.currencies import DIGITS

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "en")

#: No line is broken inside a number.
SPACE = "\u00a0"
MINUS = "\u2212"
_THOUSANDS = {"nb": SPACE, "en": ","}
_DECIMAL = {"nb": ",", "en": "."}

_MONTHS_NB = "januar februar mars april mai juni juli august september oktober november desember"
_MONTHS_EN = "January February March April May June July August September October November December"
_WEEKDAYS_NB = "mandag tirsdag onsdag torsdag fredag lørdag søndag"
_WEEKDAYS_EN = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
MONTHS = {"nb": _MONTHS_NB.split(), "en": _MONTHS_EN.split()}
WEEKDAYS = {"nb": _WEEKDAYS_NB.split(), "en": _WEEKDAYS_EN.split()}


def number(value: float | Decimal, language: Language, decimals: int = 0) -> str:
    """Write *value* with *decimals*, halves away from 0: ``1 234 567`` or ``1,234,567``."""
    quantum = Decimal(1).scaleb(-decimals)
    rounded = Decimal(str(value)).quantize(quantum, ROUND_HALF_UP)
    text = f"{abs(rounded):,f}"
    whole, _, fraction = text.partition(".")
    written = whole.replace(",", _THOUSANDS[language])
    if fraction:
        written += _DECIMAL[language] + fraction
    return (MINUS if rounded < 0 else "") + written


def percent(share: float, language: Language, decimals: int = 1) -> str:
    """Write a fraction of 1 as per cent: ``12,5 %`` or ``12.5%``; a whole one without decimals."""
    hundred = Decimal(str(share)) * 100
    text = number(hundred, language, decimals)
    whole = text.removesuffix(_DECIMAL[language] + "0" * decimals) if decimals else text
    return f"{whole}{SPACE}%" if language == "nb" else f"{whole}%"


def major(minor: float, currency: str) -> Decimal:
    """Return *minor* units of *currency* in its major unit."""
    return Decimal(str(minor)).scaleb(-DIGITS.get(currency, 2))


def money(minor: float, currency: str, language: Language, *, exact: bool = False) -> str:
    """Write money: ``kr 350`` or ``NOK 350``; *exact*: with its minor unit where it has any."""
    value = major(minor, currency)
    decimals = DIGITS.get(currency, 2) if exact and value != value.to_integral_value() else 0
    name = currency_name(currency, language)
    text = number(abs(value), language, decimals)
    negative = value < 0 and text.strip("0.,") != ""
    return f"{MINUS if negative else ''}{name}{SPACE}{text}"


def currency_name(currency: str, language: Language) -> str:
    """Return what stands before an amount: ``kr`` or ``NOK``, and the code of any other."""
    return "kr" if (currency, language) == ("NOK", "nb") else currency


def day(value: date, language: Language) -> str:
    """Write ``17. mai 2026`` or ``17 May 2026``."""
    return f"{day_of_year(value, language)}{SPACE}{value.year}"


def day_of_year(value: date, language: Language) -> str:
    """Write ``17. mai`` or ``17 May``."""
    dot = "." if language == "nb" else ""
    return f"{value.day}{dot}{SPACE}{MONTHS[language][value.month - 1]}"


def days(begins: date, ends: date, language: Language) -> str:
    """Write a stretch of days, what both ends share once: ``1.-20. mai 2026``, with an en dash."""
    if begins == ends:
        return day(begins, language)
    if (begins.year, begins.month) == (ends.year, ends.month):
        dot = "." if language == "nb" else ""
        return f"{begins.day}{dot}\u2013{day(ends, language)}"
    first = day_of_year(begins, language) if begins.year == ends.year else day(begins, language)
    return f"{first} \u2013 {day(ends, language)}"


def weekday(value: date, language: Language) -> str:
    """Write the name of the weekday."""
    return WEEKDAYS[language][value.weekday()]


def clock(minute: int) -> str:
    """Write a minute of the day: ``18.05`` is how Norwegian writes it, ``18:05`` what both read."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
