"""What is answered: cells, and what is needed to read them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct, field

from services.query.question import Period


class Cell(Struct, frozen=True, omit_defaults=True):
    """One figure; money is in *currency*'s minor unit, shares are fractions of 1."""

    by: Mapping[str, str]
    value: int | float | None
    currency: str | None = None  # of money only
    why: str | None = None  # why there is no value
    instead: str | None = field(default=None, name="try")  # the next wider scope that is published
    interval: tuple[float, float] | None = None  # of an index: 95 %
    base_share: float | None = None  # of an index against the population: its share there
    as_of: datetime | None = None  # of one that an earlier cut published, and that stands


class Base(Struct, frozen=True):
    """What an index is held against: a scope, or the population of a place in a year."""

    id: str  # a scope, or population
    geography: str | None = None  # NO, or a county's number
    year: int | None = None  # at its beginning
    table: str | None = None  # what the register calls it


class Answer(Struct, frozen=True):
    """The cells of one question."""

    definition: str  # measure@version
    scope: str  # organisation:ID
    period: Period
    as_of: datetime | None  # the watermark of the table that answered; None: nothing came in yet
    organisations: int
    coverage: float | None  # the share of net tickets whose customer is known; None: no tickets
    unit: str  # orders, tickets, minor_units, persons, records, share …
    kind: Literal["live", "published"]
    cells: tuple[Cell, ...]
    unconverted: tuple[str, ...] = ()  # currencies that a group's money leaves out
    base: Base | None = None  # of an index


class Point(Struct, frozen=True):
    """One measure on one day; money in *currency*'s minor unit; None: undefined that day."""

    day: date
    value: int | float | None
    currency: str | None = None


class Minute(Struct, frozen=True):
    """What was sold in one minute of a day, in one currency."""

    of_day: int  # local minute, from 0
    currency: str
    orders: int
    tickets: int
    refunded_tickets: int
    gross_revenue: int
    net_revenue: int


class Live(Struct, frozen=True):
    """One organisation's day, minute by minute, as ``sales_live`` has it."""

    organisation: str
    day: date
    as_of: datetime | None
    minutes: tuple[Minute, ...]  # in order; only those in which something was sold or refunded


class Band(Struct, frozen=True):
    """How far a weekday had usually come, by quarter of an hour: cumulative net tickets and gross.

    Quantiles over the same weekday of the last *days* weeks that had any sale.
    """

    days: int
    tickets: tuple[tuple[float, float, float], ...]  # 96 times 25, 50 and 75 %
    gross_revenue: tuple[tuple[float, float, float], ...]  # in the register's currency
