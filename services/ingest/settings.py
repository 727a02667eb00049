"""What ingest is told by its environment, and the public halves that it seals with."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from kudos.sealing import Sealer
from kudos.settings import Settings as Shared
from kudos.topics import LARGEST_LETTER
from services.ingest.stopping import MOST_REJECTED

#: What a dead letter needs beside the record: the seal, its key, headers and the broker's framing.
_BESIDE = 64 * 1024


class Settings(Shared):
    """The settings of ingest; ``KUDOS_HOST`` and ``KUDOS_INGEST_PORT`` are where it listens."""

    account: ClassVar[str] = "ingest"

    organisations: Path
    host: str = "127.0.0.1"
    ingest_port: int = 8001
    #: What notifications named and is not fetched yet, and how far polls are: on a lasting disk.
    ingest_state: Path = Path(".kudos/ingest")
    #: The most bytes of a body, as it is sent and unpacked: all of it may become one dead letter.
    ingest_most_bytes: int = Field(5 * 2**20, ge=1024, le=LARGEST_LETTER - _BESIDE)
    #: More refused in a row stop their source, a vendor of an organisation.
    ingest_most_rejected: int = Field(MOST_REJECTED, ge=1)

    def sealer(self, reader: str) -> Sealer:
        """Return what seals to *reader*, identity or replay."""
        return Sealer(self.secret(f"seal.{reader}.public"))
