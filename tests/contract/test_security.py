"""What every vendor and every source of profiles keeps out, asked of each by being listed."""

import asyncio
import gzip
import logging
import tracemalloc
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from kudos.networks import network
from tests.support.doors import (
    AGES,
    ALLOW,
    DOORS,
    INSIDE,
    MOST,
    PROXY,
    Doors,
    body,
    door,
    furnish,
    secret,
    sign,
    written,
)
from tests.support.hostile import CALLS, HOSTILE

EACH = pytest.mark.parametrize("name", DOORS)
#: The longest that an answer to something hostile may take.
SOON_S = 10.0


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("anywhere"))


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("somewhere"), ALLOW)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = furnish(tmp_path_factory.mktemp("nothing"))
    for path in (folder / "secrets").iterdir():
        path.unlink()
    return folder


@pytest.fixture
def doors(anywhere: Path) -> Doors:
    return Doors(anywhere)


def is_taken(answer: httpx.Response) -> bool:
    """Tell whether all was read and nothing of it is dead."""
    told = answer.json()
    held = told["accepted"] + told["ignored"]
    return answer.status_code == 202 and held > 0 and told["dead"] == 0


def is_dead(answer: httpx.Response) -> bool:
    """Tell whether it was kept aside, all of it."""
    told = answer.json()
    return answer.status_code == 202 and 0 < told["accepted"] == told["dead"]


@EACH
@pytest.mark.parametrize("age", AGES)
async def test_both_secrets_are_good_for_a_signature_and_for_an_address(
    doors: Doors, name: str, age: str
) -> None:
    sent, key = body(name), secret(name, age=age)
    async with doors.http() as http:
        assert is_taken(await http.post(door(name), content=sent, headers=sign(sent, key)))
        assert is_taken(await http.post(door(name, key), content=sent))
        packed = gzip.compress(sent)
        headers = sign(packed, key) | {"content-encoding": "gzip"}
        assert is_taken(await http.post(door(name), content=packed, headers=headers))


@EACH
async def test_whoever_is_not_its_sender_is_refused_and_nothing_is_told(
    doors: Doors, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent, right = body(name), secret(name)
    another = next(other for other in DOORS if other != name)
    wrong = {
        "retired": secret(name, age="retired"),
        "a neighbour's": secret(name, "nabo"),
        "another system's": secret(another),
        "its beginning": right[:16],
        "more than it": right + b"\1",
    }
    unsigned = sign(sent, right)
    attempts = [
        *((door(name), sign(sent, key)) for key in wrong.values()),
        *((door(name, key), {}) for key in wrong.values()),
        (door(name), {}),
        (door(name), sign(sent + b" ", right)),
        (door(name), sign(sent, right, late_s=301)),
        (door(name), sign(sent, right, late_s=-301)),
        *((door(name), {k: v for k, v in unsigned.items() if k != gone}) for gone in unsigned),
        (door(name), unsigned | {"webhook-signature": "v1,"}),
        (door(name) + "/", {}),
        (door(name) + "/whsec_", {}),
        (door(name) + "/" + "A" * 5000, sign(sent, right)),
        (door(name, right) + "/more", {}),
    ]
    async with doors.http() as http:
        answers = [await http.post(to, content=sent, headers=given) for to, given in attempts]
    assert [401] * len(attempts) == [answer.status_code for answer in answers]
    assert doors.untouched()
    shown = [*map(secrets_of, (right, *wrong.values()))]
    told = caplog.text + "".join(answer.text for answer in answers)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("services"))
    assert not [text for texts in shown for text in texts if text in ours]
    assert "webhook-signature" not in told


def secrets_of(key: bytes) -> tuple[str, str]:
    """Return how *key* is written in its file, and in an address."""
    return written(key).removeprefix("whsec_"), urlsafe_b64encode(key).decode().rstrip("=")


@EACH
async def test_where_no_secret_is_there_nobody_is_its_sender(nothing: Path, name: str) -> None:
    doors, sent = Doors(nothing), body(name)
    async with doors.http() as http:
        for key in (b"", b"\0" * 32, secret(name)):
            for to, given in ((door(name), sign(sent, key)), (door(name, key), {})):
                assert 401 == (await http.post(to, content=sent, headers=given)).status_code
    assert doors.untouched()


