"""Exchange rates by day: what one unit of a currency was worth in NOK."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from msgspec import Struct

from kudos.errors import Misconfigured

#: What the file is called that ``kudos reference import exchange-rates`` writes.
FILE = "exchange_rates.csv"
COLUMNS = ("day", "currency", "rate")
HOME = "NOK"
#: A bank's holidays have the rate of the day before, but no stretch is longer than this.
MOST_DAYS = 7
_DAY = timedelta(days=1)


class Rate(Struct, frozen=True):
    """What one unit of *currency* was worth in NOK on *day*."""

    day: date
    currency: str
    rate: Decimal


def rates(reference: Path | None) -> list[Rate]:
    """Return the rates that were imported; none where none were."""
    file = reference / FILE if reference else None
    if file is None or not file.is_file():
        return []
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return list(_rows(text))
    except (OSError, LookupError, TypeError, ValueError, InvalidOperation):
        raise Misconfigured(f"KUDOS_REFERENCE: cannot read {file.name}; import it again") from None


def every_day(known: Iterable[Rate]) -> Iterator[Rate]:
    """Yield the rate of every day: days without one have that of the last day before that has."""
    before: Rate | None = None
    for one in sorted(known, key=lambda rate: (rate.currency, rate.day)):
        if before is not None and before.currency == one.currency:
            yield from _filled(before, min(one.day, before.day + MOST_DAYS * _DAY))
        elif before is not None:
            yield from _filled(before, before.day + MOST_DAYS * _DAY)
        yield one
        before = one
    if before is not None:
        yield from _filled(before, before.day + MOST_DAYS * _DAY)


def _filled(last: Rate, until: date) -> Iterator[Rate]:
    """Yield *last* for the days after it, before *until*."""
    day = last.day + _DAY
    while day < until:
        yield Rate(day, last.currency, last.rate)
        day += _DAY


def _rows(text: Iterable[str]) -> Iterator[Rate]:
    rows = csv.DictReader(text)
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise KeyError
    for row in rows:
        yield Rate(date.fromisoformat(row["day"]), row["currency"], Decimal(row["rate"]))
