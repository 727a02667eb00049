"""Ids are the same however often they are made, and HMAC-SHA-256."""

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kudos.identifiers import keyed_hash, transaction_id, unit_name


@given(
    key=st.binary(max_size=200),
    parts=st.lists(st.text(st.characters(codec="ascii")) | st.integers(-9, 99)),
)
def test_a_keyed_hash_is_half_of_hmac_sha_256_of_json(key: bytes, parts: list[object]) -> None:
    text = json.dumps(["domain", *parts], separators=(",", ":")).replace("\\u007f", "\x7f")
    assert hmac.digest(key, text.encode(), "sha256").hex()[:32] == keyed_hash(key, "domain", *parts)


def test_parts_do_not_run_together() -> None:
    assert keyed_hash(b"k", "d", "ab", "c") != keyed_hash(b"k", "d", "a", "bc")
    assert keyed_hash(b"k", "d", "a", "b") != keyed_hash(b"k", "d", ("a", "b"))


@pytest.mark.parametrize("number", ["A-1001", "A/1001", "a/b/c", ""])
def test_a_transaction_s_number_may_hold_slashes(number: str) -> None:
    unit = unit_name("oslo-teater", "tixly", number)
    assert keyed_hash(b"k", "transaction", "oslo-teater", "tixly", number) == transaction_id(
        b"k", unit
    )
