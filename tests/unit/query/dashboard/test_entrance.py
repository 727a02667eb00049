"""Signing in and out."""

import pytest
from starlette.testclient import TestClient

from services.query.dashboard.session import COOKIE
from tests.support.dashboard import TOKENS, Houses
from tests.support.html import Page
from tests.unit.query.dashboard.conftest import Client


def test_who_is_not_signed_in_is_asked_to_and_comes_back(visitor: TestClient) -> None:
    asked = "/figures/tickets?period=2026-05&by=channel"
    answer = visitor.get(asked)
    assert 303 == answer.status_code
    form = visitor.get(answer.headers["location"])
    assert [] == Page(form.text).wrong
    assert 'value="/figures/tickets?period=2026-05&amp;by=channel"' in form.text
    answer = visitor.post("/sign-in", data={"token": TOKENS["theatre"], "to": asked})
    assert (303, asked) == (answer.status_code, answer.headers["location"])
    assert 200 == visitor.get(asked).status_code


def test_a_session_is_for_this_browser_alone(visitor: TestClient) -> None:
    cookie = visitor.post("/sign-in", data={"token": TOKENS["theatre"]}).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=lax", "max-age=43200", "path=/"} <= {
        part.strip().lower() for part in cookie.split(";")
    }
    assert TOKENS["theatre"] not in cookie
    assert "secure" not in cookie.lower()
    behind = {"X-Forwarded-Proto": "https"}
    answer = visitor.post("/sign-in", data={"token": TOKENS["theatre"]}, headers=behind)
    assert "; secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("token", ["", "wrong", TOKENS["theatre"] + "x", "x" * 5000, "æ\x00"])
def test_every_wrong_token_is_answered_alike(visitor: TestClient, token: str) -> None:
    first = visitor.post("/sign-in", data={"token": "another"})
    answer = visitor.post("/sign-in", data={"token": token})
    assert 401 == answer.status_code
    assert first.text == answer.text
    assert "set-cookie" not in answer.headers
    assert "Nøkkelen ble ikke godtatt." in Page(answer.text).text


def test_too_large_a_form_is_refused(visitor: TestClient) -> None:
    assert 403 == visitor.post("/sign-in", data={"token": "x" * 9000}).status_code


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/\n/evil", "x"],
)
def test_nobody_is_sent_elsewhere(visitor: TestClient, target: str) -> None:
    answer = visitor.post("/sign-in", data={"token": TOKENS["theatre"], "to": target})
    assert "/" == answer.headers["location"]


def test_a_form_of_another_page_is_refused(signed_in: Client) -> None:
    client = signed_in("theatre")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/sign-in", "/sign-out"):
        answer = client.post(path, data={"token": TOKENS["border"]}, headers=elsewhere)
        assert 403 == answer.status_code
        assert [] == Page(answer.text).wrong
    assert 200 == client.get("/overview").status_code


def test_signing_out_ends_it(signed_in: Client) -> None:
    client = signed_in("theatre")
    assert 303 == client.post("/sign-out").status_code
    assert "/sign-in" in client.get("/overview").headers["location"]
    assert 404 == client.get("/sign-out").status_code


def test_a_token_that_is_taken_away_ends_its_session_at_once(
    signed_in: Client, houses: Houses
) -> None:
    client = signed_in("theatre")
    assert 200 == client.get("/overview").status_code
    houses.now = type(houses.now)(houses.now.organisations, houses.now.feeds, {})
    answer = client.get("/overview")
    assert "/sign-in" in answer.headers["location"]
    assert "Økten er over." in client.get(answer.headers["location"]).text


def test_an_operator_is_led_to_operations_and_sees_no_figure(signed_in: Client) -> None:
    client = signed_in("operator")
    for path in ("/now", "/overview", "/figures/tickets"):
        answer = client.get(path)
        assert (303, "/operations", "") == (
            answer.status_code,
            answer.headers["location"],
            answer.text,
        )
    assert 401 == client.get("/now/stream").status_code
