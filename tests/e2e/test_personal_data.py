"""Planted people are found nowhere in the clear, by a search that does find what is there."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kudos import avro, records
from kudos.clickhouse import connect
from kudos.errors import Rejected
from kudos.sealing import Opener
from kudos.topics import RECEIVED
from tests.support.planted import PERSON, SECRETS, Search
from tests.support.system import Running
from tests.support.topics import everything, names

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

HOUSE = "provehuset"
#: A vendor's own number: in the clear in zone 1 only.
ORDER = "ORDRE-PLANTET-5521"
#: No personal data: it must be found, or the search decodes nothing.
PRODUCTION = "Sporstoffet Kvikksand"
ZONE_1 = ("transactions.received", "profiles.received")


def order(**changed: Any) -> dict[str, Any]:
    """Return an order of the planted person."""
    performance = {"id": "P-1", "production": PRODUCTION, "starts_at": "2026-12-24T18:00:00Z"}
    line = {"line": "1", "kind": "sale", "quantity": 2, "unit_price": "350.00"}
    return {
        "transaction": ORDER,
        "version": 1,
        "sold_at": "2026-11-20T12:00:00Z",
        "customer": PERSON,
        "lines": [line | {"performance": performance}],
    } | changed


@pytest.fixture(scope="module")
def planted(system: Running) -> Running:
    """Return the system after the person came in by every way, readable and not."""
    tixly = {
        "Id": 77_123_456,
        "FirstName": PERSON["given_name"],
        "LastName": PERSON["family_name"],
        "Email": PERSON["email"],
        "DateOfBirth": f"{PERSON['birth_date']}T00:00:00",
        "AddressOne": PERSON["street"],
        "ZipCode": "0155",
        "Created": "2026-01-12T10:11:12",
    }
    bodies: list[tuple[str, object]] = [
        (
            "homemade",
            [order(), order(transaction=f"{ORDER}-2", customer=PERSON | {"number": None})],
        ),
        # dead letters: by a bad line, a bad customer, and as no JSON at all
        ("homemade", order(transaction=f"{ORDER}-3", lines=[{"line": PERSON["email"]}])),
        ("homemade", order(transaction=f"{ORDER}-4", customer={"email": [PERSON["email"]]})),
        ("homemade", f"{PERSON['given_name']} {PERSON['family_name']}".encode()),
        ("tixly", {"Data": [tixly], "Next": None}),
        ("tixly", {"SaleTicketId": PERSON["email"]}),
        ("hoopla", {"purchase_id": PERSON["family_name"], "user": PERSON}),
    ]
    for vendor, body in bodies:
        assert system.push(vendor, HOUSE, body).status_code == 202
    # refused, and remembered nowhere
    wrong = f"/v1/hooks/homemade/{HOUSE}/{PERSON['number']}"
    assert system.ingest.post(wrong, content=json.dumps(order())).status_code == 401
    system.wait_until_counted(time.time())
    return system


@pytest.fixture(scope="module")
def corpus(planted: Running) -> dict[str, bytes]:
    """Return everything that is kept anywhere, by where: topics, tables, files and pages."""
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for kind, contents in (
        ("topic", messages(planted)),
        ("table", tables(planted)),
        ("file", files(planted.data)),
        ("page", pages(planted)),
    ):
        for name, content in contents:
            found[f"{kind} {name}"].append(content)
    return {where: b"\n".join(contents) for where, contents in found.items()}


def messages(system: Running) -> Iterator[tuple[str, bytes]]:
    """Yield every message of every topic: key, headers, value, and what it says decoded."""
    for topic in names(system):
        for message in everything(system, topic):
            yield topic, message.key or b""
            yield topic, message.value or b""
            for name, value in message.headers:
                yield topic, name.encode() + b"=" + (value or b"")
            yield topic, decoded(message.value or b"")


def decoded(value: bytes) -> bytes:
    """Return the record in *value* as JSON."""
    name = avro.record_of(value)
    if name is None:
        return b""
    shape = getattr(records, name.removeprefix("kudos."))
    return msgspec.json.encode(avro.decode(value, shape))


def tables(system: Running) -> Iterator[tuple[str, bytes]]:
    """Yield every table of the engine, whole, as JSON."""
    with connect(system.addresses["clickhouse"]) as client:
        found = client.query(
            "SELECT database, name FROM system.tables WHERE engine NOT IN ('View') AND "
            "(database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') "
            "OR name LIKE '%_log')"
        )
        for database, name in found.result_rows:
            text = f"SELECT * FROM `{database}`.`{name}` FORMAT JSONEachRow"
            yield f"{database}.{name}", client.raw_query(text)


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file below *folder*; what is merged away meanwhile is in the table."""
    for place, _, here in os.walk(folder):
        for name in here:
            path = Path(place, name)
            with suppress(FileNotFoundError):
                # Kafka's indices are mostly empty
                yield str(path.relative_to(folder)), path.read_bytes().rstrip(b"\0")


