"""Take the records of a file: in pieces that are acknowledged, then noted, then the next."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from kudos.cli.journal import Journal
from kudos.errors import KudosError
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Message, Sink, TooManyRejections
from kudos.topics import LARGEST_LETTER
from services.ingest import files
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.adapters.mapping import Mapping
from services.ingest.receiving import Counts, Intake

#: So many are acknowledged, and noted, at a time.
_CHUNK = 5000
_LARGEST = LARGEST_LETTER - 64 * 1024
#: Whose adapter reads what a mapping made.
STANDARD = "homemade"
_MICROSECOND = timedelta(microseconds=1)


class TooManyRefused(KudosError):
    """So many records were refused in a row that the file, or how it is read, is at fault.

    *first* and *last* are the first and the last of them, counted from 1.
    """

    def __init__(self, error: TooManyRejections, last: int) -> None:
        self.first, self.last = last - error.row + 1, last
        why = "; ".join(str(one) for one in error.first)
        super().__init__(
            f"records {self.first:,} to {last:,}, {error.row:,} in a row, were refused: {why}"
        )


class Feed(Struct, frozen=True):
    """Whose files they are, and how they are read."""

    origin: Origin
    adapter: Adapter
    mapping: Mapping | None  # then the rows are of the open standard, whoever sold


class Import:
    """Takes files of one feed; what it makes of a record depends on the file and nothing else."""

    def __init__(self, feed: Feed, sealer: Sealer, dead: DeadLetters, sink: Sink) -> None:
        self._feed, self._sealer, self._dead, self._sink = feed, sealer, dead, sink

    def take(
        self,
        path: Path,
        name: str,
        begun: Journal,
        note: Callable[[Journal], None],
        at: Callable[[int], None] = lambda _bytes: None,
    ) -> Journal:
        """Send the records of *path* behind those that *begun* has; return how far it is.

        *name* names the file's content; *note* is told after each acknowledgement, *at* how many
        bytes were read.
        """
        found = files.records(path, self._feed.adapter, self._feed.mapping, at)
        for _ in islice(found, begun.done):
            pass
        journal = begun
        while chunk := list(islice(found, _CHUNK)):
            counts = self._sent(chunk, f"{name}.{journal.done}", journal)
            journal = replace(journal, done=journal.done + len(chunk), counts=counts)
            note(journal)
        journal = replace(journal, whole=True)
        note(journal)
        return journal

    def _sent(self, chunk: Sequence[bytes], receipt: str, journal: Journal) -> Counts:
        feed = self._feed
        read_as = None if feed.mapping is None else STANDARD
        intake = Intake(
            feed.adapter, feed.origin, self._sealer, self._dead, receipt, read_as=read_as
        )
        held: list[Message] = []
        for number, record in enumerate(chunk, journal.done):
            if len(record) > _LARGEST:
                raise files.Unreadable(f"record {number + 1} is larger than any sale")
            before = intake.counts.dead
            try:
                # of what marks no version the later row stands
                held += intake.take(record, journal.received_at + number * _MICROSECOND)
            except TooManyRejections as error:
                raise TooManyRefused(error, number + 1) from None
            # letters wait for a record that can be read: what is stopped is not drained into them
            if intake.counts.dead == before:
                self._send(held)
        self._send(held)
        self._sink.flush()
        was, now = journal.counts, intake.counts
        return Counts(was.accepted + now.accepted, was.dead + now.dead, was.ignored + now.ignored)

    def _send(self, held: list[Message]) -> None:
        for message in held:
            self._sink.send(message)
        held.clear()
