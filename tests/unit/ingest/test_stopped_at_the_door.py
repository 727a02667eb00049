"""What a sender is answered whose records are refused in a row: it keeps what it has."""

from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from kudos.sources import resumed, standing
from kudos.topics import RECEIVED, STOPPED
from tests.support.ingest import MOST_REJECTED, Ingest, is_problem, sale, until

PATH = "/v1/hooks/tixly/hus"
DEAD = f"{RECEIVED.name}.dead"


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path)


async def test_too_many_rejections_in_a_row_stop_the_source_and_nothing_else(
    ingest: Ingest,
) -> None:
    labels = {"vendor": "tixly", "organisation": "hus"}
    async with ingest.client() as http:
        # among others they stop nothing, and what is no sale is no refusal
        for good in ({"draft": 1}, sale("good")):
            bad = [sale(str(n), bad=1) for n in range(MOST_REJECTED)]
            assert 202 == (await ingest.push(http, [*bad, good])).status_code
        for n in range(MOST_REJECTED):
            assert 1 == (await ingest.push(http, sale(str(n), bad=1))).json()["dead"]
        letters = len(ingest.sink.topics[DEAD])
        for body in (sale("1", bad=1), [sale("2"), sale("3")], b"Kari Nordmann"):
            answer = await ingest.push(http, body)
            is_problem(answer, 503)
            assert "300" == answer.headers["retry-after"]
        # nothing of it was taken: its sender has it all
        assert letters == len(ingest.sink.topics[DEAD])
        assert all(m.key != b"hus/tixly/2" for m in ingest.sink.topics[RECEIVED.name])
        [told] = standing(ingest.sink.topics[STOPPED.name])
        assert ("tixly", "hus") == (told.vendor, told.organisation)
        why = (told.rejected, told.reason, told.detail)
        assert (MOST_REJECTED + 1, "invalid_field", "bad") == why
        assert 1 == REGISTRY.get_sample_value("kudos_source_stopped", labels)
        # another source, and an address that is wrong
        profiles = "/v1/profiles/tagtool/hus"
        assert 202 == (await ingest.push(http, b"Kari", path=profiles)).status_code
        is_problem(await http.post(PATH, json=sale("1")), 401)
        ingest.stops.note([resumed(("tixly", "hus"))])
        assert 0 == REGISTRY.get_sample_value("kudos_source_stopped", labels)
        for n in range(MOST_REJECTED):
            assert 202 == (await ingest.push(http, sale(str(n), bad=1))).status_code


async def test_a_request_whose_every_record_is_refused_is_left_with_its_sender(
    ingest: Ingest,
) -> None:
    async with ingest.client() as http:
        bad = [sale(str(n), bad=1) for n in range(MOST_REJECTED + 1)]
        is_problem(await ingest.push(http, bad), 503)
        assert [STOPPED.name] == [m.topic for m in ingest.sink.stored]


async def test_a_source_is_stopped_only_when_the_broker_knows(ingest: Ingest) -> None:
    async with ingest.client() as http:
        ingest.sink.away = True
        bad = [sale(str(n), bad=1) for n in range(MOST_REJECTED + 1)]
        is_problem(await ingest.push(http, bad), 503)
        assert not ingest.stops.names()
        ingest.sink.away = False
        assert 202 == (await ingest.push(http, sale("1"))).status_code


async def test_until_it_is_known_what_is_stopped_nothing_is_taken(ingest: Ingest) -> None:
    async with ingest.client() as http:
        ingest.stops.known.clear()
        answer = await ingest.push(http, sale("1"))
        is_problem(answer, 503)
        assert "5" == answer.headers["retry-after"]
        await until(lambda: not ingest.outbox.trouble)
        ready = await http.get("/readyz")
        assert 503 == ready.status_code
        assert "not ready: which sources are stopped is not known yet\n" == ready.text
        ingest.stops.known.set()
        assert "ok\n" == (await http.get("/readyz")).text
        assert 202 == (await ingest.push(http, sale("1"))).status_code
    assert 1 == len(ingest.sink.stored)
