"""ClickHouse's engine in one process, behind ClickHouse's HTTP interface.

So every service uses the ordinary client, as in production. Loopback only: the embedded engine has
no users. Run: ``python -m kudos.local.engine --path DIR --port N``.
"""

import argparse
import fcntl
import gzip
import json
import os
import re
import signal
import sys
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame

#: Of the interface, not of the query: the rest of the parameters are settings of the engine.
_OURS = frozenset(
    {
        "database",
        "query",
        "query_id",
        "session_id",
        "session_timeout",
        "session_check",
        "compress",
        "decompress",
        "user",
        "password",
        "role",
        "quota_key",
        "default_format",
        "client_protocol_version",
        "wait_end_of_query",
        "enable_http_compression",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "buffer_size",
    }
)
_INSERT = re.compile(
    rb"\s*INSERT\s+INTO\s+(?P<into>.+?)\s+FORMAT\s+(?P<format>\w+)[ \t]*\n?",
    re.DOTALL | re.IGNORECASE,
)
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_READS = re.compile(r"\s*(SELECT|WITH|INSERT)\b", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")


def _unframed(body: bytes) -> bytes:
    """Return what stands in every frame of *body*: a client compresses each block by itself."""
    with lz4.frame.open(BytesIO(body)) as frames:
        return bytes(frames.read())


_UNPACK = {"lz4": _unframed, "gzip": gzip.decompress, "deflate": zlib.decompress}


class CutOff(Exception):
    """A client went away before it had sent all: what came of it is not inserted."""


class Engine:
    """The embedded engine; a connection for each thread, which keeps the database it uses."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._own = threading.local()
        self._first = chdb.connect(self._path)  # the engine lives as long as one is open

    def run(self, sql: bytes, data: bytes, options: Mapping[str, str]) -> tuple[bytes, int]:
        """Return the answer and the rows read; *data* is what an INSERT brings."""
        connection = self._connection(options.get("database", "default"))
        settings = {
            k: v for k, v in options.items() if k not in _OURS and not k.startswith("param_")
        }
        suffix = ", ".join(f"{key} = {_quoted(value)}" for key, value in settings.items())
        insert = _INSERT.match(sql if not data else sql + b"\n")
        if insert and (data or insert.end() < len(sql)):
            with _file(sql[insert.end() :] + data) as file:
                text = f"INSERT INTO {insert['into'].decode()} FROM INFILE {_quoted(file)} "
                text += f"SETTINGS {suffix} " if suffix else ""
                result = connection.query(
                    f"{text}FORMAT {insert['format'].decode()}", "TabSeparated"
                )
        else:
            parameters = {k[6:]: v for k, v in options.items() if k.startswith("param_")}
            text = _with_settings(sql.decode(), suffix)
            form = options.get("default_format", "TabSeparated")
            result = connection.query(text, form, params=parameters)
        return bytes(result.bytes() or b""), int(result.rows_read())

    def close(self) -> None:
        """Close the store, so that the next start need not recover it."""
        self._first.close()

    def _connection(self, database: str) -> Any:
        own = self._own
        if not hasattr(own, "connection"):
            own.connection, own.database = chdb.connect(self._path), None
        if own.database != database:
            own.connection.query(f"USE `{database}`")
            own.database = database
        return own.connection


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _with_settings(sql: str, settings: str) -> str:
    """Return *sql* with *settings*, which come before FORMAT; only reading statements take them."""
    if not settings or not _READS.match(sql):
        return sql
    form = _FORMAT.search(sql)
    head, tail = (sql[: form.start()], sql[form.start() :]) if form else (sql.rstrip("; \n"), "")
    return f"{head} SETTINGS {settings}{tail}"


def _form(kind: str, body: bytes) -> dict[str, str]:
    """Return the fields of a form: what clients send where parameters would make addresses long."""
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found[name] = payload.decode()
    return found


@contextmanager
def _file(data: bytes) -> Iterator[str]:
    """Offer *data* as a file in memory: the engine takes what it inserts from files only."""
    descriptor = os.memfd_create("insert")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client, kept open between requests."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: "Server"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its parent's name)
        """Say nothing: clients say what went wrong."""

    def do_GET(self) -> None:
        """Answer ``/ping``, or a query in the address."""
        if urlsplit(self.path).path in {"/ping", "/replicas_status"}:
            self._answer(200, b"Ok.\n", {})
        else:
            self._query(b"")

    def do_POST(self) -> None:
        """Answer a query; what it inserts follows its text, or is the body."""
        try:
            body = self._body()
        except CutOff:
            self.close_connection = True
            return
        unpack = _UNPACK.get(self.headers.get("Content-Encoding", ""))
        body = unpack(body) if unpack else body
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            self._query(b"", _form(kind, body))
        else:
            self._query(body)

    def _query(self, body: bytes, form: Mapping[str, str] | None = None) -> None:
        options = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        options |= form or {}
        text = options.get("query", "").encode()
        sql, data = (text, body) if text else (body, b"")
        try:
            answer, rows = self.server.engine.run(sql, data, options)
        except Exception as error:  # noqa: BLE001 (the engine's errors are the client's to know)
            code = _CODE.search(str(error))
            headers = {"X-ClickHouse-Exception-Code": code[1] if code else "1002"}
            self._answer(500, str(error).encode(), headers)
        else:
            summary = json.dumps({"read_rows": str(rows), "written_rows": "0"})
            self._answer(200, answer, {"X-ClickHouse-Summary": summary})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length")
        if length is not None:
            return self._exactly(int(length))
        chunks = []
        while size := self._size():
            chunks.append(self._exactly(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _size(self) -> int:
        """Return how long the next chunk is; 0 only where the client says that none follows."""
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise CutOff
        return int(line.split(b";")[0], 16)

    def _exactly(self, size: int) -> bytes:
        found = self.rfile.read(size)
        if len(found) < size:
            raise CutOff
        return found

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """A thread a connection; the engine runs queries of several threads at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, engine: Engine) -> None:
        self.engine = engine
        super().__init__(("127.0.0.1", port), Handler)


def main() -> None:
    """Serve a store until SIGTERM; one process a store."""
    parser = argparse.ArgumentParser(prog="python -m kudos.local.engine", description=__doc__)
    parser.add_argument("--path", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    chosen.path.mkdir(parents=True, exist_ok=True)
    with (chosen.path.parent / f"{chosen.path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.stderr.write(f"{chosen.path.name}: another engine has this store open\n")
            sys.exit(2)
        engine = Engine(chosen.path)
        server = Server(chosen.port, engine)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        server.serve_forever(poll_interval=0.1)
        engine.close()


if __name__ == "__main__":
    main()
