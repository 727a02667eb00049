"""What the servers of vendors' APIs have in common: faults to order, and lists that change."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

#: A status, headers and a body; status 0 breaks the connection off.
Fault = tuple[int, dict[str, str], bytes]
BUSY: Fault = (503, {}, b"Kari Nordmann")
THROTTLED: Fault = (429, {"Retry-After": "7"}, b"")
_REMEMBERED = 20_000
BROKEN_OFF: Fault = (0, {}, b"")


class Asked(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """It is answered by a status alone."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Api(ThreadingHTTPServer, ABC):
    """Answers what a vendor's own class says, below ``/api``; faults come first, one a request.

    *faulty* may say what is wrong with the n-th request of all; *before* is done before the n-th
    list is answered.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[Fault] = []
        self.faulty: Callable[[int], Fault | None] = lambda _number: None
        self.before: dict[int, Callable[[], object]] = {}
        #: What was asked last; *number* is of all.
        self.asked: list[Asked] = []
        self.number = 0
        self.lists = 0
        self.guard = threading.Lock()

    @property
    def address(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.server_port}/api"

    @abstractmethod
    def answer(self, asked: Asked) -> object:
        """Return what is answered as JSON, or raise Refused."""

    def note(self, asked: Asked) -> None:
        """Remember a request, and of the older ones not all: it may run for weeks."""
        self.number += 1
        self.asked.append(asked)
        if len(self.asked) > 2 * _REMEMBERED:
            del self.asked[:_REMEMBERED]

    def listed(self) -> None:
        """Note that a list is about to be answered."""
        self.lists += 1
        self.before.pop(self.lists, lambda: None)()


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        """Answer one request."""
        self._answer()

    def do_POST(self) -> None:
        """Answer one request."""
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        path = url.path.removeprefix("/api/")
        asked = Asked(self.command, path, query, headers, self.rfile.read(length))
        with self.server.guard:
            self.server.note(asked)
            fault = self.server.faulty(self.server.number)
            if fault is None and self.server.faults:
                fault = self.server.faults.pop(0)
            if fault is None:
                try:
                    found = self.server.answer(asked)
                    fault = (200, {"Content-Type": "application/json"}, json.dumps(found).encode())
                except Refused as refused:
                    fault = (refused.status, {}, b"Kari Nordmann")
        self._send(*fault)

    def _send(self, status: int, headers: Mapping[str, str], text: bytes) -> None:
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked for holds keys."""


A = TypeVar("A", bound=Api)


@contextmanager
def serving(made: Callable[[], A]) -> Iterator[A]:
    """Yield a server that answers."""
    with made() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def sliced(rows: Sequence[Any], start: int, size: int) -> list[Any]:
    """Return *size* rows from *start* on."""
    return list(rows[start : start + size])


def within(day: str, query: Mapping[str, str], since: str, until: str | None = None) -> bool:
    """Tell whether *day* is asked for: from *since* to before *until*, as most understand it."""
    first, last = query.get(since, ""), query.get(until or "", "9")
    return first <= day < last
