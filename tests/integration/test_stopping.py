"""A source that is stopped is stopped everywhere, and after a restart, until it is resumed."""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from kudos.cli.sources import command
from kudos.errors import Misconfigured, Reason, Rejected
from kudos.kafka import KafkaSink
from kudos.reading import following, held
from kudos.sources import Name
from kudos.stream import Message, TooManyRejections
from kudos.topics import LINKS, STOPPED
from services.ingest import stopping
from services.ingest.__main__ import NEEDED
from services.ingest.stopping import Follower, SourceStopped, Stops
from tests.support.broker import Kafka
from tests.support.waiting import until

pytestmark = pytest.mark.kafka


@contextmanager
def instance(kafka: Kafka) -> Iterator[Stops]:
    """Run what one instance of ingest goes by, from when it knows."""
    stops = Stops(3)
    follower = Follower(kafka.config("ingest"), stops)
    follower.start()
    try:
        until(stops.known.is_set, "what is stopped does not become known", 20)
        yield stops
    finally:
        follower.close()


@pytest.fixture
def kudos_sources(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("KUDOS_KAFKA", kafka.address)
    monkeypatch.setenv("KUDOS_CLICKHOUSE", "http://127.0.0.1:1/kudos")
    monkeypatch.setenv("KUDOS_SECRETS", str(kafka.folder / "secrets"))
    return lambda *arguments: CliRunner().invoke(command, arguments)


def test_all_instances_agree_until_an_operator_resumes(
    kafka: Kafka, kudos_sources: Callable[..., Result]
) -> None:
    house = f"hus-{uuid.uuid4().hex[:8]}"
    name = ("tixly", house)
    # what cannot be read stops nobody, and hides nothing that comes after
    sink = KafkaSink(kafka.config("ingest"))
    sink.send(Message(STOPPED.name, b"\xff/tixly", b"no record"))
    sink.flush()
    with instance(kafka) as one, instance(kafka) as other:
        why = TooManyRejections(4, Rejected(Reason.INVALID_FIELD, "sold_at"))
        sink.send(one.stop(name, why))
        sink.flush()
        for stops in (one, other):
            until(partial(is_stopped, stops, name), "it is not stopped", 20)
            with pytest.raises(SourceStopped):
                stops.admit(name)
        with instance(kafka) as restarted:
            assert name in restarted.names()
            asked = Stops(3, load=lambda: held(kafka.config("ingest"), "ingest", [STOPPED.name]))
            with pytest.raises(SourceStopped):
                asked.admit(name)
            listed = json.loads(kudos_sources("list", "--json").output)
            [told] = [row for row in listed if row["organisation"] == house]
            assert ("tixly", 4, "invalid_field", "sold_at") == tuple(
                told[key] for key in ("vendor", "rejected", "reason", "detail")
            )
            assert f"tixly {house}  since" in kudos_sources("list").output
            done = kudos_sources("resume", *name)
            assert 0 == done.exit_code, done.output
            for stops in (one, other, restarted):
                until(partial(is_free, stops, name), "it is not resumed", 20)
                stops.admit(name)
        assert name not in instance_names(kafka)
    assert isinstance(kudos_sources("resume", *name).exception, Misconfigured)


def test_who_runs_before_the_topics_of_its_release_says_what_to_run(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As after an upgrade: the broker has neither the topic nor the account's right to it."""
    missing = f"later.{uuid.uuid4().hex[:8]}"
    hint = f"the broker has no {missing} for this account: kudos topics apply"
    config = kafka.config("ingest")
    assert STOPPED.name in NEEDED
    sink = KafkaSink(config)
    sink.reach(NEEDED, 10)
    for account in ("ingest", "admin"):
        with pytest.raises(ConnectionError, match=hint):
            KafkaSink(kafka.config(account)).reach([*NEEDED, missing], 10)
    # topics that are there, of which the account may not know
    with pytest.raises(ConnectionError, match=f"no {LINKS.name} for this account"):
        sink.reach([LINKS.name], 10)
    with pytest.raises(ConnectionError, match=hint):
        list(held(config, "ingest", [missing]))
    with pytest.raises(ConnectionError, match=hint):
        next(iter(following(config, "ingest", missing, lambda: True)))
    monkeypatch.setattr(stopping, "STOPPED", structs.replace(STOPPED, name=missing))
    follower = Follower(config, stops := Stops(3))
    with caplog.at_level(logging.WARNING):
        follower.start()
        until(lambda: hint in caplog.text, "nobody is told", 20)
        follower.close()
    assert not stops.known.is_set()


def is_stopped(stops: Stops, name: Name) -> bool:
    return name in stops.names()


def is_free(stops: Stops, name: Name) -> bool:
    return name not in stops.names()


def instance_names(kafka: Kafka) -> frozenset[tuple[str, str]]:
    with instance(kafka) as stops:
        return stops.names()
