"""The service as a process: it starts before ClickHouse, outlives it, and ends when told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kudos.clickhouse import connect
from kudos.register import OSLO
from tests.support.asking import register
from tests.support.engine import running_engine
from tests.support.waiting import until

pytestmark = pytest.mark.engine

BEARER = {"Authorization": "Bearer huset"}


class Running:
    """A process of the service."""

    def __init__(self, folder: Path, clickhouse: int, port: int) -> None:
        register(folder)
        (folder / "secrets" / "query").mkdir(parents=True, exist_ok=True)
        (folder / "secrets" / "query" / "session").write_text("a secret of the tests")
        told = {
            "KUDOS_KAFKA": "127.0.0.1:1",
            "KUDOS_CLICKHOUSE": f"http://127.0.0.1:{clickhouse}/kudos",
            "KUDOS_ORGANISATIONS": str(folder / "organisations.toml"),
            "KUDOS_SECRETS": str(folder / "secrets"),
            "KUDOS_QUERY_PORT": str(port),
        }
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.query"], env=os.environ | told, stderr=log
            )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, headers=BEARER, timeout=30)

    def status(self, path: str) -> int | None:
        """Return the status that *path* is answered with; None where nobody answers."""
        try:
            return self.get(path).status_code
        except httpx.TransportError:
            return None


@contextmanager
def running(folder: Path, clickhouse: int, port: int) -> Iterator[Running]:
    service = Running(folder, clickhouse, port)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait(10)


def two_free_ports() -> tuple[int, int]:
    """Return two ports that are free now, and not the same."""
    here = ("127.0.0.1", 0)
    with socket.create_server(here) as one, socket.create_server(here) as other:
        return one.getsockname()[1], other.getsockname()[1]


class Listener:
    """Somebody who listens to the live stream, in a thread."""

    def __init__(self, service: Running) -> None:
        self.events: list[tuple[str, Any]] = []
        self.pings = 0
        self.ended = threading.Event()
        self._address = f"{service.address}/v1/live"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        headers = BEARER | {"Accept": "text/event-stream"}
        name = ""
        with httpx.stream("GET", self._address, headers=headers, timeout=30) as answer:
            assert 200 == answer.status_code
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.append((name, json.loads(line.removeprefix("data: "))))
                elif line.startswith(": ping"):
                    self.pings += 1
        # only where the stream came to its end as it should
        self.ended.set()

    def tickets(self) -> int:
        """Return the tickets of the newest day that was heard of; -1: of none yet."""
        days = [data for name, data in self.events if name == "live"]
        return sum(m["tickets"] for m in days[-1]["minutes"]) if days else -1


def sell(url: str, tickets: int, watermark: datetime) -> None:
    """Write a minute of today, and a watermark."""
    day = datetime.now(UTC).astimezone(OSLO).date()
    names = ["organisation", "day", "generation"]
    names += [f"minute.{n}" for n in ("of_day", "currency", "orders", "tickets")]
    names += [f"minute.{n}" for n in ("refunded_tickets", "gross_revenue", "net_revenue")]
    row = ["huset", day, tickets, [600], ["NOK"], [1], [tickets], [0], [100], [100]]
    with connect(url) as client:
        client.insert("sales_live", [row], column_names=names)
        marks = [(family, watermark, watermark) for family in ("sales_live", "kpi_daily")]
        client.insert("watermarks", marks, column_names=["family", "watermark", "noted_at"])


def test_it_outlives_clickhouse_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    port, own = two_free_ports()
    with running(tmp_path, port, own) as service:
        until(lambda: service.status("/healthz") == 200, "it does not start")
        # ClickHouse is not there yet
        assert 503 == service.status("/readyz")
        assert 503 == service.status("/v1/status")
        with running_engine(tmp_path / "clickhouse", port) as engine:
            until(lambda: service.status("/readyz") == 200, "it does not become ready")
            listeners = [Listener(service) for _ in range(3)]
            until(lambda: all(one.tickets() == 0 for one in listeners), "nothing is heard")
            sell(f"{engine}/kudos", 3, at)
            until(lambda: all(one.tickets() == 3 for one in listeners), "no sale is heard of")
        # now it is gone
        answer = service.get("/v1/status")
        assert 503 == answer.status_code
        assert int(answer.headers["retry-after"]) > 0
        assert 503 == service.status("/readyz")
        with running_engine(tmp_path / "clickhouse", port) as engine:
            until(lambda: service.status("/v1/status") == 200, "it does not recover")
            sell(f"{engine}/kudos", 5, at + timedelta(seconds=1))
            until(lambda: all(one.tickets() == 5 for one in listeners), "listeners are lost")
            until(lambda: all(one.pings for one in listeners), "there is no heartbeat")
            begun = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            assert 0 == service.process.wait(10)
            assert time.monotonic() - begun < 5
            assert all(one.ended.wait(5) for one in listeners)
    assert "Traceback" not in service.log.read_text("utf-8")


def test_a_taken_port_is_one_line_and_misuse(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = Running(tmp_path, 1, taken.getsockname()[1])
        assert 2 == service.process.wait(30)
    [line] = service.log.read_text("utf-8").splitlines()
    assert line.startswith("query: port ")
