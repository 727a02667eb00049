"""The register of exchange rates by day, as who runs KUDOS imports it."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from kudos.errors import Misconfigured
from kudos.rates import COLUMNS, FILE, HOME, Rate

#: What the columns are called, in small letters: ours, and the words of Norges Bank's files.
_HEADS: Mapping[str, tuple[str, ...]] = {
    "day": ("day", "time_period", "dato", "date"),
    "currency": ("currency", "base_cur", "valuta"),
    "rate": ("rate", "obs_value", "kurs"),
}
#: Those that may be missing: of how many units the rate is, and against what, as a power of ten.
_MORE: Mapping[str, tuple[str, ...]] = {"power": ("unit_mult",), "against": ("quote_cur",)}
_CURRENCY, _POWER = re.compile(r"[A-Z]{3}"), re.compile(r"[0-9]?")
_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,12})?")


def read(text: bytes) -> list[Rate]:
    """Return the rates in a delimited file, or raise Misconfigured with the line."""
    found: dict[tuple[str, date], Rate] = {}
    for line, row in _rows(text):
        one = _rate(line, row)
        if (one.currency, one.day) in found:
            raise Misconfigured(f"line {line}: its currency and day stand twice")
        found[one.currency, one.day] = one
    if not found:
        raise Misconfigured("it holds no rate")
    return [found[key] for key in sorted(found)]


def write(folder: Path, found: list[Rate]) -> None:
    """Write *found* for query; nobody ever sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows((one.day, one.currency, f"{one.rate:f}") for one in found)
    draft.replace(folder / FILE)


def said(found: list[Rate]) -> str:
    """Return what was loaded."""
    lines = []
    for currency in sorted({one.currency for one in found}):
        days = [one.day for one in found if one.currency == currency]
        lines.append(f"{currency}: {len(days):,} days, {min(days)} to {max(days)}")
    return "\n".join([*lines, "the next cut uses them"])


def _rate(line: int, row: Mapping[str, str]) -> Rate:
    try:
        day = date.fromisoformat(row["day"])
    except ValueError:
        raise Misconfigured(f"line {line}: day is none") from None
    checks = {
        "currency is no code of three letters": _CURRENCY.fullmatch(row["currency"]),
        "rate is no number": _NUMBER.fullmatch(row["rate"]),
        "unit_mult is none": _POWER.fullmatch(row["power"]),
        f"quote_cur is not {HOME}": row["against"] in {"", HOME},
    }
    for wrong, right in checks.items():
        if not right:
            raise Misconfigured(f"line {line}: {wrong}")
    rate = Decimal(row["rate"].replace(",", ".")) / 10 ** int(row["power"] or 0)
    if rate <= 0:
        raise Misconfigured(f"line {line}: rate is not above 0")
    return Rate(day, row["currency"], rate)


def _rows(text: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows with their lines' numbers; a column that may be left out is empty."""
    lines = text.decode("utf-8-sig", "replace")
    first = lines.partition("\n")[0]
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=max("\t;,", key=first.count))
    head = [cell.strip().casefold() for cell in next(rows, [])]
    places = {
        name: next((head.index(word) for word in words if word in head), None)
        for name, words in {**_HEADS, **_MORE}.items()
    }
    if any(places[name] is None for name in _HEADS):
        raise Misconfigured("its head does not name day, currency and rate")
    for cells in rows:
        told = {
            name: cells[at].strip() if at is not None and at < len(cells) else ""
            for name, at in places.items()
        }
        if any(told.values()):
            yield rows.line_num, told
