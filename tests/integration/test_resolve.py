"""Resolve on Apache Kafka: one is active, whatever dies or sleeps, and links stay right."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil
import pytest

from kudos import avro
from kudos.kafka import KafkaSink
from kudos.reading import held
from kudos.records import Link
from kudos.stream import Message
from kudos.topics import LINKS, RECORDS
from tests.support import waiting
from tests.support.broker import Kafka, running_kafka
from tests.support.claimed import PRIVATE, claims, expected, messages, town

#: A minute, for sessions have to run out. Rules, rebuilds and kills between any two steps are unit
#: tests.
pytestmark = [pytest.mark.kafka, pytest.mark.long]

DEADLINE_S = 30.0
until = partial(waiting.until, seconds=DEADLINE_S)


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Yield a broker on whose topics nobody else writes."""
    with running_kafka(tmp_path_factory.mktemp("resolve")) as found:
        yield found


class Instance:
    """A process that resolves."""

    def __init__(self, kafka: Kafka, state: Path, most: int = 20) -> None:
        self._log = state.with_suffix(".log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.resolving"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        told = {"kafka": kafka.config("identity"), "state": str(state), "private": PRIVATE}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told | {"most": most}) + "\n")
        self._process.stdin.flush()

    @property
    def said(self) -> str:
        """Return its log."""
        return Path(self._log.name).read_text("utf-8")

    def is_active(self) -> bool:
        """Tell whether it has become the active one."""
        assert self._process.poll() is None, self.said
        return "active\n" in self.said

    def is_asleep(self) -> bool:
        """Tell whether it was stopped."""
        return bool(psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self._process.pid, number)

    def end(self) -> None:
        """Kill it, if it still is."""
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._log.close()


def linked(kafka: Kafka) -> dict[str, tuple[str, str]]:
    """Return the links as a reader of what is committed has them."""
    found = {}
    for message in held(kafka.config("aggregate"), "aggregate.links", [LINKS.name]):
        link = avro.decode(message.value or b"", Link)
        found[link.customer_ref] = (link.person, link.own_person)
    return found


def send(kafka: Kafka, said: Sequence[Message]) -> None:
    sink = KafkaSink(kafka.config("identity"))
    for message in said:
        sink.send(message)
    sink.flush()


def ends(kafka: Kafka) -> dict[str, int]:
    """Return how many messages are committed on what resolve writes."""
    return {
        topic: sum(1 for _ in held(kafka.config(), "tests.count", [topic]))
        for topic in (RECORDS.name, LINKS.name)
    }


def test_kills_and_sleep_leave_one_active_and_links_right(own_kafka: Kafka, tmp_path: Path) -> None:
    people = town(20, 160)
    said, chance = messages(claims(**fields) for fields in people), random.Random(21)
    chance.shuffle(said)
    part = len(said) // 4
    one = Instance(own_kafka, tmp_path / "one")
    until(one.is_active, "nobody is active")
    two = Instance(own_kafka, tmp_path / "two")
    instances = [one, two]
    try:
        # killed in the midst of it: the other takes over
        send(own_kafka, said[:part])
        until(lambda: len(linked(own_kafka)) > 0, "no link comes")
        one.signal(signal.SIGKILL)
        send(own_kafka, said[part : 2 * part])
        until(two.is_active, "the other does not take over")
        until(
            lambda: linked(own_kafka) == expected(done(people, said, 2 * part)),
            "links are not right after a kill",
        )

        # asleep for longer than its session, in the midst of a transaction
        (tmp_path / "two.bed").touch()
        send(own_kafka, said[2 * part : 3 * part])
        until(two.is_asleep, "it does not fall asleep")
        three = Instance(own_kafka, tmp_path / "three")
        instances.append(three)
        until(three.is_active, "nobody takes over from who sleeps")
        until(
            lambda: linked(own_kafka) == expected(done(people, said, 3 * part)),
            "links are not right after a sleep",
        )
        stood = ends(own_kafka)
        two.signal(signal.SIGCONT)
        until(lambda: "another instance resolves now" in two.said, "the woken one is not fenced")
        assert stood == ends(own_kafka)
        send(own_kafka, said[3 * part :])
        until(lambda: linked(own_kafka) == expected(people), "links are not right at last")
    finally:
        for instance in instances:
            instance.end()


def done(people: list[dict[str, str]], said: Sequence[Message], count: int) -> list[dict[str, str]]:
    """Return the people of the first *count* claims."""
    refs = {m.key for m in said[:count]}
    return [p for p in people if claims(**p).customer_ref.encode() in refs]
