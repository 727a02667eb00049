"""Ingest as a process without a broker: it answers, refuses, stores nothing and ends well."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from kudos.sealing import new_key_pair
from tests.support.ingest import NEW, REGISTER, SECRETS, signature
from tests.support.waiting import until

#: Within what the register lets in.
FORWARDED = {"X-Forwarded-For": "192.0.2.7"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return what ingest is told; nobody listens where it looks for Kafka."""
    folder = tmp_path / "secrets" / "ingest"
    folder.mkdir(parents=True)
    for reader in ("identity", "replay"):
        (folder / f"seal.{reader}.public").write_text(new_key_pair()[1], "utf-8")
    for name, text in SECRETS.items():
        (folder / name).write_text(text, "utf-8")
    register = tmp_path / "register.toml"
    allow = 'id = "dx"\n  allow = ["192.0.2.0/24"]'
    register.write_text(REGISTER.replace('id = "dx"', allow), "utf-8")
    return {
        "KUDOS_KAFKA": f"127.0.0.1:{free_port()}",
        "KUDOS_CLICKHOUSE": "http://127.0.0.1:1/kudos",
        "KUDOS_ORGANISATIONS": str(register),
        "KUDOS_SECRETS": str(tmp_path / "secrets"),
        "KUDOS_INGEST_PORT": str(free_port()),
        "KUDOS_INGEST_STATE": str(tmp_path / "state"),
    }


def started(environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "services.ingest"],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def http(environment: dict[str, str]) -> Iterator[httpx.Client]:
    base = f"http://127.0.0.1:{environment['KUDOS_INGEST_PORT']}"
    with httpx.Client(base_url=base, timeout=30) as client:
        yield client


def answers(http: httpx.Client) -> bool:
    try:
        return 200 == http.get("/healthz").status_code
    except httpx.TransportError:
        return False


def push(http: httpx.Client, body: bytes) -> httpx.Response:
    headers = signature(body, SECRETS[NEW], datetime.now(UTC))
    return http.post("/v1/hooks/tixly/hus", content=body, headers=headers)


def test_is_alive_not_ready_and_acknowledges_nothing(
    environment: dict[str, str], http: httpx.Client
) -> None:
    process = started(environment)
    try:
        until(lambda: answers(http), "ingest does not start", 20)
        ready = http.get("/readyz")
        assert 503 == ready.status_code
        assert ready.text.startswith("not ready: the broker ")
        answer = push(http, b'[{"SaleTicketId": 1}, "Kari Nordmann"]')
        assert 503 == answer.status_code
        assert int(answer.headers["retry-after"]) > 0
        assert 401 == http.post("/v1/hooks/tixly/hus/hemmelig-adresse").status_code
        # nobody is believed for whom he calls, also who is on this machine
        assert 403 == http.post("/v1/hooks/dx/hus", headers=FORWARDED).status_code
        large = b" " * (30 * 2**20)
        assert 413 == push(http, large).status_code
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    assert 0 == process.returncode
    assert '"nothing can be stored: the broker does not answer' in told
    assert not [word for word in ("hemmelig", "Kari", "/v1/hooks") if word in told]


def test_what_is_in_flight_when_it_is_told_to_stop_is_answered(
    environment: dict[str, str], http: httpx.Client
) -> None:
    process = started(environment | {"KUDOS_INGEST_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1"})
    answered: list[int] = []
    until(lambda: answers(http), "ingest does not start", 20)
    assert 401 == http.post("/v1/hooks/dx/hus", headers=FORWARDED).status_code
    with httpx.Client(base_url=http.base_url, timeout=30) as other:
        thread = threading.Thread(target=lambda: answered.append(push(other, b"Kari").status_code))
        thread.start()
        received = "kudos_dead_letters_total"
        until(
            lambda: f'{received}{{reason="unreadable"' in http.get("/metrics").text,
            "not taken",
            seconds=10,
        )
        process.send_signal(signal.SIGTERM)
        thread.join(30)
    process.communicate(timeout=30)
    assert (0, [503]) == (process.returncode, answered)


@pytest.mark.parametrize(
    "missing",
    ["KUDOS_ORGANISATIONS", "KUDOS_SECRETS", "KUDOS_KAFKA", "KUDOS_INGEST_TRUSTED_PROXIES"],
)
def test_a_setting_that_is_wrong_is_one_line(environment: dict[str, str], missing: str) -> None:
    environment[missing] = "" if missing == "KUDOS_KAFKA" else "/nosuch"
    process = started(environment)
    _, told = process.communicate(timeout=30)
    assert 2 == process.returncode, told
    assert missing in told
    assert 1 == len(told.strip().splitlines())


def test_a_port_that_is_taken_is_one_line(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["KUDOS_INGEST_PORT"]))):
        process = started(environment)
        _, told = process.communicate(timeout=30)
    assert 2 == process.returncode, told
    assert f"ingest: port {environment['KUDOS_INGEST_PORT']} is taken" in told
    assert 1 == len(told.strip().splitlines())
