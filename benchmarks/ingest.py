"""``python -m benchmarks.ingest``: what ingest alone takes on one core, to an acknowledged broker.

Ingest is bound to the first core; the broker and whoever sends have the others.
"""

import argparse
import base64
import hmac
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import cast

import psutil
from msgspec import Struct

from benchmarks.payloads import bodies
from benchmarks.report import keep, stretches
from benchmarks.system import ORGANISATION, REGISTER, SECRET, listens
from kudos import broker
from kudos.kafka import client_config
from kudos.local import kafka, secrets
from kudos.local.child import Child

#: How many wait for an answer at a time: more than a vendor's, fewer than all vendors'.
_CONNECTIONS = 32
_READY_S = 60.0


class Stretch(Struct, frozen=True):
    """What a stretch of load came to."""

    orders: int
    requests: int
    seconds: float
    cpu_seconds: float  # of ingest
    load: float  # the machine's, before it


def main() -> None:
    """Measure both loads, print them and keep the page's part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--orders", type=int, default=40_000, help="in requests of 100 (40000)")
    parser.add_argument("--requests", type=int, default=20_000, help="of one order (20000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of either load (3)")
    parser.add_argument("--to", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    print("starting a broker, and ingest on one core")
    with running() as (process, port):
        many, single = [], []
        stretch(process, port, 2_000, 100, "warm")
        for number in range(chosen.runs):
            print(f"run {number + 1} of {chosen.runs}: {chosen.orders} orders, 100 a request")
            many.append(stretch(process, port, chosen.orders, 100, f"many{number}"))
            print(f"run {number + 1} of {chosen.runs}: {chosen.requests} orders, 1 a request")
            single.append(stretch(process, port, chosen.requests, 1, f"single{number}"))
    text = stretches(many, single)
    keep(chosen.to, text)
    print(text)


def stretch(process: psutil.Process, port: int, orders: int, a_request: int, name: str) -> Stretch:
    """Push *orders* as fast as they are taken."""
    made = [signed(body) for body in bodies(orders, a_request, name, datetime.now(UTC))]
    load, before, begun = os.getloadavg()[0], _cpu_seconds(process), time.perf_counter()
    push(port, made)
    took = time.perf_counter() - begun
    return Stretch(orders, len(made), took, _cpu_seconds(process) - before, load)


def signed(body: bytes) -> bytes:
    """Return the request that pushes *body*, signed by Standard Webhooks."""
    sent_at = str(int(time.time()))
    made = hmac.digest(SECRET, f"b.{sent_at}.".encode() + body, "sha256")
    head = (
        f"POST /v1/hooks/homemade/{ORGANISATION} HTTP/1.1\r\nHost: ingest\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"webhook-id: b\r\nwebhook-timestamp: {sent_at}\r\n"
        f"webhook-signature: v1,{base64.b64encode(made).decode()}\r\n\r\n"
    )
    return head.encode() + body


def push(port: int, requests: Sequence[bytes]) -> None:
    """Send *requests* over kept connections, one at a time on each; raise where one is not taken.

    By hand: a client's own work would take the core that the broker needs.
    """
    left = iter(requests)
    with selectors.DefaultSelector() as waiting:
        for request, _ in zip(left, range(_CONNECTIONS), strict=False):
            one = socket.create_connection(("127.0.0.1", port), _READY_S)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.sendall(request)
            waiting.register(one, selectors.EVENT_READ, bytearray())
        while waiting.get_map():
            for key, _ in waiting.select(_READY_S):
                one, told = cast("socket.socket", key.fileobj), key.data
                told += one.recv(65_536)
                if not _is_whole(told):
                    continue
                told.clear()
                if (following := next(left, None)) is None:
                    waiting.unregister(one)
                    one.close()
                else:
                    one.sendall(following)


def _is_whole(told: bytearray) -> bool:
    """Tell whether an answer is there; raise where it is not 202."""
    head, found, content = told.partition(b"\r\n\r\n")
    if not found:
        return False
    if not head.startswith(b"HTTP/1.1 202") or b'"dead":0' not in content:
        if head.startswith(b"HTTP/1.1 202") and not content.endswith(b"}"):
            return False
        raise RuntimeError(bytes(head[:40]).decode())
    return content.endswith(b"}")


@contextmanager
def running() -> Iterator[tuple[psutil.Process, int]]:
    """Run a broker and ingest, each where it may be; yield ingest's process and port."""
    first, *others = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="kudos-bench-") as name:
        folder = Path(name)
        passwords = secrets.make_missing(folder / "secrets")
        (folder / "register.toml").write_text(REGISTER, "utf-8")
        mine = folder / "secrets" / "ingest"
        (mine / "benchmark").write_text("whsec_" + base64.b64encode(SECRET).decode())
        os.sched_setaffinity(0, others or {first})
        with _broker(folder, passwords) as address:
            port = free_port()
            environment = {
                "KUDOS_KAFKA": address,
                "KUDOS_CLICKHOUSE": "http://127.0.0.1:1/kudos",
                "KUDOS_ORGANISATIONS": str(folder / "register.toml"),
                "KUDOS_SECRETS": str(folder / "secrets"),
                "KUDOS_INGEST_PORT": str(port),
                "KUDOS_INGEST_STATE": str(folder / "state"),
            }
            command = [sys.executable, "-m", "services.ingest"]
            process = subprocess.Popen(command, env=os.environ | environment)
            try:
                os.sched_setaffinity(process.pid, {first})
                _await(lambda: _is_ready(port), "ingest")
                yield psutil.Process(process.pid), port
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


@contextmanager
def _broker(folder: Path, passwords: Mapping[str, str]) -> Iterator[str]:
    port, controller = free_port(), free_port()
    command = kafka.prepare(folder / "kafka", port, controller, passwords, kafka.jars(print))
    address = f"127.0.0.1:{port}"
    config = client_config(address, "admin", passwords["admin"])

    def answers() -> bool:
        if not listens(port):
            return False
        broker.apply(config, partitions=broker.PARTITIONS)
        return True

    child = Child("kafka", command, {}, folder / "kafka.log", answers)
    child.start()
    try:
        _await(child.is_ready, "the broker")
        yield address
    finally:
        child.stop(30)


def _is_ready(port: int) -> bool:
    """Tell whether it takes sales: it listens before it knows which sources are stopped."""
    if not listens(port):
        return False
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", "/readyz")
        return asked.getresponse().status == 200
    finally:
        asked.close()


def _await(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _READY_S
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not answer")
        time.sleep(0.05)  # between two looks, with a deadline


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
