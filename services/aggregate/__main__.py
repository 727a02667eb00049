"""Aggregate: facts by a Faust app, links by a consumer; its leader refreshes the tables."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import uvloop
from clickhouse_connect.driver.exceptions import ClickHouseError

from kudos.clickhouse import connect, migrate
from kudos.errors import Misconfigured
from kudos.health import serve
from kudos.kafka import Config, KafkaSink
from kudos.logs import configure
from kudos.metrics import DEAD_LETTERS
from kudos.place import places
from kudos.reading import held
from kudos.records import StoppedSource
from kudos.register import WatchedRegister
from kudos.sealing import Sealer
from kudos.sources import standing
from kudos.stream import DeadLetters
from kudos.topics import STOPPED
from services.aggregate import app as faust_app
from services.aggregate import refresh, slow, store
from services.aggregate.app import Partitions
from services.aggregate.bookkeeper import Bookkeeper
from services.aggregate.keep import Arrivals, Keeper
from services.aggregate.leader import Follower, Loop, Refresher
from services.aggregate.links_loop import Linker
from services.aggregate.links_source import LinksSource
from services.aggregate.offsets import Offsets
from services.aggregate.registrar import Registrar
from services.aggregate.settings import AggregateSettings

log = logging.getLogger(__name__)

#: A batch in flight may end; else it is done again at the next start, which is harmless.
PATIENCE_S = 7.0
LAST_S = 2.0
#: Who was where may be a moment older than what was sold.
VISITS_S = 2.0
#: Groups, breakdowns, curves and cross-use cost seconds, and nobody watches them.
GROUPS_S = 10.0
#: How often as long as they took both rest: sales go before all that is told of persons.
VISITS_SHARE, GROUPS_SHARE = 2.0, 4.0


def main() -> int:
    """Run until SIGTERM (0) or a crash (1); 2 when a setting is wrong."""
    configure("aggregate")
    # it says ten times a second that the broker is away; the watermark says it too
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    # a batch is many objects and no cycle: looking for some took a fifth of its time
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        settings = AggregateSettings.read()
        migrate(settings.clickhouse_url())
        return asyncio.run(_run(settings))
    except Misconfigured as error:
        sys.stderr.write(f"aggregate: {error}\n")
        return 2
    except (ClickHouseError, OSError) as error:
        log.critical("ClickHouse does not answer: %s", type(error).__name__)
        return 1


async def _run(settings: AggregateSettings) -> int:
    arrivals = Arrivals()
    app, _ = faust_app.create(settings, keeper(settings, arrivals).keep)
    held = Partitions(app)
    serve(settings.aggregate_port, held.any, settings.host)
    stop, ended = asyncio.Event(), threading.Event()
    events = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        events.add_signal_handler(number, stop.set)
    loops = [*leader(settings, held.leads, ended, arrivals), linker(settings, ended)]
    died: list[str] = []

    def guarded(loop: Loop) -> None:
        try:
            loop.run()
        except Exception as error:
            died.append(loop.name)
            log.critical("%s died", loop.name, exc_info=error)
            events.call_soon_threadsafe(stop.set)

    threads = [threading.Thread(target=guarded, args=[x], name=x.name, daemon=True) for x in loops]
    for thread in threads:
        thread.start()
    whole = await faust_app.run(app, stop, PATIENCE_S)
    ended.set()
    code = 0 if whole and not died else 1
    # threads that wait for a server that is away would hold the process up
    last = threading.Timer(LAST_S, os._exit, [code])
    last.daemon = True
    last.start()
    return code


def keeper(settings: AggregateSettings, arrivals: Arrivals) -> Keeper:
    """Return what keeps batches, by real clients."""
    client = connect(settings.clickhouse_url())
    dead = DeadLetters(
        "aggregate",
        Sealer(settings.secret("seal.replay.public")),
        lambda reason: DEAD_LETTERS.labels("aggregate", reason).inc(),
    )
    sink = KafkaSink(settings.kafka_config())
    return Keeper(partial(store.write, client), sink, dead, arrivals)


def leader(
    settings: AggregateSettings,
    leading: Callable[[], bool],
    stop: threading.Event,
    arrivals: Arrivals,
) -> Iterable[Loop]:
    """Return what only the leader does; each loop has its own clients."""
    url = settings.clickhouse_url()
    visits = partial(refresh.run_pass, tables=refresh.PERSONS)
    refreshers = {
        "live": Refresher(url, leading, stop),
        "visits": Refresher(
            url, leading, stop, name="visits", run=visits, pause_s=VISITS_S, share=VISITS_SHARE
        ),
        "groups": Refresher(
            url,
            leading,
            stop,
            name="groups",
            run=slow.run_pass,
            clock=slow.generation_of,
            pause_s=GROUPS_S,
            share=GROUPS_SHARE,
        ),
    }
    offsets = Offsets(settings.kafka_config())
    follower = Follower(
        url, leading, stop, offsets=offsets, refreshers=refreshers, arrivals=arrivals
    )
    registrar = Registrar(url, leading, stop, WatchedRegister(settings.organisations))
    keeper = Bookkeeper(url, leading, stop, partial(stopped, settings.kafka_config()))
    return *refreshers.values(), follower, registrar, keeper


def stopped(config: Config) -> Sequence[StoppedSource]:
    """Return the sources that are stopped now."""
    return standing(held(config, "aggregate", [STOPPED.name]))


def linker(settings: AggregateSettings, stop: threading.Event) -> Loop:
    """Return what keeps links and evidence, on every instance."""
    source = LinksSource(settings.kafka_config(), places(settings.reference))
    return Linker(settings.clickhouse_url(), source, stop)


if __name__ == "__main__":
    sys.exit(main())
