"""``kudos simulate``: a season of thirty organisations, in their vendors' own payloads."""

import json
import os
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path

import click

from kudos.cli.progress import Progress
from kudos.cli.running import data_option
from kudos.register import OSLO
from simulation.accounts import Kind
from simulation.courier import Courier, Undelivered
from simulation.orders import Feed
from simulation.otherwise import Told
from simulation.play import play
from simulation.register import PUSHED, Access, install
from simulation.truth import Truth, tables, write
from simulation.world import World, people_for


@click.command(name="simulate")
@click.option("--orders", type=click.IntRange(1), required=True, help="How many orders happen.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same world."
)
@click.option(
    "--world",
    "kind",
    type=click.Choice(["clean", "dirty"]),
    default="dirty",
    show_default=True,
    help="Dirty: as people fill in forms. Clean: whoever goes by the rules finds every person.",
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Where the season ends.  [today]")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="Orders/s.  [as fast as taken]"
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help="Write people, lines and figures: FILE.json, FILE.parquet, or a directory.",
)
@click.option("--ingest", help="The ingest service's address.  [of the running system]")
@data_option
def command(  # noqa: PLR0917 (click passes them by name)
    orders: int,
    seed: int,
    kind: Kind,
    until: datetime | None,
    rate: float | None,
    truth: Path | None,
    ingest: str | None,
    data: Path,
) -> None:
    """Play organisations, people and their orders, and deliver them as their vendors would.

    Late and reordered versions, repeats, refunds and corrections are part of it. The organisations
    are added to the system's register; their tokens stand in tokens.txt beside it. Without a
    running system only the truth is made.
    """
    day = until.date() if until else datetime.now(OSLO).date()
    ends = datetime.combine(day, time(0), OSLO)
    world = World(seed, ends, people=people_for(orders), kind=kind)
    ingest = ingest or _running(data)
    if ingest is None and truth is None:
        raise click.UsageError(f"nothing to do: {data} holds no running system, and no --truth")
    courier = None
    if ingest is not None:
        courier = Courier(ingest, access(data).secrets, seed=seed, most=1 if rate else 60)
    true = Truth()
    try:
        _play(world, orders, true, courier, rate)
    except Undelivered as error:
        raise click.ClickException(str(error)) from None
    _report(world, true, courier, truth)


def access(data: Path, otherwise: Mapping[Feed, Told] = PUSHED) -> Access:
    """Add the organisations to the register of *data*, or of the environment.

    They are pushed, but for those of *otherwise*.
    """
    known = os.environ
    register = Path(known.get("KUDOS_ORGANISATIONS") or data / "organisations.toml")
    folder = Path(known.get("KUDOS_SECRETS") or data / "secrets")
    return install(register, folder / "ingest", data / "tokens.txt", otherwise)


def _running(data: Path) -> str | None:
    path = data / "addresses.json"
    return str(json.loads(path.read_text("utf-8"))["ingest"]) if path.is_file() else None


def _play(
    world: World, orders: int, true: Truth, courier: Courier | None, rate: float | None
) -> None:
    progress = Progress(orders, "orders")
    if courier is None:
        play(world, orders, true, None, tick=progress)
    else:
        with courier:
            play(world, orders, true, courier, rate=rate, tick=progress)
    progress.end(true.orders)


def _report(world: World, true: Truth, courier: Courier | None, path: Path | None) -> None:
    counts = courier.counts if courier else {}
    if courier is not None:
        sent = sum(c.deliveries for c in counts.values())
        repeats = sum(c.repeats for c in counts.values())
        stale = sum(c.stale for c in counts.values())
        click.echo(
            f"{sent:,} deliveries of {true.transactions:,} transactions acknowledged: "
            f"{repeats:,} repeats, {stale:,} of an older version"
        )
    if path is not None:
        found = tables(true, world.people, courier.receipts if courier else {}, counts)
        for place in write(found, path):
            click.echo(f"truth: {place}")
