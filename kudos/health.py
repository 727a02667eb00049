"""``/healthz``, ``/readyz`` and ``/metrics`` of the services that speak no HTTP otherwise."""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kudos.errors import Misconfigured


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a connection: one that says nothing must not keep probes from an answer."""

    daemon_threads = True
    allow_reuse_address = True


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its parent's name)
        """Say nothing: probes would fill the log."""


def serve(port: int, ready: Callable[[], bool], host: str = "127.0.0.1") -> WSGIServer:
    """Answer on *port* from a thread of its own; ``/readyz`` is 503 until *ready* says so."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest()]
        if path == "/healthz" or (path == "/readyz" and ready()):
            start("200 OK", [("Content-Type", "text/plain")])
            return [b"ok\n"]
        status = "503 Service Unavailable" if path == "/readyz" else "404 Not Found"
        start(status, [("Content-Type", "text/plain")])
        return [b"not ready\n" if path == "/readyz" else b"not found\n"]

    try:
        server = make_server(host, port, app, _Server, _Quiet)
    except OSError as error:
        raise Misconfigured(f"port {port} is taken: {error.strerror}") from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
