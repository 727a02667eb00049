"""Purchases as they really are, and the documents in which a vendor tells of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from kudos.records import Channel, Item, Kind
from simulation.accounts import Account
from simulation.houses import House
from simulation.programme import Performance

#: A house and the vendor that it sells through.
Feed = tuple[str, str]


class Line(Struct, frozen=True):
    """One row of a purchase; amounts are of the whole line, in the currency's minor unit."""

    line: str
    kind: Kind
    item: Item
    quantity: int
    amount_minor: int  # before the discount
    discount_minor: int = 0
    fee_minor: int = 0
    vat_rate: int | None = None  # hundredths of a per cent
    at: datetime | None = None  # of its own; None: its document's
    undated: bool = False  # a refund whose time the vendor does not tell
    ticket_type: str | None = None
    price_category: str | None = None
    performance: Performance | None = None


class Order(Struct, frozen=True):
    """One purchase, when it was made."""

    house: House
    vendor: str
    number: int
    account: Account | None
    channel: Channel
    currency: str
    sold_at: datetime  # aware UTC, whole seconds
    lines: tuple[Line, ...]
    live: bool = False  # sold while it is told: no history to shuffle


class Fate(Struct, frozen=True):
    """What becomes of an order afterwards; a vendor tells it in its own way, or cannot."""

    at: datetime
    what: Literal["refund", "exchange", "correct"]
    how: str = ""  # of a correction: quantity, drop, line_day, order_day, retype, empty, claim
    pieces: Mapping[str, int] = {}  # line → how many of it
    apart: bool = False  # told in a document of its own
    performance: Performance | None = None  # of an exchange: the new one
    account: Account | None = None  # of a claim: whose it was
    days: int = 0  # of a moved day


class Contact(Struct, frozen=True):
    """What a vendor tells of a customer apart from any sale."""

    house: str
    vendor: str
    account: Account
    edited_at: datetime  # aware UTC, whole seconds
    since: datetime  # when it was first told of

    @property
    def due(self) -> datetime:
        """Return when the vendor would tell of it."""
        return self.edited_at


class Document(Struct, frozen=True):
    """A transaction at one version: what a vendor replaces as a whole, with all that it can tell.

    Where the vendor's payload has no place for something, it is None here.
    """

    house: str
    vendor: str
    transaction: str
    order: str
    version: int | None  # None: the vendor marks none
    sold_at: datetime
    sold_is_date: bool
    channel: Channel
    currency: str
    account: Account | None
    lines: tuple[Line, ...]
    due: datetime  # when the vendor would tell of it
    style: int = 0  # how the sender spells; the same in every version

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the newest version replaces: house, vendor, transaction."""
        return self.house, self.vendor, self.transaction
