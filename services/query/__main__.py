"""Query: answer a closed set of questions."""

import logging
import signal
import socket
import sys
from datetime import UTC, datetime
from functools import partial

import uvicorn

from kudos.clickhouse import connect, migrate
from kudos.errors import Misconfigured
from kudos.logs import configure
from kudos.register import WatchedRegister
from services.query.answers import Answers
from services.query.app import create_app
from services.query.beside import Beside
from services.query.cuts.publisher import Publisher
from services.query.dashboard import drawing, pages
from services.query.hub import Hub
from services.query.pool import Pool
from services.query.settings import Settings
from services.query.tokens import bearer

#: A statement that takes longer has failed; and what is in flight when it is told to stop may end.
_TIMEOUT_S = 25
_PATIENCE_S = 5


def compose() -> tuple[uvicorn.Server, socket.socket, Publisher]:
    """Return the server, by real clients, the socket that it listens on, and who makes cuts."""
    settings = Settings.read()
    url = settings.clickhouse_url()
    register = WatchedRegister(settings.organisations)
    pool = Pool(partial(connect, url, _TIMEOUT_S))
    answers = Answers(pool, register, lambda: datetime.now(UTC))
    hub, session, clock = Hub(answers.pulse), settings.secret("session"), partial(datetime.now, UTC)
    ways = [bearer(register), pages.recognise(register, session, clock)]
    beside = Beside(
        *(pool, register, ways),
        secret=settings.optional_secret("publish"),
        rules=settings.rules(),
    )
    app = create_app(
        answers,
        register,
        ways,
        beside=beside,
        pages=pages.routes(answers, hub, register, session, clock, cuts=beside),
        prepare=partial(_prepare, url),
        hub=hub,
    )
    config = uvicorn.Config(
        app,
        access_log=False,  # the audit log says who asked what
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    publisher = Publisher(partial(connect, url, _TIMEOUT_S), settings.publish_at)
    return uvicorn.Server(config), listen(settings.host, settings.query_port), publisher


def _prepare(url: str) -> None:
    """Bring the tables up to date, and have charts drawn quickly from the first on."""
    migrate(url)
    drawing.warm()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, or raise Misconfigured."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise Misconfigured(f"port {port} is taken: {error.strerror}") from None


def main() -> int:
    """Serve until SIGTERM or SIGINT; 2 where a setting is wrong or the port taken."""
    configure("query")
    for library in ("urllib3", "clickhouse_connect"):
        # what they warn of is raised too; and an address that they quote holds what was asked
        logging.getLogger(library).setLevel(logging.ERROR)
    try:
        server, listening, publisher = compose()
    except Misconfigured as error:
        sys.stderr.write(f"query: {error}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises once more what ended it, and the status would say that it was killed
        signal.signal(number, server.handle_exit)
    with listening:
        publisher.start()
        server.run(sockets=[listening])
        publisher.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
