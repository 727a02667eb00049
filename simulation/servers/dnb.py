"""Dun & Bradstreet's Consumer Intelligence as its client knows it, with faults to order."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

CLIENT, SECRET = "kudos", "hemmelig"
#: Whom the register knows, by family name.
PEOPLE: dict[str, list[dict[str, Any]]] = {
    "Moe": [{"firstNames": ["Ingvild"], "familyName": "Moe", "gender": "Female"}],
    "Lie": [{"firstNames": ["Odd"], "familyName": "Lie"}, {"firstNames": ["Odd"]}],
}


class Server(ThreadingHTTPServer):
    """The two addresses; *faults* are answered first, one a request, before anything else is."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[tuple[int, dict[str, str], bytes]] = []
        self.lasts, self.tokens = 3600.0, 0
        self.valid: set[str] = set()
        self.asked: list[list[dict[str, str]]] = []

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self._log_in(body)
        elif self.headers["Authorization"].removeprefix("Bearer ") not in self.server.valid:
            self._say(401, {"status": 401, "statusText": "Unauthorized", "message": "token"})
        elif self.server.faults:
            status, headers, text = self.server.faults.pop(0)
            self._send(status, text, headers)
        else:
            self._match(json.loads(body)["queries"])

    def _log_in(self, body: bytes) -> None:
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        form = parse_qs(body.decode())
        if self.headers["Authorization"] != f"Basic {given}" or form.get("scope") != ["bci"]:
            self._say(401, {"error": "invalid_client"})
            return
        self.server.tokens += 1
        token = f"token-{self.server.tokens}"
        self.server.valid = {token}
        self._say(200, {"access_token": token, "expires_in": self.server.lasts})

    def _match(self, queries: list[dict[str, str]]) -> None:
        self.server.asked.append(queries)
        found = [[{"person": p} for p in PEOPLE.get(q["familyName"], [])] for q in queries]
        self._say(200, {"matchResponses": [{"matchCandidates": one} for one in found]})

    def _say(self, status: int, told: object) -> None:
        self._send(status, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, text: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked is of persons."""


@contextmanager
def serving() -> Iterator[Server]:
    """Yield the register while it answers."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
