"""What enrich is told by its environment."""

from pathlib import Path
from typing import ClassVar

from kudos.settings import Settings as Shared


class Settings(Shared):
    """The settings of enrich; ``KUDOS_HOST`` and ``KUDOS_ENRICH_PORT`` are its health's."""

    account: ClassVar[str] = "enrich"

    host: str = "127.0.0.1"
    enrich_port: int = 8003
    #: Where ``kudos reference import`` keeps registers; without it only counties are known.
    reference: Path | None = None
