"""The leader's loops: they move on by themselves, outlive what is away, and rest when told."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaError, KafkaException
from prometheus_client import REGISTRY

from kudos import ledger
from kudos.clickhouse import connect
from kudos.topics import ENRICHED
from services.aggregate import store
from services.aggregate.bookkeeper import Bookkeeper
from services.aggregate.facts import fact_of
from services.aggregate.keep import Arrivals
from services.aggregate.leader import Follower, Loop, Refresher, microseconds
from services.aggregate.watermark import ASKED, Part, Reader
from tests.support import waiting
from tests.support.sales import MONDAY, sale, ticket

pytestmark = pytest.mark.engine

DEADLINE_S = 30.0
until = partial(waiting.until, seconds=DEADLINE_S)


class Broker:
    """Answers that everything has been read, but for what is *behind*; and fails *fails* times."""

    def __init__(self) -> None:
        self.behind: dict[Reader, int] = {}
        self.fails = 0

    def committed(self) -> dict[Reader, int]:
        self._fail(KafkaException(KafkaError(KafkaError._TRANSPORT)))  # noqa: SLF001 (a public constant)
        return {
            (group, topic, 0): 5 - self.behind.get((group, topic, 0), 0)
            for group, topics in ASKED.items()
            for topic in topics
        }

    def ends(self) -> dict[Part, int]:
        self._fail(ConnectionResetError())
        return {(topic, 0): 5 for _, topics in ASKED.items() for topic in topics}

    def begins(self, parts: Iterable[Part]) -> dict[Part, int]:
        return dict.fromkeys(parts, 0)

    def _fail(self, error: Exception) -> None:
        if self.fails:
            self.fails -= 1
            raise error


@contextmanager
def running(*loops: Loop, stop: threading.Event) -> Iterator[None]:
    """Run *loops* in threads, and see that they end."""
    threads = [threading.Thread(target=loop.run, daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


def watermark(client: Client, family: str) -> float:
    """Return a watermark in seconds since 1970; 0 where there is none."""
    found = ledger.watermarks(client).get(family)
    return found.timestamp() if found else 0.0


class Leading:
    """Whether this instance leads, as the test has it."""

    def __init__(self) -> None:
        self.now = True

    def __call__(self) -> bool:
        return self.now


def lead(
    url: str, broker: Broker, leading: Leading, stop: threading.Event, arrivals: Arrivals
) -> tuple[Refresher, Follower]:
    """Return the two loops that the watermark needs."""
    refresher = Refresher(url, leading, stop)
    offsets: Any = broker
    follower = Follower(
        url, leading, stop, offsets=offsets, refreshers={"live": refresher}, arrivals=arrivals
    )
    return refresher, follower


def test_facts_become_figures_and_the_watermark_says_so(engine_url: str) -> None:
    broker, leading, stop, arrivals = Broker(), Leading(), threading.Event(), Arrivals()
    broker.fails = 3
    with (
        connect(engine_url) as client,
        running(*lead(engine_url, broker, leading, stop, arrivals), stop=stop),
    ):
        until(lambda: watermark(client, "sales_live") > 0, "nothing is said while nothing comes in")
        # a transaction that aggregate has read, and has not committed
        broker.behind["aggregate", ENRICHED.name, 0] = 1
        at = datetime.now(UTC)
        store.write(client, [fact_of(sale("l", 1, at, ticket("a", MONDAY, 4)))])
        arrivals.note([microseconds(at)])
        waits = REGISTRY.get_sample_value("kudos_push_to_queryable_seconds_count") or 0.0
        until(lambda: watermark(client, "ledger") > 0, "the ledger's does not come")
        held = time.time()
        broker.fails = 4
        until(lambda: broker.fails == 0, "it does not ask again")
        assert all(watermark(client, family) < held for family in ("facts", "sales_live", "ledger"))
        broker.behind.clear()
        for family in ("facts", "sales_live", "kpi_daily", "ledger"):
            until(lambda family=family: watermark(client, family) > held, family)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        [(tickets,)] = client.query("SELECT sum(tickets) FROM kpi_daily FINAL").result_rows
        assert 4 == tickets
        until(
            lambda: REGISTRY.get_sample_value("kudos_push_to_queryable_seconds_count") == waits + 1,
            "the wait was not observed",
        )


def test_who_does_not_lead_rests_and_begins_anew(engine_url: str) -> None:
    broker, leading, stop = Broker(), Leading(), threading.Event()
    with (
        connect(engine_url) as client,
        running(*lead(engine_url, broker, leading, stop, Arrivals()), stop=stop),
    ):
        until(lambda: watermark(client, "kpi_daily") > 0, "it does not lead")
        leading.now = False
        at = datetime.now(UTC) + timedelta(seconds=1)
        until(lambda: datetime.now(UTC) > at + timedelta(seconds=1), "time stands still")
        assert watermark(client, "facts") < at.timestamp()
        leading.now = True
        until(lambda: watermark(client, "kpi_daily") > at.timestamp(), "it does not lead again")


def test_a_mistake_of_ours_ends_the_loop(engine_url: str) -> None:
    class Wrong(Loop):
        def once(self) -> float:
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        Wrong(engine_url, lambda: True, threading.Event()).run()


def test_the_ledgers_difference_is_a_metric(engine_url: str) -> None:
    noted = MONDAY + timedelta(hours=1)
    with connect(engine_url) as client:
        names = ["unit", "state", "organisation", "vendor", "received_at"]
        rows = [(n, "received", "lost-house", "homemade", MONDAY) for n in (1, 2)]
        client.insert("ledger_units", rows, column_names=names)
        far = [(family, noted, noted) for family in ("facts", "ledger")]
        client.insert("watermarks", far, column_names=["family", "watermark", "noted_at"])
    stop = threading.Event()
    labels = {"organisation": "lost-house"}
    with running(Bookkeeper(engine_url, lambda: True, stop, tuple), stop=stop):
        until(
            lambda: REGISTRY.get_sample_value("kudos_ledger_difference", labels) == 2.0,
            "the difference is not seen",
        )
