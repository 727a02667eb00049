"""Ingest: receive the vendors' pushes."""

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from functools import partial

import httpx
import uvicorn
from starlette.applications import Starlette

from kudos.errors import Misconfigured
from kudos.kafka import KafkaSink
from kudos.logs import configure
from kudos.metrics import DEAD_LETTERS
from kudos.register import WatchedRegister
from kudos.stream import DeadLetters, Limit
from kudos.topics import TOPICS
from services.ingest.adapters import homemade
from services.ingest.adapters.base import Adapter
from services.ingest.app import create_app
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.polling.health import Board
from services.ingest.polling.polls import Polls
from services.ingest.polling.schedule import Schedule
from services.ingest.settings import Settings
from services.ingest.sources import SOURCES
from services.ingest.stopping import Follower, Stops
from services.ingest.thin import THIN
from services.ingest.thin.fetching import Fetcher
from services.ingest.thin.hook import Hook
from services.ingest.thin.notices import Notices
from services.ingest.thin.subscriptions import Subscriptions
from services.ingest.thin.working import TIMEOUT_S, Clients, Worker, intakes, subscribing
from services.ingest.vendors import adapters

#: A sender waits for the broker no longer than this, twice at most, and is told to come again.
_TIMEOUT_S = 5.0
#: Without one of these something that comes in could not be stored.
NEEDED = [t.name for t in TOPICS.values() if Settings.account in (*t.writers, *t.readers)]
#: What is in flight when it is told to stop may end.
_PATIENCE_S = 10


def compose() -> tuple[uvicorn.Server, socket.socket]:
    """Return the server, by real clients, and the socket that it listens on."""
    settings = Settings.read()
    dead = DeadLetters(
        "ingest",
        settings.sealer("replay"),
        lambda reason: DEAD_LETTERS.labels("ingest", reason).inc(),
        Limit(most=float("inf")),
    )
    sink = KafkaSink(settings.kafka_config(), linger_ms=1, timeout_s=_TIMEOUT_S)
    known = adapters(settings.organisations)
    register = WatchedRegister(settings.organisations, known.keys())
    keyring = Keyring(register, settings.secrets / settings.account)
    outbox = Outbox(sink, partial(sink.reach, NEEDED))
    notices, board = Notices(settings.ingest_state), Board()
    stops = Stops(settings.ingest_most_rejected)
    app = create_app(
        known,
        keyring,
        outbox,
        settings.sealer("identity"),
        dead,
        standard=homemade.SCHEMA,
        sources=SOURCES,
        most_bytes=settings.ingest_most_bytes,
        hook=Hook(notices, THIN),
        stops=stops,
        beside=(
            Follower(settings.kafka_config(), stops),
            _worker(settings, known, keyring, outbox, notices=notices, dead=dead, stops=stops),
            *([_schedule(settings, known, board, stops)] if settings.ingest_polls else ()),
        ),
        told=board.told,
        proxies=settings.ingest_trusted_proxies,
    )
    return serving(app), listen(settings.host, settings.ingest_port)


def serving(app: Starlette) -> uvicorn.Server:
    """Return the server of *app*."""
    config = uvicorn.Config(
        app,
        access_log=False,  # it would hold addresses that are secret
        log_config=None,
        proxy_headers=False,  # it believes whoever is on this machine; we ask the settings
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    return uvicorn.Server(config)


def _worker(
    settings: Settings,
    known: Mapping[str, Adapter],
    keyring: Keyring,
    outbox: Outbox,
    *,
    notices: Notices,
    dead: DeadLetters,
    stops: Stops,
) -> Worker:
    """Return what fetches the records that notifications named."""
    stop = threading.Event()

    def sleep(seconds: float) -> None:
        stop.wait(seconds)

    http = httpx.Client(timeout=TIMEOUT_S)
    clients = Clients(http, settings.secrets / settings.account, sleep)
    fetcher = Fetcher(
        notices,
        THIN,
        known,
        keyring.origin,
        client=clients,
        intake=intakes(settings.sealer("identity"), dead, stops),
        deliver=lambda messages: asyncio.run(outbox.deliver(messages)),
        stops=stops,
    )
    subscriptions = Subscriptions(
        notices, lambda: subscribing(keyring.origins(), THIN), keyring.keys, clients
    )
    return Worker(fetcher, subscriptions, stop)


def _schedule(
    settings: Settings, known: Mapping[str, Adapter], board: Board, stops: Stops
) -> Schedule:
    """Return what polls the sources of the register that are polled.

    It reads the register itself, and delivers by a producer of its own: neither is shared by
    threads.
    """
    polls = Polls(
        known,
        settings.ingest_state / "polling",
        settings.secrets / settings.account,
        KafkaSink(settings.kafka_config(), linger_ms=1),
        identity=settings.sealer("identity"),
        replay=settings.sealer("replay"),
        stops=stops,
    )
    register = WatchedRegister(settings.organisations, known.keys())
    return Schedule(register, polls.poll, polls.every, board)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, or raise Misconfigured."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise Misconfigured(f"port {port} is taken: {error.strerror}") from None


def main() -> int:
    """Serve until SIGTERM or SIGINT; 2 where a setting is wrong or the port taken."""
    configure("ingest")
    try:
        server, listening = compose()
    except Misconfigured as error:
        sys.stderr.write(f"ingest: {error}\n")
        return 2

    def end(*_: object) -> None:
        server.should_exit = True

    # uvicorn's own handlers raise the signal again when all is done: to end well is no failure
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with listening:
        server.run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
