"""``kudos poll``: fetch from a vendor's API once, from where the last poll ended."""

import json
import os
import sys
import time
from pathlib import Path

import click

from kudos.cli.running import Running, data_option, running
from kudos.errors import KudosError, Misconfigured
from kudos.kafka import KafkaSink
from kudos.reading import held
from kudos.register import parse
from kudos.sealing import Sealer
from kudos.topics import STOPPED
from services.ingest.adapters.base import Origin
from services.ingest.polling.polls import Polls
from services.ingest.stopping import MOST_REJECTED, SourceStopped, Stops
from services.ingest.vendors import adapters

_LINGER_MS = 5
_SAY_EVERY_S = 2.0


class Unread(KudosError):
    """The poll could not be ended; what it had read is there, and the next goes on there."""


@click.command(name="poll")
@click.argument("vendor")
@click.argument("organisation")
@click.option(
    "--anew",
    is_flag=True,
    help="Forget what was read before: all of it is read again, and replaces what it was.",
)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
@data_option
def command(
    vendor: str,
    organisation: str,
    anew: bool,  # noqa: FBT001 (click passes it by name)
    as_json: bool,  # noqa: FBT001
    data: Path,
) -> None:
    """Fetch once from VENDOR's API for ORGANISATION, from where the last poll ended.

    The service does it on its schedule; while it does, this says that the source is busy. What was
    broken off goes on; a repeat changes nothing.
    """
    system = running(data)
    origin = _origin(system, vendor, organisation)
    settings = system.settings("ingest")
    stops = Stops(
        float(os.environ.get("KUDOS_INGEST_MOST_REJECTED") or MOST_REJECTED),
        load=lambda: held(settings.kafka_config(), "ingest", [STOPPED.name]),
    )
    polls = Polls(
        adapters(system.organisations),
        Path(os.environ.get("KUDOS_INGEST_STATE") or data / "ingest") / "polling",
        system.secrets / "ingest",
        KafkaSink(settings.kafka_config(), linger_ms=_LINGER_MS),
        identity=Sealer(settings.secret("seal.identity.public")),
        replay=Sealer(settings.secret("seal.replay.public")),
        stops=stops,
    )
    told = _Told()
    try:
        counts = polls.poll(origin, time.sleep, anew=anew, tell=told)
    except Misconfigured:
        raise
    except SourceStopped as error:
        hint = f"kudos sources resume {vendor} {organisation}"
        raise Unread(f"{vendor} of {organisation} is stopped ({error}): {hint}") from None
    except KudosError as error:
        raise Unread(f"{vendor} of {organisation}: {error}; {told.read:,} records read") from None
    found = {
        "read": told.read,
        "new": told.new,
        "accepted": counts.accepted,
        "dead": counts.dead,
        "ignored": counts.ignored,
    }
    if as_json:
        click.echo(json.dumps(found))
        return
    text = (
        "{read:,} records read, {new:,} of them new: {accepted:,} accepted, {dead:,} of them dead"
    )
    click.echo(text.format(**found) + f", {counts.ignored:,} ignored")
    if counts.dead:
        click.echo("why some are dead: kudos dead-letters list", err=True)


class _Told:
    """Adds up what was read, and says so every other second: nobody knows how much there is."""

    def __init__(self) -> None:
        self.read = self.new = 0
        self._said = time.monotonic()

    def __call__(self, read: int, new: int) -> None:
        self.read += read
        self.new += new
        if time.monotonic() - self._said >= _SAY_EVERY_S:
            self._said = time.monotonic()
            print(f"{self.read:,} records read, {self.new:,} of them new", file=sys.stderr)


def _origin(system: Running, vendor: str, organisation: str) -> Origin:
    register = parse(system.organisations.read_text("utf-8"))
    feed = register.feeds.get((vendor, organisation))
    if feed is None:
        raise Misconfigured(f"the register has no {vendor} of {organisation}")
    return Origin(register.organisations[organisation], feed)
