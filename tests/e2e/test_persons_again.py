"""Persons and their figures stay true through kills of resolve, sleep, replay and rebuilding."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from confluent_kafka import KafkaException

from kudos.local.system import Layout
from kudos.topics import LINKS, PSEUDONYMOUS, RECEIVED
from tests.support.alone import forget_offsets
from tests.support.found import compare
from tests.support.season import Season, played, prepared
from tests.support.system import Running, free_ports
from tests.support.topics import reader, size
from tests.support.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.engine, pytest.mark.long]

#: Orders, and deliveries a second: it has to last while resolve is killed, and sleeps.
ORDERS, RATE = 30_000, 300.0
KILLS = 3
#: Longer than its session with the broker: what sleeps so long is taken for dead.
SLEEP_S = 13.0
LEAST = {
    "persons": 80,
    "days": 350_000,
    "breakdowns": 2_000_000,
    "curves": 250_000,
    "cross-use": 50_000,
    "shares": 50_000,
}


class Stage:
    """A system that may be stopped and started again on the same data."""

    def __init__(self, data: Path) -> None:
        self.data, self._up = data, ExitStack()
        self.system: Running = self._up.enter_context(prepared(data))
        self.did: list[str] = []

    def again(self, between: Callable[[Path, int], object]) -> Running:
        """Stop it, do what is to be done *between*, and start it again."""
        base = int(self.system.addresses["ingest"].rpartition(":")[2]) - 1
        self.close()
        between(self.data, base)
        self.system = self._up.enter_context(prepared(self.data))
        return self.system

    def close(self) -> None:
        """Stop it."""
        self._up.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    found = Stage(tmp_path_factory.mktemp("again") / "data")
    yield found
    found.close()


@pytest.fixture(scope="module")
def season(stage: Stage) -> Season:
    """Return a clean season during which resolve was killed, and slept while another took over."""
    ended = threading.Event()
    trouble = threading.Thread(target=_trouble, args=(stage, ended))
    trouble.start()
    try:
        found = played(stage.system, ORDERS, seed=11, rate=RATE)
    finally:
        ended.set()
        trouble.join()
    assert stage.did == [*["killed"] * KILLS, "slept", "killed the other"], "it came to an end"
    return found


def _trouble(stage: Stage, ended: threading.Event) -> None:
    """Kill the one that resolves in the midst of a batch; then let it sleep while another does."""
    system = stage.system
    for _ in range(KILLS):
        _wait_for_links(system, ended)
        pid = system.kill("identity")
        system.wait_until_revived("identity", pid)
        stage.did.append("killed")
    port = free_ports()
    other = _another(stage, port)
    try:
        _wait_for_links(system, ended)
        asleep = system.pids()["identity"]
        os.kill(asleep, signal.SIGSTOP)
        ended.wait(SLEEP_S)  # the sleep is what is tested
        until(lambda: _resolved(port) > 0, "nobody resolves instead", 90)
        os.kill(asleep, signal.SIGCONT)
        stage.did.append("slept")
        before = _resolved(port)
        until(
            lambda: _resolved(port) > before or ended.is_set(),
            "the woken one stands in the way",
            60,
        )
    finally:
        other.kill()
        other.wait(30)
    if not ended.is_set():
        stage.did.append("killed the other")


def _wait_for_links(system: Running, ended: threading.Event) -> None:
    """Return as soon as there are more links than now."""
    with reader(system) as consumer:
        sizes: list[int] = []

        def has_grown() -> bool:
            with suppress(KafkaException):
                sizes.append(size(consumer, LINKS.name))
            return ended.is_set() or (bool(sizes) and sizes[-1] > sizes[0])

        until(has_grown, "there are no new links", 120, pause=0.001)


def _another(stage: Stage, port: int) -> "subprocess.Popen[bytes]":
    """Start a second identity, with a state of its own."""
    data = stage.data.resolve()
    base = int(stage.system.addresses["ingest"].rpartition(":")[2]) - 1
    layout = Layout(data, base, data / "secrets", data / "organisations.toml")
    told = {"KUDOS_IDENTITY_PORT": str(port), "KUDOS_IDENTITY_STATE": str(data / "identity-2")}
    with (data / "identity-2.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "services.identity"],
            stdout=log,
            stderr=log,
            env=os.environ | layout.environment() | told,
        )


def _resolved(port: int) -> float:
    """Return how many batches whoever answers at *port* has resolved."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    except httpx.TransportError:
        return 0.0
    name = 'kudos_step_seconds_count{service="identity",step="resolve"}'
    return sum(float(x.rpartition(" ")[2]) for x in text.splitlines() if x.startswith(name))


def _is_true(season: Season, capsys: pytest.CaptureFixture[str]) -> None:
    compared = compare(season)
    with capsys.disabled():
        print(f"\ncompared {compared}")
    assert [] == compared.wrong[:3]
    assert {} == {what: n for what, n in compared.cells.items() if n < LEAST[what]}


def test_all_is_true_after_kills_and_sleep(
    season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    season.system.wait_until_counted()
    _is_true(season, capsys)


def test_all_is_true_after_a_replay_from_the_first_message(
    stage: Stage, season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    with reader(stage.system) as consumer:
        received, before = size(consumer, RECEIVED.name), size(consumer, PSEUDONYMOUS.name)
    season.system = stage.again(forget_offsets)
    season.system.wait_until_counted()
    with reader(stage.system) as consumer:
        assert size(consumer, PSEUDONYMOUS.name) >= before + received, "nothing was replayed"
    _is_true(season, capsys)


@pytest.mark.parametrize("how", [(), ("--from-topic",)], ids=["facts", "topic"])
def test_all_is_true_after_it_was_rebuilt(
    how: tuple[str, ...], season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    season.system.kudos("rebuild", *how)
    _is_true(season, capsys)
