"""The organisations of the world; their particulars stand in ``houses.toml``."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

from kudos.register import Industry

Rhythm = Literal["winter", "steady", "summer"]
Offer = Literal["passes", "shop", "food", "donations", "gift_cards"]


class House(Struct, frozen=True, forbid_unknown_fields=True):
    """One organisation, and what decides how it sells."""

    id: str
    name: str
    industry: Industry
    city: str  # municipality of 2024; its first two digits are the county
    tickets: int  # a year
    genre: str  # in the house's own word
    halls: tuple[str, ...]
    prices: tuple[int, ...]  # kroner of an ordinary ticket, the best zone first; 0 is free entry
    feeds: tuple[str, ...]  # the first sells tickets, a second is mostly the shop's
    productions: int  # a year; 0: admission, no performances
    rhythm: Rhythm = "winter"
    offers: tuple[Offer, ...] = ()
    currency: str = "NOK"
    guests_pay: str | None = None  # the currency of one order in eight
    bare_dates: bool = False  # its system tells days, not hours
    numbered: bool = True  # seats; else one row holds several tickets
    sources: tuple[str, ...] = ()  # of profiles; they carry the first feed's customer numbers
    venues: Mapping[str, str] = {}  # halls elsewhere: their municipalities
    #: A system of which nothing is known: a script of the house's sends the open standard for it.
    system: str | None = None
    contacts: bool = True  # its customers' page is fetched; only Tixly's has one

    @property
    def county(self) -> str:
        """Return the county's number."""
        return self.city[:2]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    house: tuple[House, ...]


HOUSES = msgspec.toml.decode(
    files("simulation").joinpath("houses.toml").read_text("utf-8"), type=_File
).house