@EACH
async def test_nothing_is_read_at_a_wrong_address_and_no_more_than_may_be(
    doors: Doors, name: str
) -> None:
    read: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            read.append(1)
            yield b" " * 1024

    async with doors.http() as http:
        answer = await http.post(door(name, secret(name, "nabo")), content=endless())
        assert (401, 0) == (answer.status_code, len(read))
        for to in (door(name), door(name, secret(name))):
            read.clear()
            answer = await http.post(to, content=endless())
            assert (413, MOST // 1024 + 1) == (answer.status_code, len(read))
        said = {"content-length": "9" * 30}
        assert 413 == (await http.post(door(name, secret(name)), headers=said)).status_code
    assert doors.untouched()


def layers(content: bytes, number: int) -> bytes:
    """Return *content* packed *number* times over."""
    for _ in range(number):
        content = gzip.compress(content)
    return content


@EACH
async def test_what_is_packed_is_unpacked_once_and_no_further_than_it_may(
    doors: Doors, name: str
) -> None:
    to, packed = door(name, secret(name)), {"content-encoding": "gzip"}
    bomb = gzip.compress(b" " * (100 * MOST))
    members = gzip.compress(b" " * (MOST // 4)) * 5
    async with doors.http() as http:
        for large in (bomb, members):
            assert len(large) < MOST
            answer = await http.post(to, content=large, headers=packed)
            assert 413 == answer.status_code
        assert doors.untouched()
        for number, encoding in ((2, "gzip"), (2, "gzip, gzip"), (1, "br"), (1, "deflate")):
            sent = layers(body(name), number)
            answer = await http.post(to, content=sent, headers={"content-encoding": encoding})
            assert is_dead(answer), encoding
            kept = doors.opener.open(doors.sink.stored[-1].value or b"")
            assert encoding == "gzip" or kept == sent
    assert all(message.topic.endswith(".dead") for message in doors.sink.stored)


async def test_a_bomb_takes_no_more_memory_than_a_body_may_have(doors: Doors) -> None:
    name = next(iter(DOORS))
    bomb, packed = gzip.compress(b" " * (400 * MOST)), {"content-encoding": "gzip"}
    async with doors.http() as http:
        tracemalloc.start()
        try:
            answer = await http.post(door(name, secret(name)), content=bomb, headers=packed)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert 413 == answer.status_code
    assert most < 10 * MOST


@EACH
async def test_what_is_hostile_is_kept_aside_and_never_grows(doors: Doors, name: str) -> None:
    to = door(name, secret(name))
    async with doors.http() as http:
        for what, sent in HOSTILE.items():
            assert len(sent) <= MOST, what
            async with asyncio.timeout(SOON_S):
                answer = await http.post(to, content=sent)
            assert answer.status_code in {202, 413}, what
            if answer.status_code == 202:
                told = answer.json()
                assert told["accepted"] == told["dead"], what
    kept = [m for m in doors.sink.stored if not m.topic.endswith(".dead")]
    assert not kept
    assert all(len(m.value or b"") <= 2 * MOST for m in doors.sink.stored)


@EACH
async def test_only_from_where_the_register_lets_it(somewhere: Path, name: str) -> None:
    sent = body(name)
    ways = [(door(name), sign(sent, secret(name))), (door(name, secret(name)), {})]
    doors = Doors(somewhere, [network("10.0.0.0/8")])
    async with doors.http():
        for client, forwarded, inside in CALLS:
            before = len(doors.sink.stored)
            async with doors.calling(client) as http:
                for to, signed in ways:
                    given = [*signed.items(), *(("X-Forwarded-For", one) for one in forwarded)]
                    answer = await http.post(to, content=sent, headers=given)
                    assert (202 if inside else 403) == answer.status_code, (client, forwarded)
            assert inside or len(doors.sink.stored) == before


@EACH
async def test_without_trusted_proxies_nothing_forwarded_is_believed(
    somewhere: Path, name: str
) -> None:
    doors = Doors(somewhere)
    async with doors.http(), doors.calling(PROXY) as http:
        told = {"X-Forwarded-For": INSIDE, "Forwarded": f"for={INSIDE}", "X-Real-IP": INSIDE}
        answer = await http.post(door(name, secret(name)), content=body(name), headers=told)
    assert 403 == answer.status_code


def test_everything_that_is_listed_is_asked() -> None:
    """The marks above are of what is listed, and the number of tests follows it."""
    from services.ingest.adapters import ADAPTERS
    from services.ingest.sources import SOURCES

    assert {*ADAPTERS, *SOURCES} == set(DOORS)
    read: Callable[[str], bytes] = body
    assert all(map(read, DOORS))
