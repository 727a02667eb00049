"""The register of organisations: one TOML file, read again when it changes."""

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct, field

from kudos.errors import Misconfigured
from kudos.networks import network
from kudos.records import Item

OSLO = ZoneInfo("Europe/Oslo")

Industry = Literal[
    "scenekunst",
    "orkester",
    "konserthus",
    "museum",
    "visuell-kunst",
    "festival",
    "kino",
    "litteratur",
    "annet",
]
ProfileSource = Literal["tagtool", "dnb", "markethype", "npumonitor"]
Role = Literal["organisation", "network", "operator"]
TicketClass = Literal[
    "full",
    "reduced",
    "child",
    "youth",
    "student",
    "senior",
    "group",
    "subscription",
    "free",
    "other",
]
Genre = Literal[
    "theatre",
    "opera",
    "dance",
    "musical",
    "classical",
    "popular",
    "jazz_folk",
    "literature",
    "exhibition",
    "film",
    "children",
    "festival",
    "other",
]

PROFILE_SOURCES: tuple[str, ...] = get_args(ProfileSource)
_ITEMS = frozenset(get_args(Item))

Id = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
County = Annotated[str, Meta(pattern="^[0-9]{2}$")]
Municipality = Annotated[str, Meta(pattern="^[0-9]{4}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Feed(Struct, frozen=True):
    """One system that an organisation sells through, or one source of profiles."""

    id: str
    transport: Literal["push", "poll", "import"] = "push"
    secrets: tuple[str, ...] = ()  # names of files, the newest first; all are valid
    begins: date | None = field(default=None, name="from")
    until: date | None = None  # the first day that is no longer this system's
    items: Mapping[str, str] = {}
    numbers_of: str | None = None
    allow: tuple[str, ...] = ()  # networks that it is pushed from; none: from anywhere
    own: Mapping[str, Any] = {}  # further keys are the vendor's own

    def covers(self, sold_at: datetime) -> bool:
        """Tell whether a sale of *sold_at* is this system's to bring."""
        day = sold_at.astimezone(OSLO).date()
        return (self.begins is None or self.begins <= day) and (
            self.until is None or day < self.until
        )

    def item(self, *names: str | None, default: str = "ticket") -> str:
        """Return the item of an article, by its number or name, else the register's default.

        Where that has none it is *default*: tills and shops sell other things than tickets.
        """
        known = (self.items[name] for name in names if name is not None and name in self.items)
        return next(known, self.items.get("default", default))


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """An institution that takes part."""

    id: Id
    name: str
    industry: Industry
    county: County  # of the venue; numbers of 2024
    owner: Id
    city: Municipality
    currency: Currency = "NOK"
    venues: Mapping[str, Municipality] = {}
    cross_use: bool = False
    ticket_classes: Mapping[str, TicketClass] = {}
    genres: Mapping[str, Genre] = {}
    guests: Mapping[str, Id] = {}
    vendor: tuple[dict[str, Any], ...] = ()


class Token(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may ask; the token itself is nowhere, only its hash."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    role: Role
    organisation: Id | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    organisation: tuple[dict[str, Any], ...] = ()
    token: tuple[dict[str, Any], ...] = ()


class Register(Struct, frozen=True):
    """The organisations by id, their feeds by (vendor, organisation), and the tokens by hash."""

    organisations: Mapping[str, Organisation]
    feeds: Mapping[tuple[str, str], Feed]
    tokens: Mapping[str, Token]


def parse(text: str, vendors: Collection[str] | None = None) -> Register:
    """Return the register in *text*, or raise Misconfigured with the place of what is wrong.

    Whoever knows which *vendors* have an adapter is told of a feed of another; the rest need not.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(f"register of organisations: {error}") from None
    organisations: dict[str, Organisation] = {}
    feeds: dict[tuple[str, str], Feed] = {}
    for number, raw in enumerate(file.organisation, 1):
        one = _read(raw, Organisation, f"organisation {raw.get('id', f'number {number}')}")
        if one.id in organisations:
            raise _wrong(one.id, "it stands twice")
        organisations[one.id] = one
        for feed in (_feed(one.id, raw, vendors) for raw in one.vendor):
            if (feed.id, one.id) in feeds:
                raise _wrong(one.id, f"vendor {feed.id} stands twice")
            feeds[feed.id, one.id] = feed
    for one in organisations.values():
        for guest in one.guests.values():
            if guest not in organisations:
                raise _wrong(one.id, f"its guest {guest} is not there")
    return Register(organisations, feeds, _tokens(file.token, organisations))


S = TypeVar("S", bound=Struct)


def _read(raw: dict[str, Any], shape: type[S], place: str) -> S:
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise _wrong(place, str(error)) from None


def _tokens(
    raws: tuple[dict[str, Any], ...], organisations: Mapping[str, Organisation]
) -> dict[str, Token]:
    tokens: dict[str, Token] = {}
    for number, raw in enumerate(raws, 1):
        place = f"token number {number}"
        token = _read(raw, Token, place)
        if (token.role == "organisation") != (token.organisation is not None):
            raise _wrong(place, "one of role organisation names one, and no other does")
        if token.organisation not in {None, *organisations}:
            raise _wrong(place, f"organisation {token.organisation} is not there")
        if token.sha256 in tokens:
            raise _wrong(place, "it stands twice")
        tokens[token.sha256] = token
    return tokens


_KNOWN = {"id", "transport", "secrets", "from", "until", "items", "numbers_of", "allow"}


def _feed(organisation: str, raw: dict[str, Any], vendors: Collection[str] | None) -> Feed:
    own = {key: value for key, value in raw.items() if key not in _KNOWN}
    try:
        feed = msgspec.convert({k: raw[k] for k in raw.keys() & _KNOWN} | {"own": own}, Feed)
    except msgspec.ValidationError as error:
        raise _wrong(organisation, str(error)) from None
    if feed.id not in PROFILE_SOURCES and not _is_vendor(feed.id, vendors):
        raise _wrong(organisation, f"vendor {feed.id} is not known")
    if feed.begins and feed.until and feed.until <= feed.begins:
        raise _wrong(organisation, f"{feed.id}: until is not after from")
    if feed.id in PROFILE_SOURCES and not _is_vendor(feed.numbers_of or "", vendors):
        raise _wrong(organisation, f"{feed.id} needs numbers_of, a vendor")
    for item in feed.items.values():
        if item not in _ITEMS:
            raise _wrong(organisation, f"items: {item} is none")
    for secret in feed.secrets:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", secret):
            raise _wrong(organisation, "secrets are names of files")
    _check_networks(organisation, feed, raw)
    return feed


def _check_networks(organisation: str, feed: Feed, raw: Mapping[str, Any]) -> None:
    if "allow" in raw and not feed.allow:
        raise _wrong(organisation, f"{feed.id}: allow is empty: leave it out, or nobody may send")
    for written in feed.allow:
        try:
            network(written)
        except ValueError:
            what = f"{feed.id}: allow: {written} is no network such as 192.0.2.0/24"
            raise _wrong(organisation, what) from None


def _is_vendor(id_: str, vendors: Collection[str] | None) -> bool:
    known = id_ not in PROFILE_SOURCES if vendors is None else id_ in vendors
    return known and re.fullmatch("[a-z0-9]{1,40}", id_) is not None


def _wrong(organisation: str, what: str) -> Misconfigured:
    return Misconfigured(f"register of organisations: {organisation}: {what}")


class WatchedRegister:
    """The register in a file, read again when the file changes; one that is wrong is not taken."""

    def __init__(self, path: Path, vendors: Collection[str] | None = None) -> None:
        self._path, self._vendors = path, vendors
        self._seen: tuple[int, ...] | None = self._stamp()
        self._register = parse(self._text(), vendors)
        self.error: Misconfigured | None = None

    @property
    def now(self) -> Register:
        """Return the register as the file has it; at most one ``stat`` a call."""
        try:
            stamp = self._stamp()
        except Misconfigured as error:
            self._seen, self.error = None, error
            return self._register
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._register, self.error = parse(self._text(), self._vendors), None
            except Misconfigured as error:
                self.error = error
        return self._register

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            raise Misconfigured(f"KUDOS_ORGANISATIONS: cannot read {self._path.name}") from None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size

    def _text(self) -> str:
        try:
            return self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise Misconfigured(f"KUDOS_ORGANISATIONS: cannot read {self._path.name}") from None
