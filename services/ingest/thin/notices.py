"""What notifications named and is not fetched yet: on disk before they are answered.

Ids and times alone stand in it, in the vendor's own words; nobody's data. One file a process.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from kudos.errors import KudosError, Misconfigured
from services.ingest.thin.base import Fetch

_TABLES = (
    """CREATE TABLE IF NOT EXISTS waiting (
      number INTEGER PRIMARY KEY AUTOINCREMENT, vendor TEXT, organisation TEXT, wanted BLOB,
      UNIQUE (vendor, organisation, wanted))""",
    """CREATE TABLE IF NOT EXISTS subscribed (
      vendor TEXT, organisation TEXT, resource TEXT, seen TEXT,
      PRIMARY KEY (vendor, organisation, resource))""",
    """CREATE TABLE IF NOT EXISTS making (
      vendor TEXT, organisation TEXT, resource TEXT,
      PRIMARY KEY (vendor, organisation, resource))""",
)


class NotNoted(KudosError):
    """The disk is full, or gone: what was told of must come again."""


class Notice(Struct, frozen=True):
    """Something to fetch; what is told of again while it is fetched gets a greater *number*."""

    number: int
    vendor: str
    organisation: str
    wanted: Fetch


class Notices:
    """The notices in the directory *folder*; any thread may use it, and only one process."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        #: Set when something came that has to be fetched.
        self.came = threading.Event()
        path = folder / "notices.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(
                path, timeout=5, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            # a power cut takes nothing that was answered
            self._db.execute("PRAGMA synchronous = FULL")
            for statement in _TABLES:
                self._db.execute(statement)
        except (OSError, sqlite3.Error) as error:
            name = type(error).__name__
            raise Misconfigured(f"KUDOS_INGEST_STATE: {path.name}: {name}") from None

    def close(self) -> None:
        """Let another process have it."""
        with self._lock:
            self._db.close()

    def note(self, vendor: str, organisation: str, wanted: Iterable[Fetch]) -> None:
        """Return when *wanted* is on disk, or raise NotNoted; what waits is asked for once."""
        rows = [(vendor, organisation, _encode(one)) for one in wanted]
        if not rows:
            return
        try:
            with self._lock, self._at_once():
                self._db.executemany(
                    "INSERT OR REPLACE INTO waiting (vendor, organisation, wanted)"
                    " VALUES (?, ?, ?)",
                    rows,
                )
        except sqlite3.Error as error:
            raise NotNoted(f"KUDOS_INGEST_STATE: {type(error).__name__}") from None
        self.came.set()

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how much has to be fetched, by vendor and organisation."""
        asked = "SELECT vendor, organisation, COUNT(*) FROM waiting GROUP BY vendor, organisation"
        with self._lock:
            found = self._db.execute(asked).fetchall()
        return {(vendor, of): count for vendor, of, count in found}

    def waiting(self, feed: tuple[str, str] | None = None) -> Sequence[Notice]:
        """Return all that has to be fetched, the oldest first; of one *feed*, or of all."""
        asked = "SELECT number, vendor, organisation, wanted FROM waiting"
        if feed is not None:
            asked += " WHERE (vendor, organisation) = (?, ?)"
        with self._lock:
            found = self._db.execute(f"{asked} ORDER BY number", feed or ()).fetchall()
        return [Notice(n, vendor, of, _decode(wanted)) for n, vendor, of, wanted in found]

    def done(self, notice: Notice) -> None:
        """Forget *notice*, unless it was told of again since."""
        with self._lock:
            self._db.execute("DELETE FROM waiting WHERE number = ?", (notice.number,))

    def seen(self, vendor: str, organisation: str, resource: str) -> datetime | None:
        """Return when that subscription was last seen to be there."""
        with self._lock:
            found = self._db.execute(
                "SELECT seen FROM subscribed WHERE (vendor, organisation, resource) = (?, ?, ?)",
                (vendor, organisation, resource),
            ).fetchone()
        return None if found is None else datetime.fromisoformat(found[0])

    def see(self, vendor: str, organisation: str, resource: str, at: datetime) -> None:
        """Note that that subscription is there, and nothing before it is missing."""
        name = (vendor, organisation, resource)
        with self._lock, self._at_once():
            self._db.execute(
                "INSERT OR REPLACE INTO subscribed VALUES (?, ?, ?, ?)", (*name, at.isoformat())
            )
            self._db.execute(
                "DELETE FROM making WHERE (vendor, organisation, resource) = (?, ?, ?)", name
            )

    def make(self, vendor: str, organisation: str, resource: str) -> None:
        """Note that that subscription is gone, before it is made again: who dies then knows."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO making VALUES (?, ?, ?)", (vendor, organisation, resource)
            )

    def was_gone(self, vendor: str, organisation: str, resource: str) -> bool:
        """Tell whether it was made again and what was missed is not asked for yet."""
        asked = "SELECT 1 FROM making WHERE (vendor, organisation, resource) = (?, ?, ?)"
        with self._lock:
            found = self._db.execute(asked, (vendor, organisation, resource)).fetchone()
        return found is not None

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Fetch).decode
