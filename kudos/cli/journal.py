"""How far an import is: a file of the data directory for each file that was imported."""

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct, field

from kudos.local.secrets import write
from services.ingest.receiving import Counts


class Journal(Struct, frozen=True):
    """How far a file is: *done* records of it were acknowledged; it is kept in the data directory.

    *received_at* is that of the first time, whenever it is imported again.
    """

    received_at: datetime
    done: int = 0
    counts: Counts = field(default_factory=Counts)
    whole: bool = False
    again: bool = False  # it was imported before


def content(path: Path, *more: str) -> str:
    """Return a name for what *path* holds, for *more*: the same wherever the file lies."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    for text in more:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()


def beginning(kept: Path, now: datetime, *, as_new: bool) -> Journal:
    """Return where to begin with the file whose journal is *kept*.

    Where it was broken off it goes on; what was imported before begins again, received as it was.
    """
    if as_new or not kept.is_file():
        return Journal(now)
    journal = msgspec.json.decode(kept.read_bytes(), type=Journal)
    return Journal(journal.received_at, again=True) if journal.whole else journal


def keep(kept: Path, journal: Journal) -> None:
    """Note *journal* at *kept*."""
    write(kept, msgspec.json.encode(journal).decode())
