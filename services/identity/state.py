"""What resolve knows, in LMDB: a cache of ``identity.records`` and ``identity.links``.

Names and birth dates stay sealed here too. What a batch changes, and the offset behind it, become
visible together or not at all.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import count, takewhile
from pathlib import Path
from typing import IO, Any, cast

import lmdb
import msgspec
from msgspec import Struct

from services.identity.persons import Id, Key

#: Address space and not disk: a ref takes about a kilobyte.
_MAP_BYTES = 256 * 2**30
_TABLES = (b"refs", b"keys", b"links", b"hubs", b"meta")
_ID = 16
_ORGANISATION = 8


class Row(Struct, frozen=True, array_like=True):
    """What was claimed of a ref."""

    organisation: str
    keys: dict[str, Key]  # of the newest version
    codes: bytes | None  # sealed
    digest: bytes  # of the codes in the clear: whether something new is said of a ref


class Reflected(Struct, frozen=True):
    """What a state is of: it serves only where all but the offset are as they were."""

    offset: int  # of ``identity.claims``: all before it is in it
    cluster: str
    versions: int  # of the pseudonym keys
    rules: int


_row = msgspec.msgpack.Decoder(Row)
_reflected = msgspec.msgpack.Decoder(Reflected)
_encode = msgspec.msgpack.Encoder().encode


def digest(clear: bytes) -> bytes:
    """Return 8 bytes that tell *clear* from other codes of its ref."""
    return blake2b(clear, digest_size=8).digest()


class State:
    """An environment of this process's own, below *folder*; a killed one's is taken over."""

    def __init__(self, folder: Path) -> None:
        self._lock, path = _own(folder)
        try:
            self._env = _environment(path)
        except lmdb.Error:
            # what a power cut left is no state; the topics hold it all
            for name in ("data.mdb", "lock.mdb"):
                (path / name).unlink(missing_ok=True)
            self._env = _environment(path)
        self._tables = {
            name: self._env.open_db(name, dupsort=name == b"keys", dupfixed=name == b"keys")
            for name in _TABLES
        }

    @contextmanager
    def change(self) -> Iterator["Change"]:
        """Yield what can be read and changed; an exception takes all of it back."""
        with self._env.begin(write=True) as transaction:
            yield Change(transaction, self._tables)

    def close(self) -> None:
        """Let another process have it."""
        self._env.close()
        self._lock.close()


def _environment(path: Path) -> lmdb.Environment:
    return lmdb.open(
        str(path), map_size=_MAP_BYTES, max_dbs=len(_TABLES), metasync=False, readahead=False
    )


def _own(folder: Path) -> tuple[IO[str], Path]:
    """Return the first directory that no living process holds: two must not wait for each other."""
    for number in count():
        path = folder / str(number)
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "held").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return lock, path
    raise AssertionError  # pragma: no cover (count has no end)


class Change:
    """One transaction on the state."""

    def __init__(self, transaction: lmdb.Transaction, tables: dict[bytes, Any]) -> None:
        self._transaction, self._tables = transaction, tables
        self._refs = transaction.cursor(tables[b"refs"])
        self._keys = transaction.cursor(tables[b"keys"])
        self._links = transaction.cursor(tables[b"links"])
        self._hubs = transaction.cursor(tables[b"hubs"])

    def row(self, ref: Id) -> Row | None:
        """Return what was claimed of *ref*."""
        return _row.decode(self._refs.value()) if self._refs.set_key(ref) else None

    def put(self, ref: Id, row: Row) -> None:
        """Note what was claimed of *ref*; its keys are entered apart."""
        self._refs.put(ref, _encode(row))

    def enter(self, ref: Id, organisation: bytes, key: Key) -> tuple[bool, bool]:
        """Note that *ref* has *key*; return whether another had it, and one of *organisation*."""
        cursor = self._keys
        is_shared = cursor.set_key(key)
        is_own = is_shared and self._at(key, organisation)
        cursor.put(key, organisation + ref, dupdata=False)
        return is_shared, is_own

    def _at(self, key: Key, organisation: bytes) -> bool:
        """Go to the first of *organisation* that has *key*; tell whether there is one."""
        cursor = self._keys
        if not cursor.set_range_dup(key, organisation + bytes(_ID)):
            return False
        return bytes(cursor.value()).startswith(organisation)

    def shared(self, key: Key) -> int:
        """Return how many have *key*."""
        return self._keys.count() if self._keys.set_key(key) else 0

    def sharing(self, key: Key, organisation: bytes = b"") -> list[Id]:
        """Return who has *key*, of one organisation where one is named."""
        cursor = self._keys
        if not (self._at(key, organisation) if organisation else cursor.set_key(key)):
            return []
        values = cast("Iterator[bytes]", cursor.iternext_dup())
        own = takewhile(lambda v: v.startswith(organisation), values) if organisation else values
        return [value[_ORGANISATION:] for value in own]

    def forget(self, ref: Id) -> None:
        """Take away all of *ref*."""
        if (row := self.row(ref)) is not None:
            for key in row.keys.values():
                value = short(row.organisation) + ref
                if self._keys.set_key_dup(key, value):
                    self._keys.delete()
            self._refs.set_key(ref)
            self._refs.delete()
        self.put_link(ref, None)

    def link(self, ref: Id) -> bytes | None:
        """Return the link of *ref*: 8 bytes of its person, 8 of its own person."""
        return bytes(self._links.value()) if self._links.set_key(ref) else None

    def put_link(self, ref: Id, link: bytes | None) -> None:
        """Replace the link of *ref*, or take it away."""
        if link is not None:
            self._links.put(ref, link)
        elif self._links.set_key(ref):
            self._links.delete()

    def is_hub(self, key: Key, organisation: bytes = b"") -> bool:
        """Tell whether *key* was found to be a hub, within *organisation* where one is named."""
        return self._hubs.set_key(key + organisation)

    def put_hub(self, key: Key, organisation: bytes = b"") -> None:
        """Note that *key* is a hub."""
        self._hubs.put(key + organisation, b"")

    def refs(self, after: Id, most: int) -> list[Id]:
        """Return up to *most* refs that come after *after*, in order."""
        cursor = self._refs
        more = cursor.set_range(after)
        if more and cursor.key() == after:
            more = cursor.next()
        found: list[Id] = []
        while more and len(found) < most:
            found.append(bytes(cursor.key()))
            more = cursor.next()
        return found

    @property
    def reflects(self) -> Reflected | None:
        """Return what this state is of; None where it is not whole."""
        value = self._transaction.get(b"reflects", db=self._tables[b"meta"])
        return None if value is None else _reflected.decode(value)

    @reflects.setter
    def reflects(self, what: Reflected) -> None:
        self._transaction.put(b"reflects", _encode(what), db=self._tables[b"meta"])

    def empty(self) -> None:
        """Take everything away."""
        for table in self._tables.values():
            self._transaction.drop(table, delete=False)


def short(organisation: str) -> bytes:
    """Return what stands for *organisation* in the state."""
    return blake2b(organisation.encode(), digest_size=_ORGANISATION).digest()
