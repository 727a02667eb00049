"""A whole system under test: ``kudos local`` in a directory of its own, and how to talk to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from simulation.register import OPERATOR, Access, install
from simulation.requests import sign
from tests.support.waiting import until

READY_S = 120.0
COUNTED_S = 240.0
#: What groups and persons take, whose tables are refreshed at a slower pace.
PERSONS_S = 600.0


class Running:
    """A system that answers: its addresses, secrets and tokens."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]", access: Access) -> None:
        self.data, self.process, self.access = data, process, access
        self.addresses: dict[str, str] = json.loads((data / "addresses.json").read_text("utf-8"))
        self.ingest = httpx.Client(base_url=self.addresses["ingest"], timeout=60)
        self.query = httpx.Client(base_url=self.addresses["query"], timeout=60)

    def push(self, vendor: str, organisation: str, body: bytes | object) -> httpx.Response:
        """Push *body*, signed as the open standard is; what is no bytes goes as JSON."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = sign(self.access.secrets[organisation, vendor], str(uuid.uuid4()), text)
        headers["Content-Type"] = "application/json"
        path = f"/v1/hooks/{vendor}/{organisation}"
        return self.ingest.post(path, content=text, headers=headers)

    def get(self, path: str, organisation: str = OPERATOR, **parameters: str) -> Any:
        """Return the JSON that *organisation*, or the operator, is answered."""
        answer = self.query.get(path, params=parameters, headers=self.bearer(organisation))
        assert answer.status_code == 200, (path, parameters, answer.status_code, answer.text)
        return answer.json()

    def bearer(self, organisation: str) -> dict[str, str]:
        """Return the header that says who asks."""
        return {"Authorization": f"Bearer {self.access.tokens[organisation]}"}

    def cells(self, organisation: str, measure: str, period: str, by: str = "") -> Any:
        """Return the cells of one of an organisation's own figures."""
        asked = {"measure": measure, "scope": f"organisation:{organisation}", "period": period}
        asked |= {"by": by} if by else {}
        return self.get("/v1/figures", organisation, **asked)["cells"]

    def watermark(self, families: Sequence[str] = ()) -> float:
        """Return the watermark, of *families* of tables too, in seconds since 1970.

        0 while there is none or nobody answers.
        """
        try:
            status = self.get("/v1/status")
        except (httpx.HTTPError, AssertionError):
            return 0.0
        said = [status["watermark"], *map(status["families"].get, families)]
        return min(datetime.fromisoformat(at).timestamp() if at else 0.0 for at in said)

    def wait_until_counted(self, moment: float | None = None, families: Sequence[str] = ()) -> None:
        """Return when everything accepted before *moment* (now) is in the figures.

        Those of groups and of persons are waited for where their *families* are named.
        """
        at = time.time() if moment is None else moment
        longest = PERSONS_S if families else COUNTED_S
        until(lambda: self.watermark(families) >= at, "the watermark does not come", longest)

    def kudos(self, *arguments: str, status: int = 0) -> str:
        """Run a command on this system and return what it printed."""
        done = command(*arguments, "--data", str(self.data))
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def ledger(self) -> dict[str, dict[str, int]]:
        """Return the ledger's numbers by organisation; it must balance."""
        rows = json.loads(self.kudos("ledger", "--json"))["organisations"]
        return {row["organisation"]: row for row in rows}

    def pids(self) -> dict[str, int]:
        """Return the children's process ids by their names."""
        found: dict[str, int] = json.loads((self.data / "children.json").read_text("utf-8"))
        return found

    def kill(self, child: str) -> int:
        """End one of the children by SIGKILL, as soon as it runs; return its id."""
        deadline = time.monotonic() + 60
        while True:
            pid = self.pids().get(child)
            # one that has just ended by itself is still in the list
            with suppress(ProcessLookupError):
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                    return pid
            assert time.monotonic() < deadline, f"{child} does not run"
            time.sleep(0.02)  # between two looks, with a deadline

    def is_ready(self, service: str) -> bool:
        """Tell whether a service says that it is ready."""
        try:
            return self.ingest.get(f"{self.addresses[service]}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def wait_until_revived(self, child: str, killed: int) -> None:
        """Return when another process does the work of *child*."""

        def revived() -> bool:
            pid = self.pids().get(child)
            return pid is not None and pid != killed and psutil.pid_exists(pid)

        until(revived, f"{child} was not started again", 60)

    def logs(self) -> str:
        """Return the end of every child's log, for who has to know why."""
        files = sorted((self.data / "logs").glob("*.log"))
        return "\n".join(f"== {f.stem}\n{f.read_text('utf-8', 'replace')[-2000:]}" for f in files)


def command(
    *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 600
) -> "subprocess.CompletedProcess[str]":
    """Run ``kudos`` and return what it did."""
    return subprocess.run(
        [sys.executable, "-m", "kudos.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env=os.environ | (environment or {}),
    )


@contextmanager
def running(data: Path, register: str = "") -> Iterator[Running]:
    """Run ``kudos local`` on *data* with the simulated organisations and those of *register*."""
    data.mkdir(parents=True, exist_ok=True)
    organisations = data / "organisations.toml"
    if register and not organisations.is_file():
        organisations.write_text(register, "utf-8")
    access = install(organisations, data / "secrets" / "ingest", data / "tokens.txt")
    with started(data) as process:
        system = Running(data, process, access)
        try:
            yield system
        finally:
            system.ingest.close()
            system.query.close()


@contextmanager
def started(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start ``kudos local`` on *data*, wait until it is ready, and stop it in the end."""
    command = [sys.executable, "-m", "kudos.cli", "local", "--data", str(data)]
    with (data / "local.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port-base", str(free_ports())],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        _wait_until_ready(process, data)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def _wait_until_ready(process: "subprocess.Popen[str]", data: Path) -> None:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if line.strip() == "ready":
            return
    text = (data / "local.log").read_text("utf-8", "replace")
    raise AssertionError(f"kudos local did not become ready: {''.join(said)}{text}")


def free_ports() -> int:
    """Return a base whose next eight ports are free."""
    first = 21_000 + os.getpid() % 200 * 20
    for base in range(first, 60_000, 20):
        try:
            for port in range(base, base + 9):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")
