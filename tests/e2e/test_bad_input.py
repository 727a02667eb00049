"""What is wrong gets a clear answer, or a dead letter that quotes nothing; what is good goes on."""

import gzip
import json
import os
import signal
import time
import uuid
from datetime import datetime
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from kudos import avro
from kudos.identifiers import unit_name
from kudos.kafka import KafkaSink, client_config
from kudos.local.secrets import write
from kudos.records import ReceivedTransaction
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import Message
from kudos.topics import RECEIVED
from simulation.requests import sign
from tests.support.planted import PERSON, SECRETS, Search
from tests.support.system import Running
from tests.support.topics import everything
from tests.support.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

HOUSE = "provehuset"


def order(number: str, *, day: str = "2022-02-02", **changed: Any) -> dict[str, Any]:
    line = {"line": "1", "kind": "sale", "quantity": 1, "unit_price": "100.00"}
    sale = {"transaction": number, "version": 1, "sold_at": f"{day}T12:00:00Z", "lines": [line]}
    return sale | changed


def post(system: Running, path: str, body: bytes, **headers: str) -> httpx.Response:
    secret = system.access.secrets[HOUSE, "homemade"]
    signed = sign(secret, str(uuid.uuid4()), body)
    return system.ingest.post(path, content=body, headers=signed | headers)


def is_problem(answer: httpx.Response, status: int) -> None:
    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert status == answer.json()["status"]


def test_refuses_who_cannot_sign(system: Running) -> None:
    body = json.dumps(order("B-1")).encode()
    path = f"/v1/hooks/homemade/{HOUSE}"
    old = str(int(time.time()) - 301)
    for wrong in (
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-timestamp": old},
        {"webhook-id": "another"},
    ):
        is_problem(post(system, path, body, **wrong), 401)
    is_problem(system.ingest.post(path, content=body), 401)
    is_problem(system.ingest.post(f"{path}/guessed", content=body), 401)


def test_knows_no_such_vendor_or_organisation(system: Running) -> None:
    for path in ("nosuch/provehuset", "homemade/nosuch", "tessitura/provehuset"):
        is_problem(post(system, f"/v1/hooks/{path}", b"{}"), 404)


def test_refuses_what_is_too_large(system: Running) -> None:
    large = b"[" + b" " * (40 * 2**20) + b"]"
    is_problem(post(system, f"/v1/hooks/homemade/{HOUSE}", large), 413)
    packed = gzip.compress(large)
    answer = post(system, f"/v1/hooks/homemade/{HOUSE}", packed, **{"Content-Encoding": "gzip"})
    is_problem(answer, 413)


