"""What the service polls, what it fetches and what a till calls reaches the figures."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from simulation.servers import api, eventim, ticketco
from simulation.servers.pckasse import Till, credit
from tests.support.ingest import NEW, SECRETS
from tests.support.polling import register
from tests.support.system import Running, command, running

pytestmark = [pytest.mark.kafka, pytest.mark.engine, pytest.mark.long]


@pytest.fixture
def polled() -> Iterator[ticketco.Server]:
    with api.serving(ticketco.Server) as server:
        server.rows = [ticketco.row(number) for number in range(40)]
        yield server


@pytest.fixture
def thin() -> Iterator[eventim.Server]:
    with api.serving(eventim.Server) as server:
        server.rows = {eventim.uuid(number): eventim.row(number) for number in range(12)}
        yield server


@pytest.fixture
def whole(polled: ticketco.Server, thin: eventim.Server, tmp_path: Path) -> Iterator[Running]:
    text = register("ticketco", polled.address, "pollhus", '  every = "1s"\n')
    text += (
        f'  [[organisation.vendor]]\n  id = "eventim"\n  secrets = ["{NEW}"]\n'
        f'  base_url = "{thin.address}"\n  token_url = "{thin.address}/token"\n'
        f'  client_id = "{eventim.CLIENT}"\n  credentials = "eventim.api"\n'
        f'  [[organisation.vendor]]\n  id = "pckasse"\n  login = 7\n  secrets = ["{NEW}"]\n'
    )
    secrets = tmp_path / "data" / "secrets" / "ingest"
    secrets.mkdir(parents=True)
    named = (
        (NEW, SECRETS[NEW]),
        ("ticketco.api", ticketco.SECRET),
        ("eventim.api", eventim.SECRET),
    )
    for name, secret in named:
        (secrets / name).write_text(secret, "utf-8")
    with running(tmp_path / "data", text) as found:
        yield found


def test_polled_fetched_and_called_sales_are_counted_also_after_kills(
    whole: Running, polled: ticketco.Server
) -> None:
    secret = SECRETS[NEW].removeprefix("whsec_")
    hook = f"/v1/hooks/eventim/pollhus/{secret}"
    for number in range(12):
        told = {"entity": "order", "uuid": eventim.uuid(number)}
        assert 202 == whole.ingest.post(hook, json=told).status_code
    whole.wait_until_revived("ingest", whole.kill("ingest"))
    polled.rows += [ticketco.row(number) for number in range(40, 60)]
    with httpx.Client(timeout=30) as http:
        address = f"{whole.addresses['ingest']}/v1/soap/pckasse/pollhus"
        till = Till(http, address, "7", secret)
        till.queue.extend(credit(n, n) for n in range(1, 6))
        while till.queue:
            till.run()
    _wait_for(whole, 60 + 12 + 5)
    row = whole.ledger()["pollhus"]
    assert (77, 0, 0) == (row["counted"], row["dead"], row["difference"])
    # by hand, from where the service is: nothing of it is new, or the service is at it
    done = command("poll", "ticketco", "pollhus", "--data", str(whole.data))
    assert "0 of them new" in done.stdout or "another process polls it" in done.stderr


def _wait_for(system: Running, many: int) -> None:
    deadline = time.monotonic() + 120
    row: dict[str, int] = {}
    while row.get("counted", 0) < many:
        assert time.monotonic() < deadline, row
        system.wait_until_counted()
        with suppress(AssertionError):  # it balances in a moment
            row = system.ledger().get("pollhus", {})
