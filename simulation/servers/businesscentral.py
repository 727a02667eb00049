"""Business Central as documented: tokens, documents, subscriptions; with faults to order."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulation.servers.api import Fault

COMPANY = "7dbba574-5f69-4167-a43e-fb975045de15"
SECRET = "hemmelig"


class Server(ThreadingHTTPServer):
    """*faults* are answered first, one a request; *open* holds every answer up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[Fault] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.valid: set[str] = set()
        self.tokens, self.asked = 0, list[tuple[str, str]]()
        self.ends = "2026-01-04T00:00:00Z"
        #: Asks a subscriber's address for the token, as is done on POST and PATCH.
        self.greets: Callable[[str], bool] = lambda _address: True
        #: Subscriptions that it does not renew.
        self.refuses: set[str] = set()
        self.open = threading.Event()
        self.open.set()

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """Answer a question."""
        if self._is_let_in():
            url = urlsplit(self.path)
            asked, name = parse_qs(url.query), url.path.rpartition("/")[2]
            if name == "subscriptions":
                self._say(200, {"value": list(self.server.subscriptions.values())})
            elif name in self.server.documents:
                found = dict(self.server.documents[name])
                if "$expand" not in asked:
                    found.pop("salesInvoiceLines", None)
                self._say(200, found)
            elif "(" in name:
                self._say(404, {"error": {"code": "BadRequest_NotFound"}})
            else:
                self._say(200, {"value": list(self.server.documents.values())})

    def do_POST(self) -> None:
        """Give a token, or take a subscription."""
        body = self._body()
        if self.path == "/token":
            self.server.tokens += 1
            token = f"token-{self.server.tokens}"
            self.server.valid = {token}
            self._say(200, {"access_token": token, "expires_in": 3600})
        elif self._is_let_in():
            sent = json.loads(body)
            name = f"s{len(self.server.subscriptions) + 1}"
            self._subscribe(name, sent, 201)

    def do_PATCH(self) -> None:
        """Renew a subscription."""
        body = self._body()
        if self._is_let_in():
            name = self.path.rpartition("/")[2].removeprefix("subscriptions('").rstrip("')")
            known = self.server.subscriptions.keys() - self.server.refuses
            if self.headers["If-Match"] is None or name not in known:
                self._say(400, {"error": {}})
            else:
                self._subscribe(name, json.loads(body), 200)

    def _subscribe(self, name: str, sent: dict[str, Any], status: int) -> None:
        if not self.server.greets(sent["notificationUrl"]):
            self._say(400, {"error": {"code": "BadRequest"}})
            return
        sent |= {"subscriptionId": name, "expirationDateTime": self.server.ends}
        self.server.subscriptions[name] = sent
        self._say(status, sent)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _is_let_in(self) -> bool:
        self.server.asked.append((self.command, self.path))
        self.server.open.wait(10)
        if self.headers["Authorization"].removeprefix("Bearer ") not in self.server.valid:
            self._say(401, {"error": {"code": "Unauthorized"}})
            return False
        if self.server.faults:
            status, headers, text = self.server.faults.pop(0)
            self._send(status, text, headers)
            return False
        return True

    def _say(self, status: int, told: object) -> None:
        self._send(status, json.dumps(told).encode(), {})

    def _send(self, status: int, text: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    """Yield the API while it answers."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
