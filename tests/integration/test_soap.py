"""A till of PCKasse's calls our service over real HTTP: what it queues arrives, and counts once."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.topics import PROFILES, RECEIVED
from simulation.servers.pckasse import Till, credit, customer
from tests.support.ingest import NEW, OLD, SECRETS
from tests.support.serving import served
from tests.unit.ingest.test_thin import Edge


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    return Edge(tmp_path)


@pytest.fixture
def till(edge: Edge) -> Iterator[Till]:
    with served(edge.app) as address, httpx.Client(timeout=5) as http:
        password = SECRETS[NEW].removeprefix("whsec_")
        yield Till(http, f"{address}/v1/soap/pckasse/hus", "1001", password)


def stands(edge: Edge) -> dict[str, int]:
    """Return of each credit the amount that was received last."""
    found = [
        avro.decode(one.value or b"", ReceivedTransaction)
        for one in edge.sink.topics[RECEIVED.name]
    ]
    found.sort(key=lambda one: one.received_at)
    return {
        one.transaction.transaction: sum(line.amount_minor for line in one.transaction.lines)
        for one in found
    }


def test_what_is_queued_while_we_are_away_arrives_when_we_are_back(edge: Edge, till: Till) -> None:
    till.queue.extend([credit(order, order) for order in range(70, 80)] + [customer(5)])
    edge.sink.away = True
    assert (0, 11) == (till.run(), len(till.queue))
    assert not edge.sink.stored
    assert all("soapenv:Server" in told for told in till.told)
    edge.sink.away = False
    assert (11, 0) == (till.run(), len(till.queue))
    assert {f"{n}-credit-{n}": 15_000 for n in range(70, 80)} == stands(edge)
    assert 1 == len(edge.sink.topics[PROFILES.name])


def test_a_call_that_was_stored_but_not_answered_counts_once(edge: Edge, till: Till) -> None:
    for _ in range(3):
        assert till.send(credit(77, 5))
    assert {"77-credit-5": 15_000} == stands(edge)
    assert {b"hus/pckasse/77-credit-5"} == {one.key for one in edge.sink.stored}


def test_of_calls_that_come_again_in_another_order_each_credit_counts_once(
    edge: Edge, till: Till
) -> None:
    calls = [credit(77, 5, "150.00"), credit(77, 6, "80.00"), credit(78, 7, "10.00")]
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        till.queue.extend(calls[n] for n in order)
        assert 3 == till.run()
    assert {"77-credit-5": 15_000, "77-credit-6": 8_000, "78-credit-7": 1_000} == stands(edge)


def test_who_has_the_login_wrong_keeps_its_queue_until_it_is_right(edge: Edge, till: Till) -> None:
    till.queue.append(credit(77, 5))
    right = (till.login, till.password)
    for wrong in (("1002", right[1]), (right[0], "gjett"), ("", ""), (right[0], "ø" * 20)):
        till.login, till.password = wrong
        assert (0, 1) == (till.run(), len(till.queue))
    assert not edge.sink.stored
    assert not [one for one in till.told if "gjett" in one or right[1] in one]
    till.login, till.password = right[0], SECRETS[OLD].removeprefix("whsec_")
    assert 1 == till.run(), "the old password is good while it is being changed"
    till.login, till.password = right
    assert till.send(credit(77, 6))


def test_one_call_that_cannot_be_read_is_no_reason_to_hold_the_others(
    edge: Edge, till: Till
) -> None:
    till.queue.extend([credit(77, 5), credit(77, 6, "gratis"), credit(77, 7)])
    assert 3 == till.run(), "what is understood as a call is kept, as a dead letter"
    assert {"77-credit-5", "77-credit-7"} == stands(edge).keys()
    assert 1 == len(edge.sink.topics[f"{RECEIVED.name}.dead"])
    assert SECRETS[NEW].removeprefix("whsec_").encode() not in b"".join(
        one.value or b"" for one in edge.sink.stored
    )
