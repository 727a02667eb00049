"""Keep links and evidence: on every instance, each of its own partitions."""

import threading
from typing import Protocol

from kudos.metrics import STEP_SECONDS
from services.aggregate import links
from services.aggregate.leader import Loop
from services.aggregate.links_source import Read

#: After a batch of fewer it waits for more: its dozen statements cost much the same, and sales want
#: the processor.
MANY, PAUSE_S = 5000, 2.0


class Reads(Protocol):
    """The broker, as far as links are read from it."""

    def take(self) -> Read | None:
        """Return what is at hand; None where nothing is."""

    def commit(self, read: Read) -> None:
        """Note that *read* has been kept."""

    def close(self) -> None:
        """Leave."""


class Linker(Loop):
    """Writes what is at hand, and commits it after; what cannot be written yet is held."""

    name = "links"

    def __init__(self, url: str, source: Reads, stop: threading.Event) -> None:
        super().__init__(url, lambda: True, stop)
        self._source = source
        self._read: Read | None = None
        self._kept = False
        self._seconds = STEP_SECONDS.labels("aggregate", "links")

    def run(self) -> None:
        """Return after *stop*; raise what will not pass."""
        try:
            super().run()
        finally:
            self._source.close()

    def once(self) -> float:
        """Keep what is at hand, which is waited for."""
        if self._read is None:
            self._read, self._kept = self._source.take(), False
        if self._read is not None:
            if not self._kept:
                with self._seconds.time():
                    links.write(self.client, self._read.batch)
                self._kept = True
            self._source.commit(self._read)
            is_many = len(self._read.batch.links) + len(self._read.batch.evidence) >= MANY
            self._read = None
            return 0.0 if is_many else PAUSE_S
        return 0.0
