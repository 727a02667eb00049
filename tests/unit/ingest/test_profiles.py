"""What a source of profiles is answered, what identity gets of it, and where what is bad goes."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from kudos import avro
from kudos.cli.importer import Feed, Import
from kudos.cli.journal import beginning, content
from kudos.cli.letters import Letter
from kudos.cli.replaying import Replay
from kudos.records import Customer, ReceivedProfile, Stated
from kudos.register import parse
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from kudos.topics import PROFILES
from services.ingest.adapters.base import Origin
from services.ingest.sources import SOURCES
from tests.support.ingest import AT, MOST, REGISTER, SECRETS, Ingest
from tests.support.memory import MemorySink

PATH = "/v1/profiles/tagtool/hus"
DEAD = f"{PROFILES.name}.dead"
HEAD = "customer_id,email,segment,tagged_at,method,confidence,consent\n"


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path)


def rows(*lines: str) -> bytes:
    return (HEAD + "\n".join(lines)).encode()


def counts(answer: httpx.Response) -> tuple[int, int, int, int]:
    told = answer.json()
    return answer.status_code, told["accepted"], told["dead"], told["ignored"]


def said(opener: Opener, message: Message) -> tuple[ReceivedProfile, Customer, Stated]:
    """Return the profile in *message*, opened."""
    profile = avro.decode(message.value or b"", ReceivedProfile)
    return (
        profile,
        msgspec.json.decode(opener.open(profile.customer), type=Customer),
        msgspec.json.decode(opener.open(profile.stated or b""), type=Stated),
    )


async def test_a_tag_is_stored_as_identity_reads_it(ingest: Ingest) -> None:
    async with ingest.client() as http:
        body = rows("77,kari@example.no,Essence,2026-05-01,behavioural,0.8,ja")
        answer = await ingest.push(http, body, path=PATH)
    assert (202, 1, 0, 0) == counts(answer)
    [stored] = ingest.sink.stored
    assert PROFILES.name == stored.topic
    assert f"hus/{answer.json()['receipt']}/0".encode() == stored.key
    profile, customer, stated = said(ingest.opener, stored)
    assert ("tagtool", "hus", "tixly", AT) == (
        profile.source,
        profile.organisation,
        profile.numbers_of,
        profile.received_at,
    )
    assert ("77", "kari@example.no") == (customer.number, customer.email)
    assert Stated("inferred", 0.8, "Essence") == stated
    clear = (stored.value or b"") + (stored.key or b"") + repr(stored.headers).encode()
    assert not any(hidden in clear for hidden in (b"kari", b"Essence"))


async def test_who_said_no_is_not_kept(ingest: Ingest) -> None:
    async with ingest.client() as http:
        body = rows("1,,Essence,2026-05-01,,,nei", "2,,Release,2026-05-01,,,ja")
        answer = await ingest.push(http, body, path=PATH)
    assert (202, 1, 0, 1) == counts(answer)
    assert ["2"] == [said(ingest.opener, m)[1].number for m in ingest.sink.stored]


async def test_a_bad_row_loses_only_itself_and_names_nobody(ingest: Ingest) -> None:
    async with ingest.client() as http:
        body = rows("1,,Essence,2026-05-01,,,", "20418,,Kari,2026-05-01,,,", "3,,REL,2026-05-01,,,")
        answer = await ingest.push(http, body, path=PATH)
    assert (202, 3, 1, 0) == counts(answer)
    [letter] = ingest.sink.topics[DEAD]
    assert (letter.key or b"").startswith(b"hus/tagtool/raw:")
    assert "Kari" == json.loads(ingest.opener.open(letter.value or b""))["segment"]
    clear = repr((letter.key, letter.headers))
    assert not any(hidden in clear for hidden in ("Kari", "20418"))
    assert ["invalid_field"] == ingest.counted


async def test_a_body_that_is_no_table_is_kept_whole(ingest: Ingest) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, b"a,a\n1,2\n", path=PATH)
        assert (202, 1, 1, 0) == counts(answer)
        assert (202, 0, 0, 0) == counts(await ingest.push(http, HEAD.encode(), path=PATH))
    assert [DEAD] == [m.topic for m in ingest.sink.stored]


async def test_what_is_dated_ahead_is_of_when_it_came_in(ingest: Ingest) -> None:
    """Else it would win for ever: the newest statement does."""
    async with ingest.client() as http:
        await ingest.push(http, rows("1,,Essence,2099-01-01,,,"), path=PATH)
    [stored] = ingest.sink.stored
    assert AT == said(ingest.opener, stored)[0].observed_at


async def test_asks_who_sends_as_hooks_do(ingest: Ingest) -> None:
    good = rows("1,,Essence,2026-05-01,,,")
    secret = SECRETS["old-1"].removeprefix("whsec_")
    address = base64.urlsafe_b64encode(base64.b64decode(secret)).decode()
    async with ingest.client() as http:
        assert 202 == (await http.post(f"{PATH}/{address}", content=good)).status_code
        for status, answer in (
            (401, await http.post(PATH, content=good)),
            (401, await http.post(f"{PATH}/guessed", content=good)),
            (401, await ingest.push(http, good, path=PATH, headers={"webhook-id": "other"})),
            (404, await ingest.push(http, good, path="/v1/profiles/tagtool/nosuch")),
            (404, await ingest.push(http, good, path="/v1/profiles/dnb/hus")),
            (404, await ingest.push(http, good, path="/v1/profiles/tixly/hus")),
            (404, await ingest.push(http, good, path="/v1/hooks/tagtool/hus")),
            (404, await ingest.push(http, good, path="/v1/profiles/npumonitor/hus")),
            (413, await ingest.push(http, b" " * (MOST + 1), path=PATH)),
        ):
            assert status == answer.status_code
            assert status == answer.json()["status"]
        ingest.sink.away = True
        answer = await ingest.push(http, good, path=PATH)
    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
    assert 1 == len(ingest.sink.stored)


async def test_a_profile_is_no_accepted_transaction(ingest: Ingest) -> None:
    async with ingest.client() as http:
        await ingest.push(http, rows("1,,Essence,2026-05-01,,,"), path=PATH)
        told = (await http.get("/metrics")).text
    assert 'kudos_transactions_accepted_total{organisation="hus",vendor="tagtool"}' not in told


def desk() -> tuple[Import, MemorySink, Opener]:
    """Return an import of tags, on a broker in memory."""
    register, (private, public) = parse(REGISTER), new_key_pair()
    origin = Origin(register.organisations["hus"], register.feeds["tagtool", "hus"])
    dead = DeadLetters("ingest", Sealer(public), lambda _reason: None, Limit(float("inf")))
    sink = MemorySink()
    feed = Feed(origin, SOURCES["tagtool"], None)
    return Import(feed, Sealer(public), dead, sink), sink, Opener(private)


def test_a_file_of_tags_is_imported_and_a_repeat_is_the_same(tmp_path: Path) -> None:
    importing, sink, _ = desk()
    path, kept = tmp_path / "tags.csv", tmp_path / "journal.json"
    path.write_bytes(rows("1,,Essence,2026-05-01,,,", "2,,Kari,2026-05-01,,,", "3,,Release,x,,,"))

    def take(days: int) -> list[Any]:
        begun = beginning(kept, AT + timedelta(days=days), as_new=False)
        ended = importing.take(path, content(path), begun, note)
        assert (3, 2, 0) == (ended.counts.accepted, ended.counts.dead, ended.counts.ignored)
        messages = list(sink.stored)
        sink.topics.clear()
        return [(m.topic, m.key, m.headers) for m in messages]

    def note(journal: object) -> None:
        kept.write_bytes(msgspec.json.encode(journal))

    first = take(0)
    assert [PROFILES.name, DEAD, DEAD] == [topic for topic, *_ in first]
    assert first == take(30)


def test_a_letter_is_replayed_when_the_register_knows_the_word(tmp_path: Path) -> None:
    importing, sink, opener = desk()
    path = tmp_path / "tags.csv"
    path.write_bytes(rows("1,,Essens,2026-05-01,,,"))
    importing.take(path, "name", beginning(tmp_path / "none", AT, as_new=False), lambda _: None)
    [message] = sink.stored
    told = {name: value.decode() for name, value in message.headers}
    letter = Letter(
        id="profiles.received/0/0",
        topic=PROFILES.name,
        stage="ingest",
        reason=told["reason"],
        detail=told["detail"],
        organisation="hus",
        vendor="tagtool",
        received_at=AT,
        message=message,
    )
    mended = REGISTER.replace(
        'id = "tagtool"', 'id = "tagtool"\n  segments = { Essens = "Essence" }'
    )
    sealer = Sealer(new_key_pair()[1])
    dead = DeadLetters("ingest", sealer, lambda _reason: None)
    replay = Replay(opener, parse(mended), SOURCES, sealer, dead)
    [again] = replay.messages(letter)
    assert (PROFILES.name, AT) == (
        again.topic,
        avro.decode(again.value or b"", ReceivedProfile).received_at,
    )
