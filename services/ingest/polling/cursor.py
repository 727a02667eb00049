"""Where a poll goes on, and what was read before: one file a source, which one process holds.

SQLite keeps both in one transaction, and its lock ends with the process, however that ends.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from kudos.errors import KudosError

_TABLES = """
CREATE TABLE IF NOT EXISTS own (secret BLOB NOT NULL, stamp INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS streams (stream TEXT PRIMARY KEY, through INTEGER, place BLOB);
CREATE TABLE IF NOT EXISTS pages (
  stream TEXT, sweep INTEGER, number INTEGER, keys BLOB, PRIMARY KEY (stream, sweep, number));
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Bytes of a keyed hash.
SIZE = 16


class Busy(KudosError):
    """Another process polls this source now."""


class Place(Struct, frozen=True):
    """How far the reading of one window is: *page* is the next of the *sweep*-th time."""

    since: datetime | None
    until: datetime
    sweep: int = 0
    page: str = ""  # the first
    read: int = 0  # pages of this sweep
    ended: bool = False


class Entry(Struct, frozen=True):
    """What is remembered of a record: its name and its content, as keyed hashes."""

    key: bytes
    digest: bytes


class Store:
    """What is stored of the source in *path*; raise Busy where another process has it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # it says who buys where, to whoever can guess a whole record
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("BEGIN EXCLUSIVE")
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            if self._one("SELECT 1 FROM own") is None:
                self._db.execute("INSERT INTO own VALUES (?, 0)", (os.urandom(32),))
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._db.close()
            if error.sqlite_errorcode not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
            raise Busy("another process polls it") from None
        self._secret: bytes = self._one("SELECT secret FROM own")

    def close(self) -> None:
        """Let others have it."""
        self._db.close()

    def hashed(self, *parts: bytes) -> bytes:
        """Return the keyed hash of *parts*."""
        found = blake2b(key=self._secret, digest_size=SIZE)
        for part in parts:
            found.update(len(part).to_bytes(8, "big") + part)
        return found.digest()

    def stamp(self, now: datetime) -> datetime:
        """Return *now*, but later than any stamp before, also where the clock was set back."""
        last = self._one("SELECT stamp FROM own")
        stamp: int = max((now - _EPOCH) // _MICROSECOND, last + 1)
        self._db.execute("UPDATE own SET stamp = ?", (stamp,))
        return _EPOCH + stamp * _MICROSECOND

    def through(self, stream: str) -> datetime | None:
        """Return up to when *stream* was read whole, None where it never was."""
        found = self._one("SELECT through FROM streams WHERE stream = ?", stream)
        return None if found is None else _EPOCH + int(found) * _MICROSECOND

    def place(self, stream: str) -> Place | None:
        """Return where *stream* was broken off."""
        found = self._one("SELECT place FROM streams WHERE stream = ?", stream)
        return None if found is None else _decode(found)

    def changed(self, entries: Sequence[Entry]) -> list[bool]:
        """Return of which of *entries* the content is another than when it was last remembered."""
        last: dict[bytes, bytes | None] = {}
        told = []
        for one in entries:
            if one.key not in last:
                last[one.key] = self._one("SELECT digest FROM seen WHERE key = ?", one.key)
            told.append(last[one.key] != one.digest)
            last[one.key] = one.digest
        return told

    def remember(self, entries: Iterable[Entry]) -> None:
        """Remember *entries*, which the broker has."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO seen VALUES (?, ?)", ((one.key, one.digest) for one in entries)
        )
        self._db.execute("COMMIT")

    def note(self, stream: str, place: Place, keys: Sequence[bytes] | None = None) -> None:
        """Go on at *place*; *keys* are those of the page before it, in its order."""
        self._db.execute("BEGIN")
        if keys is not None:
            page = (stream, place.sweep, place.read, b"".join(keys))
            self._db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)", page)
        self._place(stream, msgspec.json.encode(place))
        self._db.execute("COMMIT")

    def keys(self, stream: str, sweep: int) -> bytes:
        """Return the keys of all pages of a *sweep*, one after the other."""
        asked = "SELECT keys FROM pages WHERE stream = ? AND sweep = ? ORDER BY number"
        return b"".join(keys for (keys,) in self._db.execute(asked, (stream, sweep)))

    def settle(self, stream: str, through: datetime | None) -> None:
        """Note that *stream* was read whole up to *through*; None: what was begun is begun anew."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM pages WHERE stream = ?", (stream,))
        self._place(stream, None)
        if through is not None:
            at = (through - _EPOCH) // _MICROSECOND
            self._db.execute("UPDATE streams SET through = ? WHERE stream = ?", (at, stream))
        self._db.execute("COMMIT")

    def forget(self) -> None:
        """Begin anew with all of it."""
        self._db.execute("BEGIN")
        for table in ("streams", "pages", "seen"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 (names of ours)
        self._db.execute("COMMIT")

    def _place(self, stream: str, place: bytes | None) -> None:
        self._db.execute(
            "INSERT INTO streams VALUES (?, NULL, ?)"
            " ON CONFLICT (stream) DO UPDATE SET place = excluded.place",
            (stream, place),
        )

    def _one(self, asked: str, *values: object) -> Any:
        found = self._db.execute(asked, values).fetchone()
        return None if found is None else found[0]


_decode = msgspec.json.Decoder(Place).decode
