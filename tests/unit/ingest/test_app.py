"""What a sender is answered, and what the broker has by then."""

import asyncio
import gzip
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from kudos import avro
from kudos.records import ReceivedProfile, ReceivedTransaction
from kudos.sources import resumed, standing
from kudos.stream import Message
from kudos.topics import PROFILES, RECEIVED, STOPPED
from tests.support.ingest import AT, MOST, MOST_REJECTED, SECRETS, Ingest, sale, until

PATH = "/v1/hooks/tixly/hus"
DEAD = f"{RECEIVED.name}.dead"


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path)


def is_problem(answer: httpx.Response, status: int) -> None:
    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    told = answer.json()
    assert status == told["status"]
    assert told["title"]


def headers(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers}


async def test_a_sale_is_stored_as_identity_reads_it(ingest: Ingest) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, sale("A/1", version=3, email="kari@example.no"))
    assert 202 == answer.status_code
    receipt = answer.json()
    assert receipt.pop("receipt")
    assert {"accepted": 1, "dead": 0, "ignored": 0} == receipt
    [stored] = ingest.sink.stored
    assert (RECEIVED.name, b"hus/tixly/A/1") == (stored.topic, stored.key)
    microseconds = str(int(AT.timestamp()) * 1_000_000)
    told = {"received_at": microseconds, "organisation": "hus", "vendor": "tixly"}
    assert told == headers(stored)
    received = avro.decode(stored.value or b"", ReceivedTransaction)
    assert ("tixly", "hus", AT) == (received.vendor, received.organisation, received.received_at)
    assert "A/1" == received.transaction.transaction
    opened = json.loads(ingest.opener.open(received.customer or b""))
    assert {"email": "kari@example.no"} == opened
    assert b"kari" not in (stored.value or b"")


async def test_a_bad_record_in_a_good_batch_loses_only_itself(ingest: Ingest) -> None:
    bad = sale("2", bad=1)
    batch = [sale("1"), bad, 7, {"draft": 1}, {"person": "ola@example.no"}, sale("3")]
    async with ingest.client() as http:
        answer = await ingest.push(http, batch)
    told = answer.json()
    assert (202, 4, 2, 2) == (
        answer.status_code,
        *(told[k] for k in ("accepted", "dead", "ignored")),
    )
    assert [b"hus/tixly/1", b"hus/tixly/3"] == [m.key for m in ingest.sink.topics[RECEIVED.name]]
    named, raw = ingest.sink.topics[DEAD]
    assert b"hus/tixly/2" == named.key
    assert bad == json.loads(ingest.opener.open(named.value or b""))
    assert {"stage": "ingest", "reason": "invalid_field", "detail": "bad"}.items() <= headers(
        named
    ).items()
    assert "received_at" in headers(named)
    assert (raw.key or b"").startswith(b"hus/tixly/raw:")
    [profile] = ingest.sink.topics[PROFILES.name]
    assert f"hus/{told['receipt']}/0".encode() == profile.key
    said = avro.decode(profile.value or b"", ReceivedProfile)
    assert ("tixly", "tixly", "hus") == (said.source, said.numbers_of, said.organisation)
    assert b'{"email":"ola@example.no"}' == ingest.opener.open(said.customer)
    assert ["invalid_field", "invalid_field"] == ingest.counted


@pytest.mark.parametrize("body", [b"Kari Nordmann", b"\xff\xfe", b"[" * 2000, b"\0"])
async def test_what_is_authentic_and_unreadable_is_kept_whole(ingest: Ingest, body: bytes) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, body)
    told = answer.json()
    assert (202, 1, 1) == (answer.status_code, told["accepted"], told["dead"])
    [letter] = ingest.sink.stored
    assert (DEAD, body) == (letter.topic, ingest.opener.open(letter.value or b""))


@pytest.mark.parametrize("body", [b"", b" \n", b"[]"])
async def test_nothing_is_nothing(ingest: Ingest, body: bytes) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, body)
    told = answer.json()
    assert (202, 0, 0, 0) == (
        answer.status_code,
        *(told[k] for k in ("accepted", "dead", "ignored")),
    )
    assert not ingest.sink.stored


@pytest.mark.parametrize(
    "name", ["raw:" + "0" * 64, "\0", "a\nb", "", "x" * 501, "\ud800", "\u202e", " "]
)
async def test_a_number_that_can_name_nothing_is_dead(ingest: Ingest, name: str) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, [sale(name), sale("1")])
    bad = 0 if name == " " else 1
    assert (2, bad) == (answer.json()["accepted"], answer.json()["dead"])
    assert all((m.key or b"").startswith(b"hus/tixly/raw:") for m in ingest.sink.topics[DEAD])


