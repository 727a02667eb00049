"""Thin push over real HTTP on loopback, with a real process and a real broker where it matters."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kudos.errors import Misconfigured
from kudos.register import WatchedRegister
from kudos.sealing import new_key_pair
from services.ingest.keyring import Keyring
from services.ingest.signature import key
from services.ingest.thin import THIN
from services.ingest.thin.businesscentral import state
from services.ingest.thin.notices import Notices
from services.ingest.thin.subscriptions import Subscriptions
from services.ingest.thin.working import Clients, subscribing
from tests.support.broker import Kafka
from tests.support.engine import free_port
from tests.support.ingest import NEW, OLD, SECRETS
from tests.support.vendors import businesscentral
from tests.support.vendors.businesscentral import COMPANY, SECRET, Server
from tests.support.waiting import until

FIXTURES = Path(__file__).parents[1] / "unit" / "ingest" / "fixtures" / "businesscentral"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("salesInvoices", "salesCreditMemos", "customers")


@pytest.fixture
def server() -> Iterator[Server]:
    with businesscentral.serving() as found:
        yield found


def prepared(folder: Path, address: str) -> Path:
    """Write the register and the secrets of ingest; return the folder of secrets."""
    register = f"""
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "businesscentral"
  secrets = ["{NEW}", "{OLD}"]
  base_url = "{address}/v2.0/t/e"
  token_url = "{address}/token"
  client_id = "kudos"
  company = "{COMPANY}"
  credentials = "bc.hus"
  public_url = "https://kudos.example"
"""
    (folder / "register.toml").write_text(register, "utf-8")
    secrets = folder / "secrets" / "ingest"
    secrets.mkdir(parents=True)
    for name, text in (*SECRETS.items(), ("bc.hus", SECRET)):
        (secrets / name).write_text(text, "utf-8")
    return secrets


class Desk:
    """The subscriptions of one house, and the clock that they go by."""

    def __init__(self, folder: Path, server: Server, http: httpx.Client) -> None:
        self.now, self.secrets = NOW, prepared(folder, server.address)
        self.notices = Notices(folder / "state")
        self.register = folder / "register.toml"
        keyring = Keyring(WatchedRegister(self.register), self.secrets)
        self.subscriptions = Subscriptions(
            self.notices,
            lambda: subscribing(keyring.origins(), THIN),
            keyring.keys,
            Clients(http, self.secrets, lambda _: None),
            now=lambda: self.now,
        )


@pytest.fixture
def desk(server: Server, tmp_path: Path) -> Iterator[Desk]:
    with httpx.Client(timeout=5) as http:
        yield Desk(tmp_path, server, http)


def changes(server: Server) -> list[str]:
    found = [method for method, _ in server.asked if method != "GET"]
    server.asked.clear()
    return found


def test_subscriptions_are_made_renewed_before_they_end_and_made_again(
    desk: Desk, server: Server
) -> None:
    desk.subscriptions.round()
    assert ["POST"] * 3 == changes(server)
    found = server.subscriptions.values()
    assert {f"/api/v2.0/companies({COMPANY})/{kind}" for kind in KINDS} == {
        one["resource"] for one in found
    }
    assert {"https://kudos.example/v1/hooks/businesscentral/hus"} == {
        one["notificationUrl"] for one in found
    }
    assert {state(key(SECRETS[NEW]) or b"")} == {one["clientState"] for one in found}
    # this process has not told them its secret by a renewal yet
    desk.subscriptions.round()
    assert ["PATCH"] * 3 == changes(server)
    desk.now += timedelta(hours=23)
    desk.subscriptions.round()
    assert [] == changes(server)
    desk.now += timedelta(hours=2)
    desk.subscriptions.round()
    assert ["PATCH"] * 3 == changes(server)
    server.ends = "2026-01-20T00:00:00Z"
    desk.subscriptions.round()
    assert [] == desk.notices.waiting()
    changes(server)
    del server.subscriptions["s1"]
    desk.now += timedelta(days=1)
    desk.subscriptions.round()
    assert ["POST"] == changes(server)
    [missed] = desk.notices.waiting()
    asked = {
        "$filter": "lastModifiedDateTime gt 2026-01-02T00:00:00Z",
        "$expand": "salesInvoiceLines,customer",
    }
    assert asked == missed.wanted.params


def test_a_secret_that_is_changed_is_told_at_once(desk: Desk, server: Server) -> None:
    server.ends = "2026-02-01T00:00:00Z"
    for _ in range(3):
        desk.subscriptions.round()
    changes(server)
    text = desk.register.read_text("utf-8").replace(f'"{NEW}", "{OLD}"', f'"{OLD}", "{NEW}"')
    desk.register.write_text(text + "\n", "utf-8")
    desk.subscriptions.round()
    assert ["PATCH"] * 3 == changes(server)
    shown = {one["clientState"] for one in server.subscriptions.values()}
    assert {state(key(SECRETS[OLD]) or b"")} == shown


def test_a_token_that_ended_and_a_vendor_that_is_busy_are_waited_out(
    desk: Desk, server: Server
) -> None:
    desk.subscriptions.round()
    server.valid.clear()
    server.faults = [(429, {"Retry-After": "1"})]
    desk.subscriptions.round()
    assert (2, 3) == (server.tokens, len(server.subscriptions))


def test_a_vendor_that_cannot_reach_us_is_said_and_tried_again(
    desk: Desk, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.greets = lambda _address: False
    desk.subscriptions.round()
    assert "it answered 400" in caplog.text
    assert SECRET not in caplog.text
    server.greets = lambda _address: True
    desk.subscriptions.round()
    assert 3 == len(server.subscriptions)


def test_credentials_are_a_file_of_ours(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "other").write_text("x", "utf-8")
    text = desk.register.read_text("utf-8").replace('"bc.hus"', '"../other"')
    desk.register.write_text(text, "utf-8")
    keyring = Keyring(WatchedRegister(desk.register), desk.secrets)
    [(origin, thin)] = subscribing(keyring.origins(), THIN)
    with httpx.Client() as http, pytest.raises(Misconfigured, match="name of a file"):
        Clients(http, desk.secrets, lambda _: None)(origin, thin)


@pytest.mark.kafka
def test_what_was_answered_is_fetched_though_the_process_was_killed_before(
    kafka: Kafka, server: Server, tmp_path: Path
) -> None:
    secrets = prepared(tmp_path, server.address)
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
    numbers = [f"26814998-936a-401c-81c1-{n:012x}" for n in range(20)]
    for number in numbers:
        server.documents[f"salesInvoices({number})"] = invoice | {"id": number}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        server.open.clear()
        process = started(environment)
        until(lambda: answers(http), "ingest does not start", 20)
        assert 202 == http.post("/v1/hooks/businesscentral/hus", json=told(numbers)).status_code
        until(lambda: bool(server.asked), "nothing is asked", 10)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert not received(kafka)
        server.open.set()
        process = started(environment)
        try:
            until(lambda: len(received(kafka)) >= len(numbers), "not all is fetched", 20)
        finally:
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(20)
    expected = {f"hus/businesscentral/{number}" for number in numbers}
    assert expected == set(received(kafka))


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


def received(kafka: Kafka) -> list[str]:
    keys = [(m.key or b"").decode() for m in kafka.everything("transactions.received")]
    return [one for one in keys if one.startswith("hus/businesscentral/")]
