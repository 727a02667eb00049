"""``kudos sources``: which of them are stopped; an operator looks, mends, and resumes."""

import json
from pathlib import Path

import click
import msgspec

from kudos.cli.running import data_option, running
from kudos.errors import Misconfigured
from kudos.kafka import KafkaSink
from kudos.reading import held
from kudos.sources import resumed, standing
from kudos.topics import STOPPED


@click.group(name="sources")
def command() -> None:
    """List and resume the sources that are stopped.

    Too many of their records in a row were refused; their senders keep what they have until then.
    """


@command.command(name="list")
@data_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(data: Path, as_json: bool) -> None:  # noqa: FBT001 (click's)
    """List the sources that are stopped: whose, since when, and why the last record was refused."""
    config = running(data).settings("operator").kafka_config()
    found = standing(held(config, "operator", [STOPPED.name]))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), indent=1))
        return
    for one in found:
        why = f"{one.rejected:,} refused in a row, the last for {one.reason}: {one.detail}"
        click.echo(f"{one.vendor} {one.organisation}  since {one.stopped_at:%Y-%m-%d %H:%M}  {why}")


@command.command()
@click.argument("vendor")
@click.argument("organisation")
@data_option
def resume(vendor: str, organisation: str, data: Path) -> None:
    """Take in again what VENDOR sends of ORGANISATION, at every instance; a repeat is harmless.

    What had become dead letters before it was stopped is sent back by kudos dead-letters replay.
    """
    config = running(data).settings("operator").kafka_config()
    names = {(s.vendor, s.organisation) for s in standing(held(config, "operator", [STOPPED.name]))}
    if (vendor, organisation) not in names:
        raise Misconfigured(f"{vendor} of {organisation} is not stopped")
    sink = KafkaSink(config)
    sink.send(resumed((vendor, organisation)))
    sink.flush()
    click.echo(f"{vendor} of {organisation} is taken in again")
