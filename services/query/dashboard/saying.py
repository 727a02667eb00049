"""Sentences: what the figures say, in words, before anybody looks at a chart."""

from datetime import date
from typing import Literal

from msgspec import Struct

from services.query.answer import Cell
from services.query.dashboard import formats
from services.query.dashboard.spans import Against
from services.query.dashboard.wording import Texts
from services.query.measure import Measure
from services.query.question import Period

#: A change smaller than this, as a fraction of 1, is none worth a word.
_UNCHANGED = 0.005


class Change(Struct, frozen=True):
    """How a value differs from an earlier one."""

    kind: Literal["relative", "points", "none"]
    by: float = 0.0  # a fraction of 1: of the earlier value, or in shares themselves


def change(unit: str, now: Cell | None, before: Cell | None) -> Change:
    """Return how *now* differs from *before*; shares differ in percentage points."""
    if now is None or before is None or now.value is None or before.value is None:
        return Change("none")
    if unit == "share":
        return Change("points", now.value - before.value)
    if now.value == before.value:
        return Change("relative")
    if before.value <= 0:
        return Change("none")
    return Change("relative", now.value / before.value - 1)


def value(texts: Texts, unit: str, cell: Cell, *, exact: bool = False) -> str:
    """Write the value of *cell*; ``:`` where it has none."""
    if cell.value is None:
        return ":"
    return amount(texts, unit, cell.value, cell.currency, exact=exact)


def amount(
    texts: Texts, unit: str, n: float, currency: str | None = None, *, exact: bool = False
) -> str:
    """Write *n* of *unit*: money, a share, or a number with a decimal where it is a fraction."""
    if currency is not None:
        return formats.money(n, currency, texts.language, exact=exact)
    if unit == "share":
        return formats.percent(n, texts.language)
    # most customers come once: what is more than 1 stands behind the comma
    decimals = 2 if unit == "order_days" else 1
    return formats.number(n, texts.language, 0 if isinstance(n, int) else decimals)


def difference(texts: Texts, found: Change) -> str | None:
    """Write a change: ``+12 %``, ``+2,1 prosentpoeng``; None where nothing can be compared."""
    if found.kind == "none":
        return None
    size = _size(texts, found)
    if _is_nothing(size):
        return texts("compare.unchanged")
    return ("+" if found.by > 0 else formats.MINUS) + size


def trend(texts: Texts, measure: str, found: Change, earlier: str) -> str:
    """Say a change in words: ``12 % flere billetter enn i fjor``."""
    if found.kind == "none":
        return texts("say.no_earlier", what=earlier)
    words = f"measure.{measure}"
    if f"{words}.more" not in texts:
        words = "measure.any"
    size = _size(texts, found)
    if abs(found.by) < _UNCHANGED or _is_nothing(size):
        return _sentence(texts("say.same", word=texts(f"{words}.same"), what=earlier))
    word = texts(f"{words}.{'more' if found.by > 0 else 'less'}")
    return _sentence(texts("say.more", change=size, word=word, what=earlier))


def why(texts: Texts, cell: Cell) -> str:
    """Say why *cell* has no value."""
    reason = texts.either(f"why.{cell.why}", texts("why.other"))
    return texts("say.undefined", why=reason)


def earlier(texts: Texts, period: Period, held: Against, today: date) -> tuple[str, str]:
    """Name what *period* is held against: the previous one, and the same of last year."""
    rolling = period.id.partition("@")[0].removeprefix("rolling-")
    previous = texts(f"compare.previous_{period.kind}", n=rolling)
    this_year = held.last_year is not None and held.last_year.begins.year == today.year - 1
    if period.kind == "season":
        return previous, texts("compare.previous_season")
    return previous, texts("compare.last_year" if this_year else "compare.year_before")


def period(texts: Texts, found: Period) -> str:
    """Name a period: ``Uke 20, 2026``, ``Mai 2026``, ``Sesongen 2025/26``."""
    language, begins, ends = texts.language, found.begins, found.ends
    match found.kind:
        case "week":
            year, week, _ = begins.isocalendar()
            written = texts("period.label_week", n=week, year=year)
        case "month":
            written = f"{formats.MONTHS[language][begins.month - 1]} {begins.year}"
        case "quarter":
            written = texts("period.label_quarter", n=begins.month // 3 + 1, year=begins.year)
        case "year":
            written = f"{begins.year}"
        case "season":
            written = texts("period.label_season", first=begins.year, second=f"{ends:%y}")
        case "rolling":
            last = formats.day(ends, language)
            written = texts("period.label_rolling", n=(ends - begins).days + 1, day=last)
        case "day":
            written = f"{formats.weekday(begins, language)} {formats.day(begins, language)}"
        case "range":
            written = formats.days(begins, ends, language)
    return _sentence(written)


def ago(texts: Texts, seconds: float | None) -> str:
    """Say how long ago something was: ``for 1 sekund siden``."""
    if seconds is None:
        return texts("ago.never")
    whole = max(0, int(seconds))
    if whole == 0:
        return texts("ago.now")
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if whole >= length:
            return texts.count(f"ago.{unit}", whole // length)
    return texts.count("ago.second", whole)


def name(measure: Measure, texts: Texts) -> str:
    """Return the name of *measure*."""
    return measure.name[texts.language]


def _size(texts: Texts, found: Change) -> str:
    size = abs(found.by)
    if found.kind == "points":
        return texts("compare.points", n=formats.number(size * 100, texts.language, 1))
    return formats.percent(size, texts.language, 1 if size < 0.1 else 0)


def _is_nothing(size: str) -> bool:
    """Tell whether a written size has no figure but 0."""
    return not any(figure in size for figure in "123456789")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
