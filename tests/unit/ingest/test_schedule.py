"""Sources are polled by one thread each, as the register says; one that fails ends nothing."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from kudos.errors import Misconfigured
from kudos.register import WatchedRegister
from services.ingest.adapters.base import Origin
from services.ingest.polling.client import Failed
from services.ingest.polling.cursor import Busy
from services.ingest.polling.health import Board
from services.ingest.polling.schedule import Schedule
from services.ingest.receiving import Counts
from services.ingest.stopping import SourceStopped
from tests.support.waiting import until

HOUSE = """
[[organisation]]
id = "{0}"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "{0}"
  [[organisation.vendor]]
  id = "tixly"
  transport = "{1}"
"""


Does = Callable[[Callable[[float], None]], None]


def nothing(_rest: Callable[[float], None]) -> None:
    """Read to the end at once."""


class World:
    """Houses, what their polls do, and how often each was polled."""

    def __init__(self, folder: Path) -> None:
        self.path, self.polled = folder / "register.toml", dict[str, int]()
        self.does: dict[str, Does] = {}
        self.board = Board()
        self.at_once: list[str] = []
        self.most_at_once = 0
        self.guard = threading.Lock()

    def write(self, **houses: str) -> None:
        text = "".join(HOUSE.format(*pair) for pair in houses.items())
        new = self.path.with_suffix(".new")
        new.write_text(text, "utf-8")
        new.replace(self.path)

    def poll(self, origin: Origin, rest: Callable[[float], None]) -> Counts:
        house = origin.organisation.id
        with self.guard:
            self.at_once.append(house)
            self.most_at_once = max(self.most_at_once, self.at_once.count(house))
        try:
            self.does.get(house, nothing)(rest)
            return Counts()
        finally:
            with self.guard:
                self.at_once.remove(house)
                self.polled[house] = self.polled.get(house, 0) + 1

    def times(self, house: str) -> int:
        return self.polled.get(house, 0)

    def ended(self, house: str) -> str | None:
        found = self.board.now().get(("tixly", house))
        return None if found is None else found.ended


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def running(world: World) -> Iterator[Callable[[], Schedule]]:
    begun: list[Schedule] = []

    def start() -> Schedule:
        register = WatchedRegister(world.path)
        found = Schedule(
            register,
            world.poll,
            lambda _origin: 0.005,
            world.board,
            look_s=0.005,
            first_rest_s=0.001,
        )
        found.start()
        begun.append(found)
        return found

    yield start
    for one in begun:
        one.close()


def raising(error: Exception) -> Does:
    def fail(_rest: Callable[[float], None]) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (Failed("it answered 503", 503), "failed"),
        (Misconfigured("credentials"), "misconfigured"),
        (SourceStopped("201 in a row"), "stopped"),
        (ConnectionError("away"), "broker_away"),
        (KeyError("Kari Nordmann"), "fault"),
        (Busy("held"), "busy"),
    ],
)
def test_a_source_that_fails_is_shown_and_ends_nothing(
    world: World,
    running: Callable[[], Schedule],
    error: Exception,
    ended: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.write(syk="poll", frisk="poll", pushes="push")
    world.does["syk"] = raising(error)
    running()
    until(lambda: world.ended("syk") == ended and world.ended("frisk") == "read", "no poll")
    more = world.times("frisk") + 3
    until(lambda: world.times("frisk") >= more, "the other is no longer polled")
    assert 0 == world.times("pushes")
    assert 1 == world.most_at_once
    told = world.board.told()
    assert f"poll tixly/syk: {ended} since " in told
    assert "Nordmann" not in told + "".join(one.getMessage() for one in caplog.records)
    labels = {"vendor": "tixly", "organisation": "syk"}
    assert (ended != "busy") == REGISTRY.get_sample_value("kudos_poll_failing", labels)


def test_a_source_that_fails_is_asked_ever_less_and_as_seldom_as_it_wants(
    world: World, running: Callable[[], Schedule]
) -> None:
    world.write(syk="poll", frisk="poll")
    world.does["syk"] = raising(Failed("it answered 429", 429, 3600.0))
    running()
    until(lambda: world.times("frisk") >= 20, "no poll")
    assert 1 == world.times("syk")


def test_the_register_says_who_is_polled_also_while_it_runs(
    world: World, running: Callable[[], Schedule]
) -> None:
    world.write(a="poll", b="poll")
    running()
    until(lambda: world.times("a") > 0 and world.times("b") > 0, "no poll")
    world.write(a="push", b="poll", c="poll")
    until(lambda: world.times("c") > 0 and world.ended("a") is None, "the register is not read")
    a, b = world.times("a"), world.times("b")
    until(lambda: world.times("b") >= b + 3, "the other is no longer polled")
    assert a == world.times("a")


def test_what_waits_for_a_vendor_ends_with_the_service(
    world: World, running: Callable[[], Schedule]
) -> None:
    world.write(a="poll")
    waiting = threading.Event()

    def wait(rest: Callable[[float], None]) -> None:
        waiting.set()
        rest(3600)

    world.does["a"] = wait
    schedule = running()
    assert waiting.wait(30)
    schedule.close()
    assert 1 == world.times("a")
    assert not [one for one in threading.enumerate() if one.name == "poll tixly/a"]
