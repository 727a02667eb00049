"""The doors that vendors have of their own: a secret in the body, and the till's service."""

import json
from pathlib import Path
from xml.sax.saxutils import escape

import httpx
import pytest

from kudos.networks import network
from services.ingest.soap.envelope import NAMESPACE
from services.ingest.soap.service import VENDOR
from services.ingest.thin import THIN
from services.ingest.thin.businesscentral import state
from tests.support.doors import (
    AGES,
    ALLOW,
    MOST,
    OUTSIDE,
    PROXY,
    Doors,
    door,
    furnish,
    secret,
)
from tests.support.hostile import CALLS, HOSTILE

#: The thin vendors that show a secret in the body.
SHOWING = pytest.mark.parametrize("name", [name for name in THIN if THIN[name].shown is not None])
TILL = f"/v1/soap/{VENDOR}/hus"
LOGIN = "1001"


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("anywhere"))


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("somewhere"), ALLOW)


@pytest.fixture
def doors(anywhere: Path) -> Doors:
    return Doors(anywhere)


@pytest.fixture
def guarded(somewhere: Path) -> Doors:
    return Doors(somewhere, [network("10.0.0.0/8")])


def notified(key: bytes, more: bytes = b"") -> bytes:
    """Return a notification that shows *key*."""
    path = "api/v2.0/companies(0)/customers(0)"
    told = {"clientState": state(key), "resource": path, "changeType": "updated"}
    return json.dumps({"value": [told]}).encode()[:-1] + more + b"}"


def call(password: str, login: str = LOGIN, inner: str = "") -> bytes:
    """Return what a till calls with *password*."""
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<soapenv:Body><ws:getOrders xmlns:ws="{NAMESPACE}"><login>{login}</login>'
        f"<password>{escape(password)}</password>{inner}</ws:getOrders>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


def is_fault(answer: httpx.Response) -> bool:
    return answer.status_code == 500 and "Fault" in answer.text


@SHOWING
async def test_both_secrets_are_good_in_a_body_and_no_other(doors: Doors, name: str) -> None:
    async with doors.http() as http:
        for age in AGES:
            sent = notified(secret(name, age=age))
            assert 202 == (await http.post(door(name), content=sent)).status_code
        before = len(doors.sink.stored)
        wrong = [secret(name, age="retired"), secret(name, "nabo"), secret(VENDOR), b"", b"\0" * 32]
        for key in wrong:
            assert 401 == (await http.post(door(name), content=notified(key))).status_code
    assert len(doors.sink.stored) == before


@SHOWING
async def test_a_body_is_no_further_read_than_it_may_be_before_it_is_known(
    doors: Doors, name: str
) -> None:
    async with doors.http() as http:
        for sent in HOSTILE.values():
            assert 401 == (await http.post(door(name), content=sent)).status_code
        large = notified(secret(name), b', "more": "' + b"x" * MOST + b'"')
        assert 413 == (await http.post(door(name), content=large)).status_code
        # deep beside what shows the secret: it is no notification, and kept nowhere
        deep = notified(secret(name), b', "more": ' + b"[" * 20_000 + b"]" * 20_000)
        assert 401 == (await http.post(door(name), content=deep)).status_code
    assert doors.untouched()


@SHOWING
async def test_who_shows_a_secret_is_let_in_from_where_the_register_lets_it(
    guarded: Doors, name: str
) -> None:
    sent, asked = notified(secret(name)), {"validationToken": "t"}
    async with guarded.http():
        for client, forwarded, inside in CALLS:
            headers = [("X-Forwarded-For", one) for one in forwarded]
            async with guarded.calling(client) as http:
                answer = await http.post(door(name), content=sent, headers=headers)
                assert (202 if inside else 403) == answer.status_code
                shaken = [
                    (await http.post(door(name), params=asked, headers=headers)).status_code,
                    (await http.get(door(name), params=asked, headers=headers)).status_code,
                ]
                assert ([200, 200] if inside else [403, 405]) == shaken


async def test_a_till_needs_its_login_and_either_secret(doors: Doors) -> None:
    async with doors.http() as http:
        for age in AGES:
            answer = await http.post(TILL, content=call(state(secret(VENDOR, age=age))))
            assert (200, True) == (answer.status_code, "Fault" not in answer.text)
        before = len(doors.sink.stored)
        right = state(secret(VENDOR))
        wrong = [
            call(state(secret(VENDOR, age="retired"))),
            call(state(secret(VENDOR, "nabo"))),
            call(state(secret("tixly"))),
            call(right, login="1002"),
            call(right, login=""),
            call(right, login="None"),
            call(""),
            call("whsec_"),
        ]
        for sent in wrong:
            answer = await http.post(TILL, content=sent)
            assert is_fault(answer)
            assert "Login or password" in answer.text
            assert right not in answer.text
        assert is_fault(await http.post(f"{TILL}x", content=call(right)))
    assert len(doors.sink.stored) == before


async def test_a_hostile_call_is_a_fault_before_its_login_is_looked_at(doors: Doors) -> None:
    right = state(secret(VENDOR))
    known = {
        "deep": call(right, inner="<a>" * 3_000 + "</a>" * 3_000),
        "entity": b'<!DOCTYPE a [<!ENTITY a "1">]>' + call(right, inner="&a;"),
        "large": call(right, inner="<a>" + "x" * MOST + "</a>"),
        "two calls": call(right).replace(b"</soapenv:Body>", b"<a/></soapenv:Body>"),
    }
    async with doors.http() as http:
        for what, sent in (HOSTILE | known).items():
            assert is_fault(await http.post(TILL, content=sent)), what
    assert doors.untouched()


async def test_a_till_is_let_in_from_where_the_register_lets_it(guarded: Doors) -> None:
    sent = call(state(secret(VENDOR)))
    async with guarded.http():
        for client, forwarded, inside in CALLS:
            headers = [("X-Forwarded-For", one) for one in forwarded]
            async with guarded.calling(client) as http:
                answer = await http.post(TILL, content=sent, headers=headers)
            assert is_fault(answer) is not inside, (client, forwarded)
    assert {OUTSIDE, PROXY} < {client for client, _, _ in CALLS}