BAD: dict[str, bytes] = {
    "no JSON": b"Kari Nordmann",
    "deep": b"[" * 50_000 + b"]" * 50_000,
    "deep line": json.dumps(order("B-2")).encode().replace(b'"1"', b"[" * 999 + b"]" * 999, 1),
    "huge number": json.dumps(order("B-3")).encode().replace(b'"100.00"', b"1e999999"),
    "many digits": json.dumps(order("B-4")).encode().replace(b'"100.00"', b"9" * 5000),
    "NaN": json.dumps(order("B-5")).encode().replace(b'"100.00"', b"NaN"),
    "NaN as text": json.dumps(order("B-6")).encode().replace(b'"100.00"', b'"NaN"'),
    "wrong encoding": json.dumps(order("B-7")).encode().replace(b"100.00", b"\xff\xfe\xe5"),
    "impossible date": json.dumps(order("B-8", sold_at="2026-02-30T12:00:00Z")).encode(),
    "negative": json.dumps(order("B-9")).encode().replace(b'"100.00"', b'"-1.00"'),
    "NUL": json.dumps(order("B-10\0")).encode(),
    "half a pair": json.dumps(order("B-11")).encode().replace(b"B-11", b"\\ud800"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_authentic_and_unreadable_is_a_dead_letter(system: Running, name: str) -> None:
    answer = post(system, f"/v1/hooks/homemade/{HOUSE}", BAD[name])
    assert 202 == answer.status_code, answer.text
    assert (1, 1) == (answer.json()["accepted"], answer.json()["dead"])


def test_a_bad_record_in_a_good_batch_loses_only_itself(system: Running) -> None:
    day = "2022-02-03"
    bad = order("B-22", day=day)
    bad["lines"] = [*bad["lines"], {"line": "2", "kind": "sale", "quantity": "Kari"}]
    batch = [order("B-21", day=day), bad, order("B-23", day=day), "Kari", 7, None]
    receipt = system.push("homemade", HOUSE, batch).json()
    assert (6, 4, 0) == (receipt["accepted"], receipt["dead"], receipt["ignored"])
    system.wait_until_counted()
    [cell] = system.cells(HOUSE, "orders", day)
    assert 2 == cell["value"]
    [cell] = system.cells(HOUSE, "net_revenue", day)
    assert 20_000 == cell["value"]
    row = system.ledger()[HOUSE]
    assert row["accepted"] == row["counted"] + row["dead"] + row["erased"]
    assert row["dead"] >= 4


def test_a_dead_letter_s_reason_quotes_nothing(system: Running) -> None:
    values = [*PERSON.values(), [PERSON["email"]], {PERSON["email"]: PERSON["phone"]}]
    fields = ("transaction", "version", "sold_at", "channel", "currency", "customer", "lines")
    bad = [
        order(f"Q-{n}") | {field: value}
        for n, value in enumerate(values)
        for field in fields
        # any text may be a sender's number, and that stands in the clear in zone 1
        if field != "transaction" or not isinstance(value, str)
    ]
    assert 202 == system.push("homemade", HOUSE, bad).status_code
    search = Search([*SECRETS, str(PERSON["gender"])])
    letters = list(everything(system, f"{RECEIVED.name}.dead"))
    assert len(letters) > len(values)
    for letter in letters:
        told = dict(letter.headers)
        assert set() == search.found(b" ".join(told.values()))
        assert {"reason", "detail", "stage", "received_at"} <= told.keys()
    listed = system.kudos("dead-letters", "list", "--json")
    assert set() == search.found(listed.encode())
    assert len(json.loads(listed)) > 0


def test_a_replay_after_a_fix_counts_once(system: Running) -> None:
    """Sealed to a key that identity does not hold yet: dead there, until it gets the key."""
    day, private_and_public = "2022-02-04", new_key_pair()
    private, public = private_and_public
    number = "R-1"
    _produce_sealed_wrongly(system, number, day, public)
    until(lambda: _is_dead(system, number), "no dead letter came", 30)
    assert 0 == system.cells(HOUSE, "orders", day)[0]["value"]
    before = system.ledger()[HOUSE]
    # the fix: identity is given the key, and started again
    write(system.data / "secrets" / "identity" / "seal.identity.2", private)
    system.wait_until_revived("identity", system.kill("identity"))
    for _ in range(2):
        system.kudos("dead-letters", "replay", "--reason", "unsealable")
        system.wait_until_counted()
        assert 1 == system.cells(HOUSE, "orders", day)[0]["value"]
    after = system.ledger()[HOUSE]
    assert before["accepted"] == after["accepted"]
    assert before["dead"] - 1 == after["dead"]
    assert before["counted"] + 1 == after["counted"]


def _produce_sealed_wrongly(system: Running, number: str, day: str, public: str) -> None:
    """Put a sale of that day on the topic as ingest would, its customer sealed to another key."""
    assert 202 == system.push("homemade", HOUSE, order("R-0", day="2022-01-01")).status_code
    template = next(
        received
        for message in everything(system, RECEIVED.name)
        for received in [avro.decode(message.value or b"", ReceivedTransaction)]
        if received.transaction.transaction == "R-0"
    )
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    lines = tuple(replace(line, at=at) for line in template.transaction.lines)
    transaction = replace(
        template.transaction, transaction=number, order=number, sold_at=at, lines=lines
    )
    sealed = Sealer(public).seal(json.dumps({"email": "ukjent@example.no"}).encode())
    received = replace(template, transaction=transaction, customer=sealed)
    password = (system.data / "secrets" / "ingest" / "kafka").read_text("utf-8").strip()
    sink = KafkaSink(client_config(system.addresses["kafka"], "ingest", password))
    key = unit_name(HOUSE, "homemade", number).encode()
    stamp = str(int(received.received_at.timestamp() * 1e6)).encode()
    headers = (("received_at", stamp), ("organisation", HOUSE.encode()), ("vendor", b"homemade"))
    sink.send(Message(RECEIVED.name, key, avro.encode(received), headers))
    sink.flush()


def _is_dead(system: Running, number: str) -> bool:
    unit = unit_name(HOUSE, "homemade", number).encode()
    return any(letter.key == unit for letter in everything(system, f"{RECEIVED.name}.dead"))


def test_without_a_broker_nothing_is_acknowledged(system: Running) -> None:
    day = "2022-02-05"
    broker = system.pids()["kafka"]
    os.kill(broker, signal.SIGSTOP)
    try:
        answer = system.push("homemade", HOUSE, order("K-1", day=day))
        is_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        os.kill(broker, signal.SIGCONT)

    def taken() -> bool:
        return 202 == system.push("homemade", HOUSE, order("K-1", day=day)).status_code

    until(taken, "ingest does not recover", 60)
    system.wait_until_counted()
    assert 1 == system.cells(HOUSE, "orders", day)[0]["value"]


def test_a_sealed_letter_opens_with_the_replay_key_alone(system: Running) -> None:
    opener = Opener((system.data / "secrets/replay/seal.replay.1").read_text("utf-8"))
    letters = [m for m in everything(system, f"{RECEIVED.name}.dead") if m.value]
    assert any(BAD["no JSON"] == opener.open(letter.value or b"") for letter in letters)