def pages(system: Running) -> Iterator[tuple[str, bytes]]:
    """Yield what the services answer to whoever watches them."""
    for service in ("ingest", "identity", "enrich", "aggregate", "query"):
        for path in ("/metrics", "/healthz", "/readyz"):
            yield service, system.ingest.get(f"{system.addresses[service]}{path}").content
    asked = {"measure": "orders", "scope": f"organisation:{HOUSE}", "period": "2026"}
    bearer = system.bearer(HOUSE)
    for by in ("production", "ticket_type"):
        answer = system.query.get("/v1/figures", params=asked | {"by": by}, headers=bearer)
        yield "figures", answer.content


def test_no_planted_person_is_found(
    corpus: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    search = Search(SECRETS)
    leaks = {where: found for where, content in corpus.items() if (found := search.found(content))}
    with capsys.disabled():
        print(f"\nlooked through {search.looked_at / 1e6:,.0f} MB for planted people")
    assert {} == leaks


def test_a_vendor_s_number_stays_in_zone_1(corpus: dict[str, bytes]) -> None:
    search = Search([ORDER])
    where = {name for name, content in corpus.items() if search.found(content)}
    # a dead letter's key is its original's, and a topic is files of the broker
    zone = {f"topic {name}" for topic in ZONE_1 for name in (topic, f"{topic}.dead")}
    assert f"topic {RECEIVED.name}" in where
    assert where <= zone | {name for name in where if name.startswith("file kafka/data/")}
    for name in where - zone:
        assert any(f"/{topic}" in name for topic in ZONE_1), name


def test_the_search_finds_what_is_there(corpus: dict[str, bytes]) -> None:
    """The production is no personal data: it is in topics, in the tables and in the answers."""
    search = Search([PRODUCTION])
    where = {name for name, content in corpus.items() if search.found(content)}
    topics = {"transactions.received", "transactions.pseudonymous", "transactions.enriched"}
    assert {f"topic {name}" for name in topics} <= where
    assert {"table kudos.sales", "page figures"} <= where


def test_the_person_is_there_for_who_holds_the_key(planted: Running) -> None:
    """So what was looked for had really come in."""
    search = Search(SECRETS)
    opener = Opener((planted.data / "secrets/identity/seal.identity.1").read_text("utf-8"))
    found = set()
    for message in everything(planted, RECEIVED.name):
        received = avro.decode(message.value or b"", records.ReceivedTransaction)
        if received.organisation == HOUSE and received.customer is not None:
            found |= search.found(opened(opener, received.customer))
    assert {PERSON["email"], PERSON["family_name"], PERSON["street"]} <= found
    replay = Opener((planted.data / "secrets/replay/seal.replay.1").read_text("utf-8"))
    letters = everything(planted, f"{RECEIVED.name}.dead")
    assert any(search.found(replay.open(letter.value)) for letter in letters if letter.value)


def opened(opener: Opener, sealed: bytes) -> bytes:
    """Return what was sealed; another test seals to a key that nobody holds at first."""
    try:
        return opener.open(sealed)
    except Rejected:
        return b""


def test_secrets_are_readable_by_their_service_alone(planted: Running) -> None:
    for folder in (planted.data / "secrets").iterdir():
        assert folder.stat().st_mode & 0o077 == 0, folder.name
        for secret in folder.iterdir():
            assert secret.stat().st_mode & 0o077 == 0, secret.name
