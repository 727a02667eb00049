"""Times as they are sent: aware UTC, or a bare date; without a zone they are Oslo's."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from kudos.errors import Reason, Rejected
from kudos.register import OSLO

#: ISO 8601 as senders write it; which days a month has, the calendar says.
_DAY = r"(19[7-9][0-9]|20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_ZONE = r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
PATTERN = f"^{_DAY}([T ]{_CLOCK}{_ZONE}?)?$"
_written = re.compile(PATTERN[1:-1]).fullmatch
#: The end of a time whose offset has no colon.
_COMPACT = re.compile(r"(:[0-9]{2}(?:\.[0-9]+)?[+-][0-9]{2})([0-9]{2})$")

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
#: What lies after 2100 is no sale and no performance.
LAST = datetime(2101, 1, 1, tzinfo=UTC)


class Moment:
    """A point in time; of a bare date its midnight in Oslo, and the hour is not known."""

    __slots__ = ("at", "is_date")

    def __init__(self, at: datetime, *, is_date: bool) -> None:
        self.at = at  # aware UTC
        self.is_date = is_date


def moment(sent: Any) -> Moment:
    """Return what JSON holds as a Moment, or raise ValueError.

    A time without a zone is Oslo's: the hour that comes twice in October is the first, and the one
    that March leaves out is read by the clock before the change, so 02:30 is 03:30 summer time.
    """
    if type(sent) is not str:
        raise ValueError("Expected a date, or a date and time, as text")
    return _said(sent)


def read(sent: Any, field: str) -> Moment:
    """Return what a vendor sent as *field*, an offset without a colon too, or raise Rejected."""
    try:
        return moment(_COMPACT.sub(r"\1:\2", sent) if type(sent) is str else sent)
    except ValueError:
        wanted = "expected a date, or a date and time, of 1970 to 2100"
        raise Rejected(Reason.INVALID_FIELD, f"{field}: {wanted}") from None


def joined(day: str | None, clock: str | None, field: str) -> Moment:
    """Return the moment of a *day* and a *clock* that stand apart; without a clock the bare day."""
    return read(f"{day}T{clock}" if clock else day, field)


@lru_cache(maxsize=4096)
def _said(text: str) -> Moment:
    """Return what *text* says; a performance begins at one time for all who buy."""
    if _written(text) is None:
        raise ValueError("Expected a date, or a date and time, of 1970 to 2100")
    is_date = len(text) == 10
    try:
        if is_date:
            said = datetime.combine(date.fromisoformat(text), time(0), OSLO)
        else:
            said = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("Expected a day of the calendar") from None
    at = utc(said)
    if not FIRST <= at < LAST:
        raise ValueError("Expected a date, or a date and time, of 1970 to 2100")
    return Moment(at, is_date=is_date)


def birth_day(text: str | None) -> str | None:
    """Return the day that *text* begins with, or None: a slip is no reason to lose the rest."""
    try:
        return None if text is None else date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def microseconds(at: Moment) -> int:
    """Return a version of the time that a vendor changed a record.

    It is in microseconds since 1970, as the time of receipt is, which stands in where the vendor's
    is missing once.
    """
    return (at.at - FIRST) // timedelta(microseconds=1)


def utc(said: datetime) -> datetime:
    """Return *said* in UTC; without a zone it is Oslo's."""
    return (said if said.tzinfo else said.replace(tzinfo=OSLO)).astimezone(UTC)
