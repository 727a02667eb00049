"""The whole system on this machine: Kafka, the engine, topics and the five services, in order."""

import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from msgspec import Struct

from kudos import broker
from kudos.errors import Misconfigured
from kudos.kafka import client_config
from kudos.local import kafka, register, secrets
from kudos.local.child import Child

#: In the order of their ports, from the base + 1 on.
SERVICES = ("ingest", "identity", "enrich", "aggregate", "query")
_START_SECONDS = 90.0
_STOP_SECONDS = 12.0
#: A child's status when a setting is wrong, and how often another is started while we wait.
_MISUSE, _MOST_RESTARTS = 2, 5
_LINGER_SECONDS = 2.0
#: The oldest output of a child that is kept: a log that grew past this is begun anew at a start.
_LOG_BYTES = 50 * 2**20


class Layout(Struct, frozen=True):
    """Where a local system keeps what, and which ports it uses."""

    data: Path
    base: int
    secrets: Path
    organisations: Path

    def port(self, name: str) -> int:
        """Return the port of a service, of ``kafka``, ``clickhouse`` or Kafka's ``controller``."""
        return self.base + 1 + (*SERVICES, "kafka", "clickhouse", "controller").index(name)

    def addresses(self) -> dict[str, str]:
        """Return the address of everything that answers."""
        found = {name: f"http://127.0.0.1:{self.port(name)}" for name in SERVICES}
        found["kafka"] = f"127.0.0.1:{self.port('kafka')}"
        found["clickhouse"] = f"http://127.0.0.1:{self.port('clickhouse')}/kudos"
        return found

    def environment(self) -> dict[str, str]:
        """Return what the services and commands are told."""
        ports = {f"KUDOS_{s.upper()}_PORT": str(self.port(s)) for s in SERVICES}
        return ports | {
            "KUDOS_HOST": "127.0.0.1",
            "KUDOS_KAFKA": self.addresses()["kafka"],
            "KUDOS_CLICKHOUSE": self.addresses()["clickhouse"],
            "KUDOS_ORGANISATIONS": str(self.organisations),
            "KUDOS_SECRETS": str(self.secrets),
            "KUDOS_IDENTITY_STATE": os.environ.get("KUDOS_IDENTITY_STATE")
            or str(self.data / "identity"),
            "KUDOS_INGEST_STATE": os.environ.get("KUDOS_INGEST_STATE") or str(self.data / "ingest"),
            "KUDOS_REFERENCE": os.environ.get("KUDOS_REFERENCE") or str(self.data / "reference"),
        }


def lay_out(data: Path, base: int, say: Callable[[str], None]) -> Layout:
    """Make what is missing in *data* (secrets, a small register), and say so."""
    folder = Path(os.environ.get("KUDOS_SECRETS") or data / "secrets").resolve()
    organisations = os.environ.get("KUDOS_ORGANISATIONS")
    if organisations is None:
        if not (data / "organisations.toml").is_file():
            say(f"no register of organisations was named: a small one is in {data}")
        organisations = str(register.make(data, folder))
    return Layout(data.resolve(), base, folder, Path(organisations).resolve())


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold *data* for this process; raise Misconfigured where another holds it."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Misconfigured(f"{data} is in use by another kudos local") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def holder(data: Path) -> int | None:
    """Return the process that holds *data*, or None."""
    path = data / "lock"
    if not path.is_file():
        return None
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return int(path.read_text("utf-8"))
    return None


