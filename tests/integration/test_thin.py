"""Thin push over real HTTP on loopback, with a real process and a real broker where it matters."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from kudos.errors import Misconfigured
from kudos.register import WatchedRegister
from services.ingest.keyring import Keyring
from services.ingest.signature import key
from services.ingest.thin import THIN
from services.ingest.thin.businesscentral import state
from services.ingest.thin.notices import Notices
from services.ingest.thin.subscriptions import Subscriptions
from services.ingest.thin.working import Clients, subscribing
from simulation.servers import businesscentral
from simulation.servers.businesscentral import COMPANY, SECRET, Server
from tests.support.ingest import NEW, OLD, SECRETS
from tests.support.thin import prepared

FIXTURES = Path(__file__).parents[1] / "unit" / "ingest" / "fixtures" / "businesscentral"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("salesInvoices", "salesCreditMemos", "customers")


@pytest.fixture
def server() -> Iterator[Server]:
    with businesscentral.serving() as found:
        yield found


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


def test_one_that_is_refused_ends_no_other(
    desk: Desk, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    desk.subscriptions.round()
    desk.now += timedelta(days=2)
    changes(server)
    server.refuses = {"s1"}
    desk.subscriptions.round()
    assert ["PATCH"] * 3 == changes(server)
    assert "it answered 400" in caplog.text
    server.refuses = set()
    server.ends = "2026-02-01T00:00:00Z"
    desk.subscriptions.round()
    assert {server.ends} == {one["expirationDateTime"] for one in server.subscriptions.values()}


def test_who_is_killed_between_making_one_and_asking_what_was_missed_asks_later(
    desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.subscriptions.round()
    server.subscriptions.clear()
    desk.now += timedelta(hours=5)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.notices, "note", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.subscriptions.round()
    assert 1 == len(server.subscriptions)
    monkeypatch.undo()
    desk.now += timedelta(minutes=15)
    desk.subscriptions.round()
    since = [one.wanted.params["$filter"] for one in desk.notices.waiting()]
    assert ["lastModifiedDateTime gt 2025-12-31T23:00:00Z"] * 3 == since
    numbers = [one.number for one in desk.notices.waiting()]
    desk.subscriptions.round()
    assert numbers == [one.number for one in desk.notices.waiting()]


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
    server.faults = [(429, {"Retry-After": "1"}, b"")]
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
