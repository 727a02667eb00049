"""ClickHouse's real engine behind its HTTP interface, one a session; a database for each test."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from kudos.clickhouse import connect, migrate

READY_S = 60.0


@contextmanager
def running_engine(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run an engine on the store in *folder*; yield its address, without a database."""
    port = port or free_port()
    command = [sys.executable, "-m", "kudos.local.engine", "--path", str(folder)]
    process = subprocess.Popen([*command, "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + READY_S
    try:
        while not _answers(address):
            assert process.poll() is None, "the engine ended"
            assert time.monotonic() < deadline, "the engine does not answer"
            time.sleep(0.05)  # between two looks, with a deadline
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an engine."""
    with running_engine(tmp_path_factory.mktemp("engine") / "clickhouse") as address:
        yield address


@pytest.fixture
def engine_url(engine: str) -> Iterator[str]:
    """Yield the address of a database of the test's own, with our tables in it."""
    with database(engine) as url:
        yield url


@contextmanager
def database(engine: str) -> Iterator[str]:
    """Make a database with our tables in it, and drop it in the end; yield its address."""
    url = f"{engine}/test_{uuid.uuid4().hex[:12]}"
    migrate(url)
    yield url
    with connect(f"{engine}/default") as client:
        client.command(f"DROP DATABASE {url.rpartition('/')[2]}")


def free_port() -> int:
    """Return a port that is free now; each process looks in a range of its own."""
    first = 40_000 + os.getpid() % 500 * 20
    for port in range(first, 65_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ping", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
