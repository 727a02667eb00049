"""What may be asked: one measure of one organisation over one period, broken down at most twice."""

from datetime import date
from typing import Literal

from msgspec import Struct

PeriodKind = Literal["day", "week", "month", "quarter", "year", "season", "rolling", "range"]


class Period(Struct, frozen=True):
    """A stretch of whole days."""

    id: str  # as it was asked for: 2026-05-17, 2026-W20, 2026-05, 2026-Q2, 2026, season-2025 …
    kind: PeriodKind
    begins: date
    ends: date  # the last day that is in it


class Published(Struct, frozen=True):
    """One figure of a cut; *base* is what an index compares with."""

    measure: str
    scope: str  # as it was asked for
    period: Period
    by: tuple[str, ...] = ()
    base: str | None = None


class Question(Struct, frozen=True):
    """One figure of an organisation's own sales."""

    measure: str
    organisation: str
    period: Period
    by: tuple[str, ...] = ()
