"""What aggregate is told."""

import socket
from pathlib import Path
from typing import ClassVar

from kudos.settings import Settings


class AggregateSettings(Settings):
    """Aggregate's own settings."""

    account: ClassVar[str] = "aggregate"

    host: str = "127.0.0.1"
    aggregate_port: int = 8004
    #: Kafka's static membership: a restart under the same name goes on at once.
    aggregate_instance: str = socket.gethostname()
    organisations: Path
    #: Where ``kudos reference import`` keeps registers; without it only counties are known.
    reference: Path | None = None
