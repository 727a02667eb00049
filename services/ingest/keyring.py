"""Who may send what: the register's feeds, and the secrets of each, read again when they change."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from kudos.errors import Misconfigured
from kudos.register import WatchedRegister
from services.ingest.adapters.base import Origin
from services.ingest.signature import key

log = logging.getLogger(__name__)


class Secret(Struct, frozen=True):
    """A file's key as it was at *stamp*; None where there is no valid one."""

    stamp: tuple[int, int] | None
    key: bytes | None


class Keyring:
    """The feeds of the register, with the keys in *folder*, a file for each name."""

    def __init__(self, register: WatchedRegister, folder: Path) -> None:
        self._register, self._folder = register, folder
        self._secrets: dict[str, Secret] = {}
        self._told: Misconfigured | None = None

    def origin(self, vendor: str, organisation: str) -> Origin | None:
        """Return the feed of *organisation* from *vendor*, or None where there is none."""
        register = self._register.now
        if self._register.error is not self._told:
            self._told = self._register.error
            log.error("%s", self._told or "the register of organisations is right again")
        feed = register.feeds.get((vendor, organisation))
        return None if feed is None else Origin(register.organisations[organisation], feed)

    def origins(self) -> Sequence[Origin]:
        """Return every feed of the register."""
        register = self._register.now
        return [Origin(register.organisations[of], f) for (_, of), f in register.feeds.items()]

    def keys(self, origin: Origin) -> Sequence[bytes]:
        """Return the keys that are valid now, the newest first; a file is looked at each time.

        So a key is there as soon as its file is, and gone with it.
        """
        found = (self._secret(name).key for name in origin.feed.secrets)
        return [one for one in found if one is not None]

    def _secret(self, name: str) -> Secret:
        path = f"{self._folder}/{name}"  # at each request: a Path is dear
        known = self._secrets.get(name)
        stamp = _stamp(path)
        if known is not None and known.stamp == stamp:
            return known
        found = Secret(stamp, None if stamp is None else _read(path))
        if found.key is None:
            # once: until the file changes
            log.error("secret ingest/%s is missing or no whsec_ + base64", name)
        self._secrets[name] = found
        return found


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (as above)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _read(path: str) -> bytes | None:
    try:
        return key(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
