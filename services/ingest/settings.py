"""What ingest is told by its environment, and the public halves that it seals with."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from kudos.networks import Network, network
from kudos.sealing import Sealer
from kudos.settings import Settings as Shared
from kudos.topics import LARGEST_LETTER
from services.ingest.stopping import MOST_REJECTED

#: What a dead letter needs beside the record: the seal, its key, headers and the broker's framing.
_BESIDE = 64 * 1024


def _networks(told: str | tuple[Network, ...]) -> tuple[Network, ...]:
    """Return the networks in text, between commas."""
    if isinstance(told, tuple):
        return told
    return tuple(network(one.strip()) for one in told.split(","))


class Settings(Shared):
    """The settings of ingest; ``KUDOS_HOST`` and ``KUDOS_INGEST_PORT`` are where it listens."""

    account: ClassVar[str] = "ingest"

    organisations: Path
    host: str = "127.0.0.1"
    ingest_port: int = 8001
    #: What notifications named and is not fetched yet, and how far polls are: on a lasting disk.
    ingest_state: Path = Path(".kudos/ingest")
    #: Proxies of our own, whose X-Forwarded-For is believed; as networks, between commas.
    ingest_trusted_proxies: Annotated[
        tuple[Network, ...], NoDecode, BeforeValidator(_networks)
    ] = ()
    #: Whether it polls: of several instances one does.
    ingest_polls: bool = True
    #: The most bytes of a body, as it is sent and unpacked: all of it may become one dead letter.
    ingest_most_bytes: int = Field(5 * 2**20, ge=1024, le=LARGEST_LETTER - _BESIDE)
    #: More refused in a row stop their source, a vendor of an organisation.
    ingest_most_rejected: int = Field(MOST_REJECTED, ge=1)

    def sealer(self, reader: str) -> Sealer:
        """Return what seals to *reader*, identity or replay."""
        return Sealer(self.secret(f"seal.{reader}.public"))
