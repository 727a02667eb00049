"""Whatever is killed when: nothing is lost, nothing is counted twice."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

import psutil
import pytest
from confluent_kafka import KafkaException

from kudos import avro
from kudos.local.system import SERVICES
from kudos.records import Frame
from kudos.topics import ENRICHED, PSEUDONYMOUS, RECEIVED
from simulation.houses import HOUSES
from tests.support.oracle import MEASURES, Oracle
from tests.support.season import Season, played, prepared
from tests.support.system import Running
from tests.support.topics import everything, reader, size
from tests.support.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

#: Orders, and orders a second: so many that a step which was away has a batch to do.
ORDERS, RATE = 12_000, 250.0
#: In this order and again, while orders are on their way. Who stands twice in a row is killed
#: again in the midst of the first batch of what had come in meanwhile.
KILLED = (
    "identity",
    "identity",
    "aggregate",
    "enrich",
    "clickhouse",
    "ingest",
    "query",
    "kafka",
    "identity",
    "identity",
    "aggregate",
    "aggregate",
    "enrich",
    "enrich",
)


#: What comes out of a stage: where it grows, a batch is being done and is not yet committed.
OUTPUTS = {"identity": PSEUDONYMOUS.name, "enrich": ENRICHED.name}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    """Yield a season in which everything was killed while it was played."""
    with prepared(tmp_path_factory.mktemp("killed") / "data") as system:
        played_all, kills = threading.Event(), set[str]()
        killer = threading.Thread(target=_kill_on, args=(system, played_all, kills))
        killer.start()
        try:
            season = played(system, ORDERS, seed=7, rate=RATE)
        finally:
            played_all.set()
            killer.join()
        assert set(KILLED) == kills, "not all were killed with work in flight"
        system.wait_until_counted()
        yield season


def _kill_on(system: Running, ended: threading.Event, kills: set[str]) -> None:
    """Kill one after the other until the season has been played."""
    before = ""
    for child in cycle(KILLED):
        if ended.wait(0.0 if child == before else 0.7):
            return
        if child == before and child in OUTPUTS:
            _wait_for_output(system, OUTPUTS[child], ended)
        pid = system.kill(child)
        kills.add(child)
        system.wait_until_revived(child, pid)
        if child in SERVICES and (child not in OUTPUTS or child == before):
            until(lambda: ended.is_set() or system.is_ready(child), f"{child} is not ready", 60)  # noqa: B023 (it is asked before the next)
        before = child


def _wait_for_output(system: Running, topic: str, ended: threading.Event) -> None:
    """Return as soon as more stands on *topic* than did."""
    with reader(system) as consumer:
        sizes: list[int] = []

        def has_grown() -> bool:
            # a broker that has only just come back does not lead its partitions yet
            with suppress(KafkaException):
                sizes.append(size(consumer, topic))
            return ended.is_set() or (bool(sizes) and sizes[-1] > sizes[0])

        until(has_grown, f"{topic} does not grow", pause=0.001)


def test_the_figures_are_those_of_the_truth(
    killed: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    oracle, compared = Oracle(killed.lines), 0
    days = oracle.days()
    months = sorted({f"{day:%Y-%m}" for day in days})
    for period in [f"{days[0]}..{days[-1]}", *months[::8]]:
        true = oracle.cells(period)
        for house in HOUSES:
            for measure in MEASURES:
                expected = {
                    where: value
                    for where, value in true.get((house.id, measure), {}).items()
                    if value
                }
                found = killed.system.cells(house.id, measure, period)
                assert expected == {
                    (c.get("currency"),): c["value"] for c in found if c["value"]
                }, (house.id, measure, period)
                compared += max(len(expected), 1)
    with capsys.disabled():
        print(f"\ncompared {compared:,} cells after the kills")


def test_the_ledger_balances(killed: Season) -> None:
    ledger = killed.system.ledger()
    rows = [ledger[house.id] for house in HOUSES if house.id in ledger]
    assert killed.transactions == sum(row["accepted"] for row in rows)
    assert killed.transactions == sum(row["counted"] for row in rows)


def test_messages_were_delivered_twice(killed: Season, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the kills have shown nothing: what a stage had done and not committed came again."""
    system = killed.system
    received = sum(1 for _ in everything(system, RECEIVED.name))
    pseudonymous = sum(1 for _ in everything(system, PSEUDONYMOUS.name))
    enriched = sum(
        len(avro.decode(frame.value or b"", Frame).transactions)
        for frame in everything(system, ENRICHED.name)
    )
    with capsys.disabled():
        print(
            f"\n{killed.deliveries:,} deliveries became {received:,} received, "
            f"{pseudonymous:,} pseudonymous and {enriched:,} enriched messages"
        )
    assert received >= killed.deliveries
    assert max(pseudonymous - received, enriched - pseudonymous, received - killed.deliveries) > 0
    assert enriched > killed.deliveries


def test_the_data_survive_a_stop_and_a_kill_of_everything(killed: Season) -> None:
    """The last of this file: it kills the parent too, and starts anew on the same directory."""
    before, children = killed.system.ledger(), killed.system.pids().values()
    killed.system.process.kill()
    killed.system.process.wait(30)
    until(lambda: not any(map(psutil.pid_exists, children)), "a child outlives its parent", 30)
    with prepared(killed.system.data) as again:
        again.wait_until_counted()
        assert before == again.ledger()
