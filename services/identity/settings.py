"""What identity is told by its environment, and its secrets."""

import re
from pathlib import Path
from typing import ClassVar

from kudos.errors import Misconfigured
from kudos.sealing import Opener, Sealer
from kudos.settings import Settings as Shared
from services.identity.pseudonym import Keys


class Settings(Shared):
    """The settings of identity; ``KUDOS_HOST`` and ``KUDOS_IDENTITY_PORT`` are its health's."""

    account: ClassVar[str] = "identity"

    host: str = "127.0.0.1"
    identity_port: int = 8002
    #: Where ``kudos reference import`` keeps registers; without it names are the package's.
    reference: Path | None = None
    #: What resolve knows, on a disk of this machine; lost, it is made anew from the topics.
    identity_state: Path = Path(".kudos/identity")

    def keys(self) -> Keys:
        """Return the secrets of pseudonyms; all versions are needed, for they nest."""
        versions = self._versions("pseudonym")
        return Keys(self._key("ids"), tuple(self._key(f"pseudonym.{n}") for n in versions))

    def opener(self) -> Opener:
        """Return what opens customers, whichever key they were sealed to."""
        versions = self._versions("seal.identity")
        return Opener(*(self.secret(f"seal.identity.{n}") for n in reversed(versions)))

    def sealer(self, reader: str) -> Sealer:
        """Return what seals to *reader*, identity or replay; one a thread."""
        return Sealer(self.secret(f"seal.{reader}.public"))

    def _versions(self, name: str) -> list[int]:
        """Return 1 to the newest, be they there or not: who reads one that is missing says so."""
        names = (p.name for p in (self.secrets / self.account).glob(f"{name}.*"))
        matches = (re.fullmatch(r".+\.([1-9][0-9]*)", found) for found in names)
        newest = max((int(match[1]) for match in matches if match), default=1)
        return list(range(1, newest + 1))

    def _key(self, name: str) -> bytes:
        try:
            key = bytes.fromhex(self.secret(name))
        except ValueError:
            key = b""
        if len(key) < 16:
            raise Misconfigured(
                f"KUDOS_SECRETS: {self.account}/{name} is not 32 hex digits or more"
            )
        return key
