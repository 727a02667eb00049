"""What query is told by its environment."""

from datetime import time
from pathlib import Path
from typing import ClassVar

from kudos.settings import Settings as Shared


class Settings(Shared):
    """The settings of query."""

    account: ClassVar[str] = "query"

    organisations: Path
    host: str = "127.0.0.1"
    query_port: int = 8005
    publish_at: time = time(3, 30)  # Norwegian time of the nightly cut
