"""``kudos rebuild``: every table anew, from the facts or the topics, beside the running ones."""

import os
from datetime import datetime
from pathlib import Path

import click
from clickhouse_connect.driver.exceptions import ClickHouseError

from kudos.cli.progress import Progress
from kudos.cli.retelling import make_anew, topics_of
from kudos.cli.running import Running, data_option, running
from kudos.errors import KudosError
from kudos.register import OSLO
from services.aggregate.rebuild import rebuild


class Failed(KudosError):
    """It has not come to its end; run again, it does."""


@click.command(name="rebuild")
@data_option
@click.option(
    "--from-topic",
    is_flag=True,
    help="The facts too, from the topics that are kept for ever; else only what follows from them.",
)
def command(data: Path, from_topic: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Compute every table anew beside the running ones, and swap them in whole.

    The system goes on meanwhile. Killed, it may be run again; one at a time.
    """
    system = running(data)
    try:
        if from_topic:
            folder = Path(os.environ.get("KUDOS_REFERENCE") or data / "reference")
            sold, linked = make_anew(_url(system), topics_of(system, folder))
            click.echo(f"{sold:,} transactions and {linked:,} links and statements read again")
        click.echo(f"{_derive(system):,} cells computed anew")
    except (ClickHouseError, OSError) as error:
        raise Failed(f"ClickHouse cannot be asked ({type(error).__name__}): run it again") from None


def _derive(system: Running) -> int:
    progress: list[Progress] = []

    def say(done: int, of: int) -> None:
        if not progress:
            progress.append(Progress(of, "steps"))
        progress[0](done)

    return rebuild(_url(system), lambda: datetime.now(OSLO).date(), say)


def _url(system: Running) -> str:
    return system.settings("aggregate").clickhouse_url()
