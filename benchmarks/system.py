"""A whole system to measure: ``kudos local`` in a directory of its own, and what it costs."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
from msgspec import Struct

ORGANISATION = "malt-teater"
SECRET = b"benchmark-secret-of-24-b"
TOKEN = "benchmark"  # noqa: S105 (of a system that lives as long as the measurement)

REGISTER = f"""
[[organisation]]
id = "{ORGANISATION}"
name = "Målt Teater"
industry = "scenekunst"
county = "03"
owner = "{ORGANISATION}"
city = "0301"
[[organisation.vendor]]
id = "homemade"
secrets = ["benchmark"]

[[token]]
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
role = "organisation"
organisation = "{ORGANISATION}"
"""

#: How a process is told from its command line; what is not here is the measurement's own.
_STAGES = {
    "services.ingest": "ingest",
    "services.identity": "identity",
    "services.enrich": "enrich",
    "services.aggregate": "aggregate",
    "services.query": "query",
    "kafka.Kafka": "broker",
    "kudos.local.engine": "engine",
}


class Engine(Struct, frozen=True):
    """A running engine: the address of a database in it, and its process."""

    url: str
    process: psutil.Process


@contextmanager
def running_engine(folder: Path, port: int) -> Iterator[Engine]:
    """Run ClickHouse's engine on a store in *folder*."""
    command = [sys.executable, "-m", "kudos.local.engine", "--path", str(folder / "store")]
    process = subprocess.Popen([*command, "--port", str(port)])
    try:
        while not listens(port):
            if process.poll() is not None:
                raise RuntimeError("the engine did not start")
            time.sleep(0.1)
        yield Engine(f"http://127.0.0.1:{port}/kudos", psutil.Process(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def listens(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class System:
    """A running system: its addresses, its processes, and a token that may ask."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]") -> None:
        self.addresses = json.loads((data / "addresses.json").read_text("utf-8"))
        self._process = process

    def processes(self) -> dict[str, psutil.Process]:
        """Return the processes by stage."""
        found: dict[str, psutil.Process] = {}
        for child in psutil.Process(self._process.pid).children(recursive=True):
            line = " ".join(child.cmdline())
            found |= {stage: child for part, stage in _STAGES.items() if part in line}
        return found

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time that each stage has used, in seconds."""
        times = {stage: p.cpu_times() for stage, p in self.processes().items()}
        return {stage: t.user + t.system for stage, t in times.items()}

    def memory_mib(self) -> dict[str, float]:
        """Return each stage's resident memory, in MiB."""
        return {stage: p.memory_info().rss / 2**20 for stage, p in self.processes().items()}

    def get(self, path: str) -> Any:
        """Return what the query service answers."""
        with Client(self.addresses["query"]) as client:
            return client.get(path)

    def watermark(self) -> float:
        """Return the watermark, in seconds since 1970; 0 where there is none yet."""
        return watermark_of(self.get("/v1/status"))


def watermark_of(status: dict[str, Any]) -> float:
    """Return the watermark in *status*, in seconds since 1970."""
    from datetime import datetime  # noqa: PLC0415 (used here alone)

    said = status["watermark"]
    return datetime.fromisoformat(said).timestamp() if said else 0.0


class Client:
    """One kept connection; http.client costs the machine less than what is measured."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._http = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """Return the JSON at *path*."""
        self._http.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return json.loads(text)

    def status(self, path: str) -> int:
        """Return the status of the answer at *path*."""
        self._http.request("GET", path)
        answer = self._http.getresponse()
        answer.read()
        return answer.status

    def push(self, body: bytes) -> dict[str, Any]:
        """Push *body*, signed, and return the receipt."""
        sent_at = str(int(time.time()))
        signed = hmac.digest(SECRET, f"b.{sent_at}.".encode() + body, "sha256")
        headers = {
            "Content-Type": "application/json",
            "webhook-id": "b",
            "webhook-timestamp": sent_at,
            "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        }
        self._http.request("POST", f"/v1/hooks/homemade/{ORGANISATION}", body, headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != 202:
            raise RuntimeError(f"push: {answer.status}")
        receipt: dict[str, Any] = json.loads(text)
        return receipt


@contextmanager
def running() -> Iterator[System]:
    """Start a system in a directory of its own, and stop it."""
    with tempfile.TemporaryDirectory(prefix="kudos-bench-") as folder:
        data = Path(folder)
        register = data / "register.toml"
        register.write_text(REGISTER, "utf-8")
        secrets = data / "secrets" / "ingest"
        secrets.mkdir(parents=True, mode=0o700)
        (secrets / "benchmark").write_text("whsec_" + base64.b64encode(SECRET).decode())
        command = [sys.executable, "-m", "kudos.cli", "local", "--data", folder]
        command += ["--port-base", str(_free_ports())]
        environment = os.environ | {"KUDOS_ORGANISATIONS": str(register)}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            _wait_until_ready(process)
            yield System(data, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_until_ready(process: "subprocess.Popen[str]") -> None:
    for line in process.stdout or ():
        if line.strip() == "ready":
            return
    raise RuntimeError("kudos local did not become ready")


def _free_ports() -> int:
    """Return a base whose next eight ports are free."""
    for base in range(21_000, 60_000, 50):
        try:
            for port in range(base, base + 9):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise RuntimeError("no free ports")
