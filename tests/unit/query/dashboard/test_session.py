"""Sessions: made here, read here, over in time, and of use to nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kudos.register import Token
from services.query.dashboard.guard import is_own_form
from services.query.dashboard.session import LIFETIME_S, Sessions, digest

NOW = 1_800_000_000
TOKEN = Token(digest("the token"), "organisation", "theatre")
TOKENS = {TOKEN.sha256: TOKEN}
SESSIONS = Sessions("a secret")


def test_opens_what_it_made() -> None:
    assert TOKEN == SESSIONS.open(SESSIONS.make(TOKEN, NOW), TOKENS, NOW + LIFETIME_S - 1)


def test_is_over_in_time() -> None:
    assert SESSIONS.open(SESSIONS.make(TOKEN, NOW), TOKENS, NOW + LIFETIME_S + 1) is None


def test_ends_when_its_token_is_gone() -> None:
    assert SESSIONS.open(SESSIONS.make(TOKEN, NOW), {}, NOW) is None


def test_another_secret_opens_nothing() -> None:
    assert Sessions("another").open(SESSIONS.make(TOKEN, NOW), TOKENS, NOW) is None


@pytest.mark.parametrize("cookie", [None, "", "x", TOKEN.sha256, "the token", "gAAAA", "æ", "\x00"])
def test_what_is_none_opens_nothing(cookie: str | None) -> None:
    assert SESSIONS.open(cookie, TOKENS, NOW) is None


@given(st.integers(0), st.sampled_from("AZaz09-_=."))
def test_a_changed_session_opens_nothing(where: int, letter: str) -> None:
    made = SESSIONS.make(TOKEN, NOW)
    at = where % len(made)
    forged = made[:at] + letter + made[at + 1 :]
    # the last letter of base64 has bits that mean nothing
    if forged.rstrip("=")[:-1] != made.rstrip("=")[:-1]:
        assert SESSIONS.open(forged, TOKENS, NOW) is None


def test_holds_neither_the_token_nor_its_hash() -> None:
    made = SESSIONS.make(TOKEN, NOW)
    assert "the token" not in made
    assert TOKEN.sha256 not in made
    assert made != SESSIONS.make(TOKEN, NOW)


@pytest.mark.parametrize(
    ("own", "headers"),
    [
        (True, {"sec-fetch-site": "same-origin", "host": "kudos.example"}),
        (True, {"sec-fetch-site": "none", "host": "kudos.example"}),
        (False, {"sec-fetch-site": "cross-site", "host": "kudos.example"}),
        (False, {"sec-fetch-site": "same-site", "host": "kudos.example"}),
        (True, {"origin": "https://kudos.example", "host": "kudos.example"}),
        (False, {"origin": "https://evil.example", "host": "kudos.example"}),
        (False, {"origin": "null", "host": "kudos.example"}),
        (False, {"origin": "http://kudos.example:81", "host": "kudos.example"}),
        (True, {"host": "kudos.example"}),
    ],
)
def test_a_form_of_another_page_is_known(own: bool, headers: dict[str, str]) -> None:  # noqa: FBT001
    assert own == is_own_form(headers)
