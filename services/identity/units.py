"""The ledger's units in a message, told by its key and headers: values are never looked at."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from kudos.identifiers import keyed_hash, transaction_id
from kudos.stream import Message
from kudos.topics import ENRICHED, PSEUDONYMOUS, RECEIVED

#: What KUDOS has taken responsibility for, and every place where a transaction can end.
TOPICS = (RECEIVED.name, *(f"{t.name}.dead" for t in (RECEIVED, PSEUDONYMOUS, ENRICHED)))

#: A record in which no transaction could be read: organisation/vendor/raw:sha256.
_RAW = re.compile(r"[^/]*/[^/]*/raw:[0-9a-f]{64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(Struct, frozen=True):
    """A unit and a state that it was in: a row of ``ledger_units``."""

    unit: int
    state: Literal["received", "dead", "replaced"]
    organisation: str
    vendor: str
    received_at: datetime
    death: tuple[str, str] = ("", "")  # of the dead: topic and reason


def units(ids: bytes, message: Message) -> Iterator[Unit]:
    """Yield the units that *message* tells of.

    A transaction that came in; a dead letter; a raw record that a replay has made transactions of,
    or nothing. That a letter of a transaction was replayed changes nothing: the transaction itself
    tells what became of it.
    """
    key = (message.key or b"").decode()
    name = message.header("unit") or key
    if message.topic == RECEIVED.name:
        yield _unit(int(transaction_id(ids, key), 16), "received", key, message)
        if replaces := message.header("replaces"):
            yield _unit(_hashed(ids, replaces), "replaced", replaces, message)
    elif message.header("state") != "replayed":
        unit_id = message.header("unit_id")
        yield _unit(int(unit_id, 16) if unit_id else _hashed(ids, name), "dead", name, message)
    elif _RAW.fullmatch(name):
        yield _unit(_hashed(ids, name), "replaced", name, message)


def _hashed(ids: bytes, name: str) -> int:
    raw = _RAW.fullmatch(name)
    return int(keyed_hash(ids, "raw", name) if raw else transaction_id(ids, name), 16)


def _death(message: Message) -> tuple[str, str]:
    """Return the topic that the letter was refused in, and the reason, a word of ours."""
    return message.topic.removesuffix(".dead"), message.header("reason") or ""


def _unit(
    unit: int, state: Literal["received", "dead", "replaced"], name: str, message: Message
) -> Unit:
    """Return the row; a time that nobody stamped is before every watermark, so that it shows."""
    organisation, vendor, *_ = (*name.split("/", 2), "", "")
    return Unit(
        unit,
        state,
        message.header("organisation") or organisation,
        message.header("vendor") or vendor,
        _EPOCH + timedelta(microseconds=int(message.header("received_at") or 0)),
        _death(message) if state == "dead" else ("", ""),
    )
