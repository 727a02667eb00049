"""``kudos import``: a vendor's exports, through the same adapter and onto the same topic as pushes.

It produces as ingest does, with ingest's account, and does not go through ingest's HTTP: what is
only imported needs no secret to sign with; a file is not cut into requests; and a repeat keeps the
time of the first receipt, which no sender may choose over HTTP. Where a vendor marks no version the
last received stands, so an old export that is imported again must not seem new.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import asdict

from kudos.cli.importer import STANDARD, Feed, Import, TooManyRefused
from kudos.cli.journal import Journal, beginning, content, keep
from kudos.cli.progress import Progress
from kudos.cli.running import Running, data_option, running
from kudos.errors import KudosError, Misconfigured
from kudos.kafka import KafkaSink
from kudos.register import PROFILE_SOURCES, parse
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Limit
from services.ingest import files
from services.ingest.adapters.base import Origin
from services.ingest.adapters.documents import is_document
from services.ingest.adapters.mapping import Mapping, load
from services.ingest.sources import SOURCES
from services.ingest.stopping import MOST_REJECTED
from services.ingest.vendors import MAPPINGS, adapters

_LINGER_MS = 20


class Done(Struct, frozen=True):
    """One file's import."""

    path: Path
    begun: Journal
    ended: Journal


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
@click.option(
    "--most-rejected",
    type=click.IntRange(1),
    default=MOST_REJECTED,
    envvar="KUDOS_INGEST_MOST_REJECTED",
    show_default=True,
    help="More records refused in a row end the import.",
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
    most_rejected: int,
    as_json: bool,  # noqa: FBT001
    data: Path,
) -> None:
    """Read exports of VENDOR for ORGANISATION: JSON, lines of JSON, XML, or what it writes.

    Rows of delimited text and of spreadsheets go by a mapping. All may be gzip.

    What was broken off goes on where it was; a repeat changes nothing. A record that is refused
    becomes a dead letter; too many in a row end it: then the file is at fault, or how it is read.
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
            Limit(most_rejected),
        ),
        KafkaSink(settings.kafka_config(), linger_ms=_LINGER_MS),
    )
    done = []
    for path in paths:
        name = content(path, vendor, organisation, text, *_named(path, feed.mapping))
        kept = data / "imports" / f"{name}.json"
        begun = beginning(kept, datetime.now(UTC), as_new=as_new)
        progress = Progress(_kilobytes(path.stat().st_size), "kB")
        try:
            ended = importing.take(path, name, begun, partial(keep, kept), partial(_say, progress))
        except TooManyRefused as error:
            raise _ended(path, error, beginning(kept, begun.received_at, as_new=False)) from None
        progress.end(_kilobytes(path.stat().st_size))
        done.append(Done(path, begun, ended))
    _report(done, as_json=as_json)


def _ended(path: Path, error: TooManyRefused, journal: Journal) -> KudosError:
    """Return what an operator is told of an import that came to an end."""
    return KudosError(
        f"{path.name}: {error}. {journal.done:,} records are acknowledged; what was refused after"
        " these is nowhere kept. Mend the adapter and give the command again: it goes on there."
        " Where the file or the mapping has to change it begins anew, and what is there counts"
        " once. Or have it all as dead letters by --most-rejected"
    )


def _named(path: Path, mapping: Mapping | None) -> tuple[str, ...]:
    """Return the file's name where numbers are made of it."""
    return () if mapping is None or mapping.file.file_name is None else (path.name,)


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
    adapter = known.get(vendor if mapping is None else STANDARD)
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
