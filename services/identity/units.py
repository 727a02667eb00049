"""The ledger's units in a message, told by its key and headers: values are never looked at."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from kudos.identifiers import keyed_hash, transaction_id
from kudos.stream import Message
from kudos.topics import ENRICHED, PSEUDONYMOUS, RECEIVED

#: What KUDOS has taken responsibility for, and every place where a transaction can end.
TOPICS = (RECEIVED.name, *(f"{t.name}.dead" for t in (RECEIVED, PSEUDONYMOUS, ENRICHED)))

#: A record in which no transaction could be read: organisation/vendor/raw:sha256.
_RAW = re.compile(r"[^/]*/[^/]*/raw:[0-9a-f]{64}")
_PLACE = re.compile(r"[^/]+/[0-9]+/[0-9]+")
_DEAD = ".dead"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(Struct, frozen=True):
    """A unit that came in: a row of ``ledger_units``."""

    unit: int
    organisation: str
    vendor: str
    received_at: datetime


class Death(Struct, frozen=True):
    """A dead letter of a unit, or a note that it was replayed: a row of ``letters``."""

    unit: int
    topic: str  # that it was on its way to
    partition: int
    offset: int
    replayed: bool
    stage: str
    reason: str
    organisation: str
    vendor: str
    received_at: datetime


def units(ids: bytes, message: Message) -> Iterator[Unit | Death]:
    """Yield what *message* tells of units.

    A transaction that came in; a dead letter, by its place; a note that one was replayed. What a
    replay made of a letter says so itself, for the replay may be broken off before it notes that:
    then it is what died and is on its way again, and a raw record that it replaces is no more.
    """
    key = (message.key or b"").decode()
    if message.topic != RECEIVED.name:
        yield _death(ids, message, key)
        return
    unit = int(transaction_id(ids, key), 16)
    yield Unit(unit, *_whose(key, message))
    replays, replaces = message.header("replays"), message.header("replaces")
    if replays is not None:
        yield _replayed(unit, replays, key, message)
    if replaces is not None:
        # before letters were named, it said of the record alone that it is replaced
        yield _replayed(_hashed(ids, replaces), replays or "", replaces, message)


def _death(ids: bytes, message: Message, key: str) -> Death:
    name, unit_id = message.header("unit") or key, message.header("unit_id")
    unit = int(unit_id, 16) if unit_id else _hashed(ids, name)
    if message.header("state") == "replayed":
        return _replayed(unit, message.header("letter") or "", name, message)
    return Death(
        unit,
        message.topic.removesuffix(_DEAD),
        message.partition or 0,
        message.offset or 0,
        False,
        message.header("stage") or "",
        message.header("reason") or "",
        *_whose(name, message),
    )


def _replayed(unit: int, letter: str, name: str, message: Message) -> Death:
    """Return the row that closes *letter*, topic/partition/offset, for *unit*."""
    topic, partition, offset = letter.split("/") if _PLACE.fullmatch(letter) else ("", "0", "0")
    place = topic.removesuffix(_DEAD), int(partition), int(offset)
    return Death(unit, *place, True, "", "", *_whose(name, message))


def _hashed(ids: bytes, name: str) -> int:
    raw = _RAW.fullmatch(name)
    return int(keyed_hash(ids, "raw", name) if raw else transaction_id(ids, name), 16)


def _whose(name: str, message: Message) -> tuple[str, str, datetime]:
    """Return organisation, vendor and time of receipt.

    A time that nobody stamped is before every watermark, so that it shows.
    """
    organisation, vendor, *_ = (*name.split("/", 2), "", "")
    return (
        message.header("organisation") or organisation,
        message.header("vendor") or vendor,
        _EPOCH + timedelta(microseconds=int(message.header("received_at") or 0)),
    )
