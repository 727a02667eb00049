"""Notifications that were answered are fetched, however often and whenever ingest is killed."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.sealing import new_key_pair
from kudos.topics import RECEIVED
from services.ingest.signature import key
from services.ingest.thin.businesscentral import state
from services.ingest.thin.notices import Notices
from simulation.servers import businesscentral
from simulation.servers.businesscentral import COMPANY, Server
from tests.support.broker import Kafka
from tests.support.engine import free_port
from tests.support.ingest import OLD, SECRETS
from tests.support.thin import prepared
from tests.support.waiting import until

FIXTURES = Path(__file__).parents[1] / "unit" / "ingest" / "fixtures" / "businesscentral"


@pytest.fixture
def server() -> Iterator[Server]:
    with businesscentral.serving() as found:
        yield found


@pytest.mark.kafka
@pytest.mark.parametrize("kills", [1, pytest.param(12, marks=pytest.mark.long)])
def test_what_was_answered_is_fetched_though_the_process_was_killed(
    kafka: Kafka, server: Server, tmp_path: Path, kills: int
) -> None:
    """First before anything was fetched, then *kills* times while it is."""
    house = f"hus-{server.server_port}"
    secrets = prepared(tmp_path, server.address, house)
    for reader in ("identity", "replay"):
        (secrets / f"seal.{reader}.public").write_text(new_key_pair()[1], "utf-8")
    (secrets / "kafka").write_text(str(kafka.config("ingest")["sasl.password"]), "utf-8")
    port = free_port()
    environment = {
        "KUDOS_KAFKA": kafka.address,
        "KUDOS_CLICKHOUSE": "http://127.0.0.1:1/kudos",
        "KUDOS_ORGANISATIONS": str(tmp_path / "register.toml"),
        "KUDOS_SECRETS": str(tmp_path / "secrets"),
        "KUDOS_INGEST_PORT": str(port),
        "KUDOS_INGEST_STATE": str(tmp_path / "state"),
    }
    invoice: dict[str, Any] = json.loads((FIXTURES / "order.json").read_text("utf-8"))
    numbers = [f"26814998-936a-401c-81c1-{n:012x}" for n in range(20 * kills)]
    for number in numbers:
        server.documents[f"salesInvoices({number})"] = invoice | {"id": number}
    hook = f"/v1/hooks/businesscentral/{house}"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        server.open.clear()
        process = started(environment)
        until(lambda: answers(http), "ingest does not start", 20)
        assert 202 == http.post(hook, json=told(numbers)).status_code
        until(lambda: bool(server.asked), "nothing is asked", 10)
        killed(process)
        assert not received(kafka, house)
        server.open.set()
        chance = random.Random(kills)
        for _ in range(kills):
            process = started(environment)
            _wait_for_more(server, 1 + chance.randrange(10))
            killed(process)
        assert kills > 1 or len(received(kafka, house)) < len(numbers)
        process = started(environment)
        try:
            expected = {f"{house}/businesscentral/{number}" for number in numbers}
            until(lambda: expected == received(kafka, house).keys(), "not all is fetched", 20)
        finally:
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(20)
    # what was delivered twice is the same version of the same sale: it counts once
    assert all(1 == len(set(versions)) for versions in received(kafka, house).values())
    with closing(Notices(tmp_path / "state")) as notices:
        assert not notices.waiting()


def _wait_for_more(server: Server, many: int) -> None:
    """Return when *many* more sales were asked for."""
    wanted = _fetched(server) + many
    until(lambda: _fetched(server) >= wanted, "nothing is asked", 20, 0.001)


def _fetched(server: Server) -> int:
    return sum("/salesInvoices(" in path for _, path in list(server.asked))


def killed(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def told(numbers: list[str]) -> dict[str, Any]:
    shown = state(key(SECRETS[OLD]) or b"")
    return {
        "value": [
            {
                "clientState": shown,
                "resource": f"/api/v2.0/companies({COMPANY})/salesInvoices({number})",
                "changeType": "created",
            }
            for number in numbers
        ]
    }


def started(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "services.ingest"],
        env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    )


def answers(http: httpx.Client) -> bool:
    try:
        return 200 == http.get("/readyz").status_code
    except httpx.TransportError:
        return False


def received(kafka: Kafka, house: str) -> dict[str, list[bytes]]:
    """Return by its key what the broker has of each sale, but for when it was received."""
    found: dict[str, list[bytes]] = {}
    for one in kafka.everything(RECEIVED.name):
        if one.key is not None and one.key.startswith(f"{house}/businesscentral/".encode()):
            sale = avro.decode(one.value or b"", ReceivedTransaction).transaction
            assert sale.version is not None
            found.setdefault(one.key.decode(), []).append(msgspec.json.encode(sale))
    return found
