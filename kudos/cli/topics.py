"""``kudos topics``: the topics as declared, and as they are on the broker."""

import json
from pathlib import Path

import click

from kudos import broker
from kudos.cli.running import data_option, running
from kudos.topics import TOPICS


@click.group(name="topics")
def command() -> None:
    """Show the topics, or bring a broker to what is declared."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(as_json: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """List the topics as declared."""
    rows = [
        {
            "topic": t.name,
            "kept_days": None if t.kept is None else t.kept.days,
            "compacted": t.compacted,
            "personal": t.personal,
            "writers": list(t.writers),
            "readers": list(t.readers),
        }
        for t in TOPICS.values()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        kept = "for ever" if row["kept_days"] is None else f"{row['kept_days']} days"
        click.echo(f"{row['topic']:<32}{kept:<10}{'compacted' if row['compacted'] else ''}")


@command.command()
@data_option
@click.option("--partitions", default=broker.PARTITIONS, show_default=True, help="Of new topics.")
@click.option("--replicas", default=1, show_default=True, help="Of new topics.")
def apply(data: Path, partitions: int, replicas: int) -> None:
    """Create or correct the topics and every account's rights; harmless at any time."""
    config = running(data).settings("admin").kafka_config()
    changes = broker.apply(config, partitions=partitions, replicas=replicas)
    click.echo("\n".join(changes) or "nothing to change")