class System:
    """The children, started in order, watched, and stopped in order."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        self.layout, self._say = layout, say
        #: Set once it is asked to stop: what goes on beside it should end too.
        self.stopping = False
        self._infrastructure: list[Child] = []
        self._services: list[Child] = []

    def run(self, started: Callable[[], bool] = lambda: True) -> None:
        """Start everything, call *started*, and watch until SIGINT, SIGTERM, or it says False."""
        self._refuse_taken_ports()
        passwords = secrets.make_missing(self.layout.secrets)
        # the download may take long; nothing is there yet to stop in order, so it is broken off
        jars = kafka.jars(self._say)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            self._start(passwords, jars)
            if not self.stopping and started():
                self._watch()
        finally:
            self._stop()

    def stop_soon(self) -> None:
        """Let ``run`` end."""
        self.stopping = True

    def watch_once(self) -> None:
        """Start again what has died; note the children's ids for who wants to know."""
        now = time.monotonic()
        for child in (*self._infrastructure, *self._services):
            code = child.failed()
            if child.revive(now):
                self._say(f"{child.name} ended with status {code} and was started again")
                self._note()

    def _start(self, passwords: Mapping[str, str], jars: list[Path]) -> None:
        layout = self.layout
        folder = layout.data / "kafka"
        ports = (layout.port("kafka"), layout.port("controller"))
        engine = [sys.executable, "-m", "kudos.local.engine"]
        engine += [
            "--path",
            str(layout.data / "clickhouse"),
            "--port",
            str(layout.port("clickhouse")),
        ]
        self._infrastructure = [
            self._child("clickhouse", engine, lambda: _answers(layout.port("clickhouse"), "/ping")),
        ]
        self._infrastructure[0].start()
        command = kafka.prepare(folder, *ports, passwords, jars)
        self._infrastructure.append(self._child("kafka", command, lambda: _listens(ports[0])))
        self._infrastructure[1].start()
        self._until_ready(self._infrastructure)
        admin = client_config(layout.addresses()["kafka"], "admin", passwords["admin"])
        broker.apply(admin)
        for name in SERVICES:
            module = [sys.executable, "-m", f"services.{name}"]
            self._services.append(
                self._child(name, module, partial(_answers, layout.port(name), "/readyz"))
            )
        for child in self._services:
            child.start()
        self._until_ready(self._services)
        text = json.dumps(layout.addresses(), indent=1)
        (layout.data / "addresses.json").write_text(text + "\n", "utf-8")
        self._note()

    def _child(self, name: str, command: list[str], ready: Callable[[], bool]) -> Child:
        log = self.layout.data / "logs" / f"{name}.log"
        if log.is_file() and log.stat().st_size > _LOG_BYTES:
            log.unlink()
        return Child(name, command, self.layout.environment(), log, ready)

    def _refuse_taken_ports(self) -> None:
        """Raise Misconfigured where a port is another's; children of a killed system may linger."""
        deadline = time.monotonic() + _LINGER_SECONDS
        for name in (*SERVICES, "kafka", "clickhouse", "controller"):
            port = self.layout.port(name)
            while not _free(port):
                if time.monotonic() > deadline:
                    raise Misconfigured(f"port {port} ({name}) is taken; try --port-base")
                time.sleep(0.05)

    def _until_ready(self, children: list[Child]) -> None:
        """Wait for *children*; one that finds itself misconfigured has failed.

        Another that ends is started again: what it needs may not have been there yet.
        """
        deadline = time.monotonic() + _START_SECONDS
        waiting = list(children)
        while waiting and not self.stopping:
            for child in waiting:
                if child.failed() == _MISUSE or child.restarts == _MOST_RESTARTS:
                    raise Misconfigured(f"{child.name} did not start: {child.last_lines()}")
                child.revive(time.monotonic())
            waiting = [child for child in waiting if not child.is_ready()]
            if time.monotonic() > deadline:
                names = ", ".join(child.name for child in waiting)
                raise Misconfigured(f"not ready after {_START_SECONDS:.0f} s: {names}")
            time.sleep(0.05)

    def _watch(self) -> None:
        while not self.stopping:
            self.watch_once()
            time.sleep(0.1)

    def _note(self) -> None:
        pids = {child.name: child.pid for child in (*self._infrastructure, *self._services)}
        draft = self.layout.data / "children.json.new"
        draft.write_text(json.dumps(pids), "utf-8")
        draft.replace(self.layout.data / "children.json")

    def _stop(self) -> None:
        """Stop the services together, then Kafka, then the engine."""
        for child in self._services:
            child.ask_to_stop()
        for child in (*self._services, *reversed(self._infrastructure)):
            child.stop(_STOP_SECONDS)
        (self.layout.data / "children.json").unlink(missing_ok=True)

    def _on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def from_data(data: Path) -> Mapping[str, str]:
    """Return the addresses that a running system wrote, or raise Misconfigured."""
    path = data / "addresses.json"
    if not path.is_file():
        raise Misconfigured(f"{data} holds no running system: start one with kudos local")
    addresses: dict[str, str] = json.loads(path.read_text("utf-8"))
    return addresses
