"""``kudos local`` refuses in one clear line, leaves nothing behind and disturbs nobody."""

import os
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.support.system import Running, command, free_ports

pytestmark = [pytest.mark.kafka, pytest.mark.engine]


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """Assert that it ended by one clear line which says *words*."""
    assert done.returncode in {1, 2}, done.stdout + done.stderr
    [line] = done.stderr.strip().splitlines()
    assert all(word in line for word in words), line
    assert "Traceback" not in done.stdout + done.stderr


def left_behind(data: Path) -> list[str]:
    """Return the command lines of processes that work on *data*."""
    mine = os.getpid()
    return [
        line
        for process in psutil.process_iter(["pid", "cmdline"])
        if process.info["pid"] != mine
        and str(data) in (line := " ".join(process.info["cmdline"] or ()))
    ]


@pytest.mark.parametrize("place", range(1, 9))
def test_a_taken_port_is_named(tmp_path: Path, place: int) -> None:
    data, base = tmp_path / "data", free_ports()
    with socket.create_server(("127.0.0.1", base + place)):
        done = command("local", "--data", str(data), "--port-base", str(base))
    refused(done, f"port {base + place} ", "taken", "--port-base")
    assert [] == left_behind(data)


def test_a_directory_in_use_is_left_alone(system: Running) -> None:
    before = system.pids()
    done = command("local", "--data", str(system.data), "--port-base", str(free_ports()))
    refused(done, "in use")
    assert before == system.pids()
    system.wait_until_counted()


def test_a_download_that_cannot_be_done_is_said(tmp_path: Path) -> None:
    """Nothing is cached in this home, and the way out leads to a port where nobody is."""
    data = tmp_path / "data"
    nowhere = "http://127.0.0.1:9"
    away = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), nowhere
    )
    home = {"HOME": str(tmp_path), "NO_PROXY": "", "no_proxy": ""}
    done = command(
        "local",
        "--data",
        str(data),
        "--port-base",
        str(free_ports()),
        environment=away | home,
        timeout=300,
    )
    refused(done, "Apache Kafka", "could not be fetched")
    assert "fetching Apache Kafka" in done.stdout
    assert [] == left_behind(data)
