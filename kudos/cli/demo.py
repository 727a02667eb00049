"""``kudos demo``: everything on this machine, with a season in it."""

import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import click
import httpx
import msgspec
from msgspec import Struct

from kudos.cli.ledger import show
from kudos.cli.progress import Progress
from kudos.cli.running import running
from kudos.cli.settling import import_file, until_counted, until_read
from kudos.cli.simulate import access
from kudos.errors import KudosError, Misconfigured
from kudos.local.system import System, lay_out, only_one
from simulation.courier import Courier, Undelivered
from simulation.otherwise import Served, served, summary
from simulation.plan import Delivery
from simulation.play import play
from simulation.register import OPERATOR, Access
from simulation.truth import Truth
from simulation.ways import Listed, Named
from simulation.world import World, people_for

#: Whose dashboard is shown: a large house with everything in its programme.
_SHOWN = "hovedstadens-scene"
#: Orders a second that go on being sold, so that the page moves.
_LIVE_RATE = 2.0
#: A programme reaches some months past its season; for a later start there is a new one.
_OLD_DAYS = 45


class Season(Struct):
    """What a data directory remembers of the season that was played into it."""

    seed: int
    orders: int
    until: datetime
    played: bool = False

    def world(self) -> World:
        """Return the world of the season."""
        return World(self.seed, self.until, people=people_for(self.orders))


@click.command(name="demo")
@click.option("--orders", type=click.IntRange(1), default=20_000, show_default=True)
@click.option("--exit", "leave", is_flag=True, help="End when all is counted; 0 if it balances.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kudos"),
    show_default=True,
    help="Where everything is kept; the next start goes on with it.",
)
@click.option("--port-base", default=8000, show_default=True, help="Ports are this + 1 to + 8.")
def command(orders: int, leave: bool, data: Path, port_base: int) -> None:  # noqa: FBT001 (click's)
    """Start everything, play a season of thirty organisations, and show the dashboard's address."""
    try:
        with only_one(data), served() as vendors:
            layout = lay_out(data, port_base, click.echo)
            allowed = access(data, vendors.register)
            system = System(layout, click.echo)
            demo = Demo(system, allowed, _season(data, orders), vendors, leave=leave)
            system.run(demo.start)
            demo.end()
    except Misconfigured as error:
        raise click.ClickException(str(error)) from None
    if demo.problem:
        raise click.ClickException(demo.problem)


def _season(data: Path, orders: int) -> Season:
    path = data / "season.json"
    if path.is_file():
        return msgspec.json.decode(path.read_bytes(), type=Season)
    season = Season(1, orders, datetime.now(UTC).replace(second=0, microsecond=0))
    _remember(data, season)
    return season


def _remember(data: Path, season: Season) -> None:
    new = data / "season.json.new"
    new.write_bytes(msgspec.json.encode(season))
    new.replace(data / "season.json")


class Demo:
    """Plays beside the system, in a thread of its own, so that the system is watched meanwhile."""

    def __init__(
        self, system: System, allowed: Access, season: Season, vendors: Served, *, leave: bool
    ) -> None:
        self.problem = ""
        self._system, self._allowed, self._season, self._leave = system, allowed, season, leave
        data = system.layout.data
        self._ways = vendors.ways(
            allowed.register,
            allowed.secrets,
            system.layout.addresses()["ingest"],
            data / "files",
            partial(import_file, data=data),
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> bool:
        """Begin, once the system is ready."""
        self._thread.start()
        return True

    def end(self) -> None:
        """Stop selling; the system has stopped."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(30)

    def _run(self) -> None:
        try:
            self._play()
            if self._leave:
                self._balance()
            else:
                self._show()
                self._sell()
        except (KudosError, Undelivered, httpx.HTTPError, ConnectionError) as error:
            # once the system is stopping, a refused request is no problem
            if not self._ended.is_set() and not self._system.stopping:
                self.problem = str(error) or type(error).__name__
                click.echo(f"kudos: {self.problem}", err=True)
        finally:
            if self._leave or self.problem:
                self._system.stop_soon()

    def _play(self) -> None:
        """Play the season, unless it has been; one that was broken off is played again, whole.

        That is harmless: what came in before comes in once more.
        """
        season = self._season
        if season.played:
            return
        progress, truth = Progress(season.orders, "orders"), Truth()
        with self._courier() as courier:
            play(season.world(), season.orders, truth, courier, tick=self._or_stop(progress))
        progress.end(truth.orders)
        sold = [feed for feed, count in courier.counts.items() if count.transactions]
        click.echo(f"sold by {len(sold)} sources: {summary(sold, self._ways)}")
        self._wait_until_counted(time.time())
        season.played = True
        _remember(self._system.layout.data, season)

    def _or_stop(self, progress: Progress) -> Any:
        def tick(done: int) -> None:
            if self._system.stopping:
                raise Undelivered("stopped")
            progress(done)

        return tick

    def _courier(self, most: int = 60) -> Courier:
        ingest = self._system.layout.addresses()["ingest"]
        return Courier(ingest, self._allowed.secrets, most=most, ways=self._ways)

    def _wait_until_counted(self, moment: float) -> None:
        """Return when everything received before *moment* is in the figures."""
        address = self._system.layout.addresses()["query"]
        until_counted(address, self._allowed.tokens[OPERATOR], moment, self._is_stopping)

    def _wait_until_read(self) -> None:
        """Return when ingest has what it polls, and what was only named."""
        ingest = self._system.layout.addresses()["ingest"]
        until_read(
            ingest,
            [(feed[1], feed[0]) for feed, way in self._ways.items() if isinstance(way, Listed)],
            [(feed[1], feed[0]) for feed, way in self._ways.items() if isinstance(way, Named)],
            self._is_stopping,
        )

    def _is_stopping(self) -> bool:
        return self._system.stopping

    def _balance(self) -> None:
        """Print the ledger; that it does not balance is a problem."""
        self._wait_until_read()
        self._wait_until_counted(time.time())
        if not show(running(self._system.layout.data), as_json=False):
            self.problem = "the ledger does not balance"

    def _show(self) -> None:
        addresses = self._system.layout.addresses()
        click.echo(f"\ndashboard  {addresses['query']}/")
        click.echo(f"sign in    {self._allowed.tokens[_SHOWN]}   ({_SHOWN})")
        click.echo(f"others     {self._system.layout.data / 'tokens.txt'}")
        click.echo("It goes on selling; Ctrl-C ends it, and the next start goes on.", nl=True)
        click.echo("ready")

    def _sell(self) -> None:
        """Go on selling until the system stops."""
        now = datetime.now(UTC)
        season = self._season
        recent = (now - season.until).days < _OLD_DAYS
        world = World(
            season.seed,
            season.until if recent else now,
            people=people_for(season.orders),
            # numbers that no earlier start has used
            first_number=int(now.timestamp()),
        )
        chance = Random(int(now.timestamp()))  # noqa: S311 (chance of a simulation)
        with self._courier(most=1) as courier:
            while not self._ended.wait(chance.expovariate(_LIVE_RATE)):
                if self._system.stopping:
                    # nobody takes the rest
                    raise Undelivered("stopped")
                told = world.live(chance, datetime.now(UTC))
                for contact in told.contacts:
                    courier.take(Delivery(contact))
                for document in told.documents:
                    courier.take(Delivery(document))
                for way in self._ways.values():
                    way.flush(whole=False)
