"""``kudos local``: the whole system on this machine."""

import os
import signal
import time
from pathlib import Path

import click

from kudos.errors import Misconfigured
from kudos.local.system import System, holder, lay_out, only_one


@click.command(name="local")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kudos"),
    show_default=True,
    help="Where everything is kept; the next start goes on with it.",
)
@click.option("--port-base", default=8000, show_default=True, help="Ports are this + 1 to + 8.")
@click.option("--stop", is_flag=True, help="Stop the system that runs on that directory.")
def command(data: Path, port_base: int, stop: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Start Kafka, the ClickHouse engine and the five services on loopback, until Ctrl-C."""
    if stop:
        _stop(data)
        return
    try:
        with only_one(data):
            system = System(lay_out(data, port_base, click.echo), click.echo)
            system.run(lambda: _tell(system))
    except Misconfigured as error:
        raise click.ClickException(str(error)) from None


def _tell(system: System) -> bool:
    for name, address in system.layout.addresses().items():
        click.echo(f"{name:<11}{address}")
    click.echo("ready")
    return True


def _stop(data: Path) -> None:
    pid = holder(data)
    if pid is None:
        raise click.ClickException(f"nothing runs on {data}")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 60
    while holder(data) is not None:
        if time.monotonic() > deadline:
            raise click.ClickException(f"process {pid} does not stop")
        time.sleep(0.1)
    click.echo("stopped")
