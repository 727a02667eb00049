"""An app of ours on a port of loopback, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn

from services.ingest.__main__ import listen
from tests.support.waiting import until


class Host:
    """Answers by whatever *app* it has now, at *address*; that is started by who puts it there."""

    app: Any = None
    address = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Have the app of now answer."""
        await self.app(scope, receive, send)


@contextmanager
def hosting() -> Iterator[Host]:
    """Yield what answers by one app after the other: a server takes its time to end."""
    host = Host()
    with served(host, lifespan="off") as host.address:
        yield host


@contextmanager
def served(app: Any, *, lifespan: Literal["auto", "off"] = "auto") -> Iterator[str]:
    """Yield the address at which *app* answers."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan=lifespan)
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        until(lambda: server.started or not thread.is_alive(), "it does not start", 10, 0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)
