"""A poller that is killed again and again while it reads delivers each order, and no other."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from msgspec import Struct

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.topics import RECEIVED
from simulation.servers import api, tixly
from tests.support.broker import Kafka
from tests.support.polling import register
from tests.support.waiting import until

pytestmark = pytest.mark.kafka
ORDERS = 10_000
_MONTHS = 12


class House(Struct, frozen=True):
    """A house whose 10,000 sales a server has, and the command that polls it."""

    id: str
    server: tixly.Server
    folder: Path
    environment: dict[str, str]

    def poll(self) -> "subprocess.Popen[str]":
        """Begin a poll, in a process of its own."""
        command = [sys.executable, "-m", "kudos.cli", "poll", "tixly", self.id]
        return subprocess.Popen(
            [*command, "--data", str(self.folder)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def trouble(number: int) -> api.Fault | None:
    """Return what is wrong with the n-th request: throttled, broken, broken off, or nothing."""
    if number % 50 == 20:
        return 429, {"Retry-After": "1" if number % 200 == 20 else "0"}, b""
    if number % 60 == 9:
        return api.BUSY
    return api.BROKEN_OFF if number % 60 == 33 else None


def day(number: int) -> str:
    """Return when it was sold: half of them in months of one page, half in one of many pages."""
    if number % 2:
        return f"2025-01-{1 + number % 28:02}"
    return f"2024-{1 + number * _MONTHS // ORDERS:02}-{1 + number % 28:02}"


@pytest.fixture
def house(kafka: Kafka, tmp_path: Path) -> Iterator[House]:
    with api.serving(tixly.Server) as server:
        server.faulty = trouble
        server.rows = [tixly.row(number, day(number)) for number in range(ORDERS)]
        id_ = f"hus-{os.getpid()}-{server.server_port}"
        (tmp_path / "organisations.toml").write_text(
            register("tixly", server.address, id_), "utf-8"
        )
        secrets = kafka.folder / "secrets"
        (secrets / "ingest" / "tixly.api").write_text(tixly.SECRET, "utf-8")
        environment = dict(os.environ) | {
            "KUDOS_KAFKA": kafka.address,
            "KUDOS_CLICKHOUSE": "http://127.0.0.1:9/kudos",
            "KUDOS_ORGANISATIONS": str(tmp_path / "organisations.toml"),
            "KUDOS_SECRETS": str(secrets),
            "KUDOS_INGEST_STATE": str(tmp_path / "state"),
        }
        yield House(id_, server, tmp_path, environment)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.long)])
def test_each_order_arrives_whenever_the_poller_is_killed(
    kafka: Kafka, house: House, kills: int
) -> None:
    chance, server = random.Random(kills), house.server
    # of smaller pages there are more to be killed at
    server.most, deaths = (500 if kills == 5 else 100), 0
    while deaths < kills:
        begun = len(server.asked)
        # within what is left for it, so that each is killed at its work
        wait_for = begun + 1 + chance.randrange(max(1, 40 // kills))
        process = house.poll()
        until(
            partial(_asks_or_ended, server, wait_for, process), "it asks for nothing", pause=0.001
        )
        # what it does then is reading, sending, waiting for the broker, or noting it
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deaths += 1
    assert len(delivered(kafka, house)) < ORDERS
    last = house.poll()
    told, said = last.communicate(timeout=120)
    assert 0 == last.returncode, said
    assert "0 of them dead" in told
    found = delivered(kafka, house)
    assert {f"{house.id}/tixly/{number}" for number in range(ORDERS)} == found.keys()
    assert {(45_000, 2_500)} == {amounts for one in found.values() for amounts in one}
    assert not [one for one in kafka.everything(f"{RECEIVED.name}.dead") if _is_of(one.key, house)]
    again = house.poll()
    assert "0 of them new" in again.communicate(timeout=120)[0]


def _asks_or_ended(server: tixly.Server, many: int, process: "subprocess.Popen[str]") -> bool:
    return len(server.asked) >= many or process.poll() is not None


def delivered(kafka: Kafka, house: House) -> dict[str, list[tuple[int, int]]]:
    """Return what the broker has of *house*: amounts and fees, by transaction."""
    found: dict[str, list[tuple[int, int]]] = {}
    for one in kafka.everything(RECEIVED.name):
        if _is_of(one.key, house) and one.key is not None:
            sale = avro.decode(one.value or b"", ReceivedTransaction).transaction
            amounts = [(line.amount_minor, line.fee_minor) for line in sale.lines]
            found.setdefault(one.key.decode(), []).extend(amounts)
    return found


def _is_of(key: bytes | None, house: House) -> bool:
    return key is not None and key.startswith(f"{house.id}/".encode())
