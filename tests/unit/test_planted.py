"""The search for planted people finds them, else finding nothing would say nothing."""

import base64
import json

import pytest

from tests.support.planted import SECRETS, Search


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_finds_a_secret_however_it_is_written(secret: str, before: str) -> None:
    search = Search(SECRETS)
    text = f"{before} {secret} and more"
    for haystack in (
        text.encode(),
        text.upper().encode(),
        json.dumps(text).encode(),
        text.encode("utf-16-le"),
        base64.b64encode(text.encode()),
        text.encode().hex().encode(),
    ):
        assert secret in search.found(haystack), haystack


def test_finds_nothing_where_nothing_is() -> None:
    assert set() == Search(SECRETS).found(b"1931-12 0155 NO " * 100)
