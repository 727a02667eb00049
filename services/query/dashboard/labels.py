"""What a value of a breakdown is called; what a source named itself stays as it is."""

from collections.abc import Callable, Mapping

from kudos.breakdowns import UNKNOWN
from services.query.customers import ORDER_DAYS
from services.query.dashboard import formats
from services.query.dashboard.wording import Texts

#: The counties of 2024, by number (Statistics Norway's classification 104); names of places are
#: the same in every language.
COUNTIES: Mapping[str, str] = {
    "03": "Oslo",
    "11": "Rogaland",
    "15": "Møre og Romsdal",
    "18": "Nordland",
    "21": "Svalbard",
    "31": "Østfold",
    "32": "Akershus",
    "33": "Buskerud",
    "34": "Innlandet",
    "39": "Vestfold",
    "40": "Telemark",
    "42": "Agder",
    "46": "Vestland",
    "50": "Trøndelag",
    "55": "Troms",
    "56": "Finnmark",
}


def label(texts: Texts, by: str, value: str) -> str:
    """Name *value* of the breakdown *by*."""
    if value in {"", UNKNOWN}:
        return texts("figure.unknown")
    name = _NAMES.get(by)
    return value if name is None else name(texts, value)


def days(texts: Texts, steps: str) -> str:
    """Name a step of order days."""
    if steps.endswith("+"):
        return texts("bands.days_from", n=steps[:-1])
    return texts.count("bands.days", int(steps))


def _worded(key: str) -> Callable[[Texts, str], str]:
    """Return what names a value by the text of that name, where there is one."""

    def name(texts: Texts, value: str) -> str:
        return texts.either(f"{key}.{value}", value)

    return name


def _banded(key: str) -> Callable[[Texts, str], str]:
    """Return what names a band: from the one to the other, or from one on."""

    def name(texts: Texts, band: str) -> str:
        if band == "0":
            return texts(f"bands.{key}_none")
        if band.endswith("+"):
            return texts(f"bands.{key}_from", n=band[:-1])
        return texts(f"bands.{key}", n=band.replace("-", "\u2013"))

    return name


def _age(texts: Texts, band: str) -> str:
    if band.endswith("+"):
        return texts("bands.age_from", n=band[:-1])
    return texts("bands.age", n=band.replace("-", "\u2013"))


def _county(_texts: Texts, number: str) -> str:
    return COUNTIES.get(number, number)


def _weekday_hour(texts: Texts, value: str) -> str:
    weekday, _, hour = value.partition("-")
    return f"{formats.WEEKDAYS[texts.language][int(weekday) - 1]} {formats.clock(int(hour) * 60)}"


_NAMES: Mapping[str, Callable[[Texts, str], str]] = {
    "age_band": _age,
    "centrality": _worded("centralities"),
    "channel": _worded("channels"),
    "county": _county,
    "gender": _worded("genders"),
    "genre": _worded("genres"),
    "lead_time": _banded("lead"),
    "price_band": _banded("price"),
    "ticket_class": _worded("ticket_classes"),
    "weekday_hour": _weekday_hour,
    ORDER_DAYS.id: days,
}