async def test_a_fault_of_the_adapter_keeps_the_record(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(
            http, [sale("1", fault="Kari"), sale("2", amount=2**63), sale("3")]
        )
    assert (3, 2) == (answer.json()["accepted"], answer.json()["dead"])
    told = [headers(m) for m in ingest.sink.topics[DEAD]]
    assert ["KeyError", "out of range"] == [one["detail"] for one in told]
    assert 1 == len(caplog.records)
    assert "Kari" not in caplog.records[0].getMessage()


async def test_of_what_comes_together_without_a_version_the_last_stands(ingest: Ingest) -> None:
    batch = [sale("1"), sale("2"), sale("1"), sale("3", version=1), sale("3", version=1), sale("1")]
    async with ingest.client() as http:
        await ingest.push(http, batch)
    found = [avro.decode(m.value or b"", ReceivedTransaction) for m in ingest.sink.stored]
    late = [(r.received_at - AT).microseconds for r in found]
    assert [0, 0, 1, 0, 0, 2] == late
    stamped = [int(headers(m)["received_at"]) % 1_000_000 for m in ingest.sink.stored]
    assert late == stamped


async def test_a_clock_that_is_set_back_makes_nothing_older(ingest: Ingest) -> None:
    async with ingest.client() as http:
        await ingest.push(http, sale("1"))
        ingest.at -= timedelta(seconds=60)
        await ingest.push(http, sale("1"))
    first, second = (int(headers(m)["received_at"]) for m in ingest.sink.stored)
    assert first < second


@pytest.mark.parametrize("secret", ["new-2", "old-1"])
async def test_the_new_and_the_old_secret_are_valid(ingest: Ingest, secret: str) -> None:
    address = SECRETS[secret].removeprefix("whsec_").replace("+", "-").replace("/", "_")
    async with ingest.client() as http:
        assert 202 == (await ingest.push(http, [], secret=secret)).status_code
        answer = await http.post(f"{PATH}/{address}", json=sale("1"))
        assert (202, 1) == (answer.status_code, answer.json()["accepted"])


async def test_a_secret_comes_and_goes_with_its_file(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    async with ingest.client() as http:
        (ingest.secrets / "old-1").unlink()
        for _ in range(2):
            is_problem(await ingest.push(http, [], secret="old-1"), 401)
        assert ["secret ingest/old-1 is missing or no whsec_ + base64"] == caplog.messages
        (ingest.secrets / "old-1").write_text(SECRETS["old-1"], "utf-8")
        assert 202 == (await ingest.push(http, [], secret="old-1")).status_code
        text = ingest.register.read_text("utf-8").replace(', "old-1"', "")
        ingest.register.write_text(text, "utf-8")
        is_problem(await ingest.push(http, [], secret="old-1"), 401)
        assert 202 == (await ingest.push(http, [])).status_code


async def test_refuses_who_cannot_sign(ingest: Ingest) -> None:
    async with ingest.client() as http:
        for wrong in (
            {"webhook-signature": "v1,AAAA"},
            {"webhook-timestamp": str(int(AT.timestamp()) - 301)},
            {"webhook-id": "another"},
        ):
            is_problem(await ingest.push(http, sale("1"), headers=wrong), 401)
        is_problem(await http.post(PATH, json=sale("1")), 401)
        for guessed in ("guessed", "", "a/b", "%F0%9F%98%80", "%00", "whsec_"):
            is_problem(await http.post(f"{PATH}/{guessed}", json=sale("1")), 401)
    assert not ingest.sink.stored


@pytest.mark.parametrize(
    "path", ["nosuch/hus", "tixly/nosuch", "dx/hus", "hoopla/hus", "tixly/%00", "tixly/hus%2Fx"]
)
async def test_knows_no_such_vendor_or_organisation(ingest: Ingest, path: str) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, sale("1"), path=f"/v1/hooks/{path}")
    is_problem(answer, 401 if path.endswith("x") else 404)


async def test_other_addresses_and_methods_are_problems_too(ingest: Ingest) -> None:
    async with ingest.client() as http:
        is_problem(await http.post("/v1/profiles/tagtool"), 404)
        is_problem(await http.get("/nosuch"), 404)
        answer = await http.get(PATH)
        is_problem(answer, 405)
        assert "POST" == answer.headers["allow"]


async def test_refuses_what_is_too_large_as_soon_as_that_is_known(ingest: Ingest) -> None:
    read = []

    async def endless() -> Any:
        for _ in range(100):
            read.append(1)
            yield b" " * 1000

    async with ingest.client() as http:
        is_problem(await ingest.push(http, b" " * (MOST + 1)), 413)
        assert 202 == (await ingest.push(http, b" " * MOST)).status_code
        is_problem(await http.post(PATH, content=endless()), 413)
        assert MOST // 1000 + 1 == len(read)
        is_problem(await http.post(PATH, headers={"Content-Length": "9" * 5000}), 413)
    assert not ingest.sink.stored


async def test_unpacks_gzip_no_further_than_it_may(ingest: Ingest) -> None:
    packed = {"Content-Encoding": "gzip"}
    two = gzip.compress(b"[" + json.dumps(sale("1")).encode()) + gzip.compress(b"]") + b"\0" * 8
    bomb = gzip.compress(b" " * 10_000_000)[:MOST]
    async with ingest.client() as http:
        answer = await ingest.push(http, two, headers=packed)
        assert (202, 1, 0) == (answer.status_code, answer.json()["accepted"], answer.json()["dead"])
        is_problem(await ingest.push(http, bomb, headers=packed), 413)
        for broken in (two[:-12], b"no gzip", two[:20], gzip.compress(b"") * 150):
            answer = await ingest.push(http, broken, headers=packed)
            assert 1 == answer.json()["dead"], broken
        answer = await ingest.push(http, two, headers={"Content-Encoding": "br"})
        assert 1 == answer.json()["dead"]


async def test_too_many_records_are_too_large(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.pushes.MOST_RECORDS", 3)
    async with ingest.client() as http:
        is_problem(await ingest.push(http, [1, 2, 3, 4]), 413)
        assert 202 == (await ingest.push(http, [1, 2, 3])).status_code


async def test_is_never_acknowledged_before_the_broker_has_it(ingest: Ingest) -> None:
    ingest.sink.open.clear()
    async with ingest.client() as http:
        pushed = asyncio.create_task(ingest.push(http, [sale("1"), sale("2", bad=1)]))
        # the loop goes on meanwhile
        for _ in range(20):
            assert 200 == (await http.get("/healthz")).status_code
        done, _ = await asyncio.wait([pushed], timeout=0.2)
        assert not done
        assert not ingest.sink.stored
        ingest.sink.open.set()
        assert 202 == (await pushed).status_code
        assert 2 == len(ingest.sink.stored)


async def test_without_a_broker_nothing_is_acknowledged_and_afterwards_it_goes_on(
    ingest: Ingest,
) -> None:
    ingest.sink.away = True
    async with ingest.client() as http:
        for body in (sale("1"), sale("1", bad=1), b"unreadable"):
            answer = await ingest.push(http, body)
            is_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        assert not ingest.sink.stored
        ingest.sink.away = False
        assert 202 == (await ingest.push(http, sale("1"))).status_code
        assert 1 == len(ingest.sink.stored)


async def test_a_register_that_is_wrong_is_told_once_and_not_taken(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    text = ingest.register.read_text("utf-8")
    async with ingest.client() as http:
        for written in ("no register", None, text):
            if written is not None:
                ingest.register.write_text(written, "utf-8")
            assert 202 == (await ingest.push(http, sale("1"))).status_code
    assert 2 == len(caplog.records)
    assert "register of organisations" in caplog.messages[0]


async def test_tells_what_the_open_standard_is_and_how_it_is(ingest: Ingest) -> None:
    async with ingest.client() as http:
        answer = await http.get("/v1/standard/transaction.json")
        assert {"title": "transaction"} == answer.json()
        assert 200 == (await http.get("/healthz")).status_code
        assert 202 == (await ingest.push(http, sale("1"))).status_code
        assert 200 == (await http.get("/readyz")).status_code
        told = (await http.get("/metrics")).text
    assert 'kudos_transactions_accepted_total{organisation="hus",vendor="tixly"}' in told
    assert 'kudos_step_seconds_count{service="ingest",step="store"}' in told


GARBAGE = st.binary(max_size=300) | st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("number"), inner),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode())
HEADERS = st.sampled_from(
    ["webhook-id", "webhook-timestamp", "webhook-signature", "content-encoding", "content-type"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=GARBAGE,
    garbage=st.dictionaries(HEADERS, st.binary(max_size=40), max_size=3),
    signed=st.booleans(),
)
async def test_whatever_comes_gets_an_answer_and_nothing_of_it_a_log(
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    garbage: dict[str, bytes],
    *,
    signed: bool,
) -> None:
    ingest = Ingest(tmp_path_factory.mktemp("ingest"))
    planted, caplog.handler.level = "gjenkjennelig-7c1", logging.NOTSET
    caplog.clear()
    async with ingest.client() as http:
        sent = body + json.dumps(planted).encode()
        if signed:
            answer = await ingest.push(http, sent)
        else:
            given = [(name.encode(), value) for name, value in garbage.items()]
            answer = await http.post(f"{PATH}/{planted}", content=sent, headers=given)
            is_problem(answer, 401)
            answer = await http.post(PATH, content=sent, headers=given)
    assert (202 if signed else 401) == answer.status_code
    assert planted not in caplog.text + answer.text


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
