"""``kudos import``: a vendor's exports, through the same adapter and onto the same topic as pushes.

It produces as ingest does, with ingest's account, and does not go through ingest's HTTP: what is
only imported needs no secret to sign with; a file is not cut into requests; and a repeat keeps the
time of the first receipt, which no sender may choose over HTTP. Where a vendor marks no version the
last received stands, so an old export that is imported again must not seem new.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import click
import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from kudos.cli.progress import Progress
from kudos.cli.running import Running, data_option, running
from kudos.errors import Misconfigured
from kudos.kafka import KafkaSink
from kudos.local.secrets import write
from kudos.register import PROFILE_SOURCES, parse
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Limit, Sink
from kudos.topics import LARGEST_LETTER
from services.ingest import files
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.adapters.documents import is_document
from services.ingest.adapters.mapping import Mapping, load
from services.ingest.receiving import Counts, Intake
from services.ingest.sources import SOURCES
from services.ingest.vendors import MAPPINGS, adapters

#: So many are acknowledged, and noted, at a time.
_CHUNK = 5000
_LARGEST = LARGEST_LETTER - 64 * 1024
_LINGER_MS = 20
#: Whose adapter reads what a mapping made.
_STANDARD = "homemade"
_MICROSECOND = timedelta(microseconds=1)


class Journal(Struct, frozen=True):
    """How far a file is: *done* records of it were acknowledged; it is kept in the data directory.

    *received_at* is that of the first time, whenever it is imported again.
    """

    received_at: datetime
    done: int = 0
    counts: Counts = field(default_factory=Counts)
    whole: bool = False
    again: bool = False  # it was imported before


class Done(Struct, frozen=True):
    """One file's import."""

    path: Path
    begun: Journal
    ended: Journal


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
        read_as = None if feed.mapping is None else _STANDARD
        intake = Intake(
            feed.adapter, feed.origin, self._sealer, self._dead, receipt, read_as=read_as
        )
        for number, record in enumerate(chunk, journal.done):
            if len(record) > _LARGEST:
                raise files.Unreadable(f"record {number + 1} is larger than any sale")
            # of what marks no version the later row stands
            for message in intake.take(record, journal.received_at + number * _MICROSECOND):
                self._sink.send(message)
        self._sink.flush()
        before, now = journal.counts, intake.counts
        return Counts(
            before.accepted + now.accepted, before.dead + now.dead, before.ignored + now.ignored
        )


@click.command(name="import")
@click.argument("vendor", metavar="VENDOR|SOURCE")
@click.argument("organisation")
@click.argument(
    "paths",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@click.option(
    "--mapping",
    "mapped",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Which columns of a delimited file are which fields (TOML; docs/mapping.md).",
)
@click.option(
    "--xsd",
    "schema",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="What XML must be valid by before any of it is taken.",
)
@click.option(
    "--as-new", is_flag=True, help="As if received now: it replaces what came in meanwhile."
)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
@data_option
def command(  # noqa: PLR0917 (click passes them by name)
    vendor: str,
    organisation: str,
    paths: tuple[Path, ...],
    mapped: Path | None,
    schema: Path | None,
    as_new: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    data: Path,
) -> None:
    """Read exports of VENDOR for ORGANISATION: JSON, lines of JSON, XML, or what it writes.

    Rows of delimited text and of spreadsheets go by a mapping. All may be gzip.

    What was broken off goes on where it was; a repeat changes nothing.
    """
    system = running(data)
    text = "" if mapped is None else _text(mapped)
    feed = _feed(system, vendor, organisation, None if mapped is None else _mapping(text))
    if schema is not None:
        for path in paths:
            files.check_schema(path, schema)
    settings = system.settings("ingest")
    importing = Import(
        feed,
        Sealer(settings.secret("seal.identity.public")),
        DeadLetters(
            "ingest",
            Sealer(settings.secret("seal.replay.public")),
            lambda _reason: None,
            Limit(float("inf")),
        ),
        KafkaSink(settings.kafka_config(), linger_ms=_LINGER_MS),
    )
    done = []
    for path in paths:
        name = content(path, vendor, organisation, text, *_named(path, feed.mapping))
        kept = data / "imports" / f"{name}.json"
        begun = beginning(kept, datetime.now(UTC), as_new=as_new)
        progress = Progress(_kilobytes(path.stat().st_size), "kB")
        ended = importing.take(path, name, begun, partial(_keep, kept), partial(_say, progress))
        progress.end(_kilobytes(path.stat().st_size))
        done.append(Done(path, begun, ended))
    _report(done, as_json=as_json)


def content(path: Path, *more: str) -> str:
    """Return a name for what *path* holds, for *more*: the same wherever the file lies."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    for text in more:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()


def beginning(kept: Path, now: datetime, *, as_new: bool) -> Journal:
    """Return where to begin with the file whose journal is *kept*.

    Where it was broken off it goes on; what was imported before begins again, received as it was.
    """
    if as_new or not kept.is_file():
        return Journal(now)
    journal = msgspec.json.decode(kept.read_bytes(), type=Journal)
    return Journal(journal.received_at, again=True) if journal.whole else journal


def _named(path: Path, mapping: Mapping | None) -> tuple[str, ...]:
    """Return the file's name where numbers are made of it."""
    return () if mapping is None or mapping.file.file_name is None else (path.name,)


def _keep(kept: Path, journal: Journal) -> None:
    write(kept, msgspec.json.encode(journal).decode())


def _say(progress: Progress, size: int) -> None:
    progress(_kilobytes(size))


def _kilobytes(size: int) -> int:
    return size // 1000


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Misconfigured(f"{path.name} is not UTF-8") from None


def _mapping(text: str) -> Mapping:
    if is_document(text):
        # a dead letter of it is read again by what the vendor's name leads to
        told = f"a mapping of JSON records stands beside the register, as {MAPPINGS}/VENDOR.toml"
        raise Misconfigured(f"--mapping: {told}")
    return load(text)


def _feed(system: Running, vendor: str, organisation: str, mapping: Mapping | None) -> Feed:
    register = parse(_text(system.organisations))
    feed = register.feeds.get((vendor, organisation))
    if feed is None:
        raise Misconfigured(f"the register has no {vendor} of {organisation}")
    known = {**adapters(system.organisations), **SOURCES}
    adapter = known.get(vendor if mapping is None else _STANDARD)
    if adapter is None and vendor in PROFILE_SOURCES:
        raise Misconfigured(f"{vendor} speaks of no customer: kudos reference import {vendor} FILE")
    if adapter is None:
        raise Misconfigured(f"{vendor}: what it sells through is read by a mapping only")
    return Feed(Origin(register.organisations[organisation], feed), adapter, mapping)


def _report(done: Sequence[Done], *, as_json: bool) -> None:
    rows = [
        {
            "file": one.path.name,
            **asdict(one.ended.counts),
            "repeat": one.begun.again,
            "went_on_at": one.begun.done,
            "received_at": one.ended.received_at.isoformat(),
        }
        for one in done
    ]
    if as_json:
        click.echo(json.dumps({"files": rows}, indent=1))
        return
    for row in rows:
        how = " again, as received before" if row["repeat"] else ""
        counts = "{accepted:,} accepted, {dead:,} of them dead, {ignored:,} ignored".format(**row)
        click.echo(f"{row['file']}: {counts}{how}")
    if any(one.ended.counts.dead for one in done):
        click.echo("why some are dead: kudos dead-letters list", err=True)
