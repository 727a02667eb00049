"""Who may send."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.ingest.signature import addressed, key, signed
from tests.support.ingest import signature

OLD, NEW, OTHER = (
    "whsec_" + base64.b64encode(bytes(range(n, n + 24))).decode() for n in (0, 100, 230)
)
KEYS = [k for k in map(key, (NEW, OLD)) if k is not None]
NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)
BODY = '{"customer": "Åse"}'.encode()


def by_the_library(secret: str, body: bytes = BODY, at: datetime = NOW) -> dict[str, str]:
    made = Webhook(secret).sign("msg_1", at, body.decode())
    sent = str(int(at.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": sent, "webhook-signature": made}


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_takes_what_the_library_signs_with_any_valid_secret(secret: str) -> None:
    assert signed(by_the_library(secret), BODY, KEYS, NOW.timestamp())


def test_the_library_takes_what_our_tests_sign() -> None:
    now = datetime.now(UTC)
    assert Webhook(NEW).verify(BODY.decode(), signature(BODY, NEW, now))


def test_refuses_a_retired_secret_and_another_body() -> None:
    assert not signed(by_the_library(OTHER), BODY, KEYS, NOW.timestamp())
    assert not signed(by_the_library(OLD), BODY, KEYS[:1], NOW.timestamp())
    assert not signed(by_the_library(NEW), BODY + b" ", KEYS, NOW.timestamp())
    assert not signed(by_the_library(NEW), BODY, [], NOW.timestamp())


def test_one_of_several_signatures_is_enough() -> None:
    headers = by_the_library(NEW)
    good = headers["webhook-signature"]
    headers["webhook-signature"] = f"v1a,AAAA v1,AAAA  {good}"
    assert signed(headers, BODY, KEYS, NOW.timestamp())
    headers["webhook-signature"] = good.removeprefix("v1,")
    assert not signed(headers, BODY, KEYS, NOW.timestamp())


@pytest.mark.parametrize(
    ("late", "valid"), [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_is_valid_for_five_minutes_both_ways(late: int, *, valid: bool) -> None:
    assert valid == signed(by_the_library(NEW), BODY, KEYS, NOW.timestamp() + late)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_needs_every_header(missing: str) -> None:
    headers = by_the_library(NEW)
    del headers[missing]
    assert not signed(headers, BODY, KEYS, NOW.timestamp())


@pytest.mark.parametrize("at", ["", "x", "-1", "1e9", "٣", "²", "9" * 400, "1779019200.0", " 1"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    headers = by_the_library(NEW) | {"webhook-timestamp": at}
    assert not signed(headers, BODY, KEYS, NOW.timestamp())


@given(st.text(), st.text(), st.text(), st.binary())
def test_garbage_is_refused_and_crashes_nothing(name: str, sent: str, by: str, body: bytes) -> None:
    headers = {"webhook-id": name, "webhook-timestamp": sent, "webhook-signature": by}
    assert not signed(headers, body, KEYS, NOW.timestamp())
    headers["webhook-timestamp"] = str(int(NOW.timestamp()))
    assert not signed(headers, body, KEYS, NOW.timestamp())
    assert not addressed(by, KEYS)


@given(st.binary(min_size=16, max_size=64))
def test_an_address_ends_in_the_secret_in_its_own_alphabet(secret: bytes) -> None:
    text = base64.urlsafe_b64encode(secret).decode()
    for way in (text, text.rstrip("="), base64.b64encode(secret).decode()):
        assert addressed(way, [*KEYS, secret])
        assert not addressed(way[:-4], [*KEYS, secret])
        assert not addressed(way, KEYS)


def test_no_secret_is_no_address() -> None:
    assert not addressed("", [])
    assert not addressed("", KEYS)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_AAAA", "whsec_" + "å" * 32, "not base64!" * 4]
)
def test_a_secret_that_can_be_guessed_is_none(text: str) -> None:
    assert key(text) is None
