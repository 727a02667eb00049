"""Thin push and the till's service, at the edge: what is noted before it is answered."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kudos.register import WatchedRegister
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin
from services.ingest.app import create_app
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.polling.client import Failed
from services.ingest.receiving import Intake
from services.ingest.signature import key
from services.ingest.thin import THIN
from services.ingest.thin.businesscentral import state
from services.ingest.thin.fetching import Fetcher
from services.ingest.thin.hook import Hook
from services.ingest.thin.notices import Notices
from simulation.servers.businesscentral import COMPANY
from tests.support.ingest import NEW, OLD, SECRETS, unstopped
from tests.support.memory import MemorySink

DOCUMENT = "26814998-936a-401c-81c1-0e848a64971d"
REGISTER = f"""
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "businesscentral"
  secrets = ["{NEW}", "{OLD}"]
  base_url = "http://127.0.0.1:9/v2.0/t/e"
  company = "{COMPANY}"
  credentials = "bc.hus"
  [[organisation.vendor]]
  id = "pckasse"
  secrets = ["{NEW}", "{OLD}"]
  login = 1001
"""
HOOK = "/v1/hooks/businesscentral/hus"
SOAP = "/v1/soap/pckasse/hus"


class Edge:
    """The app with real adapters, a broker in memory and notices on disk."""

    def __init__(self, folder: Path) -> None:
        self.sink, self.folder = MemorySink(), folder
        (folder / "register.toml").write_text(REGISTER, "utf-8")
        for name, text in SECRETS.items():
            (folder / name).write_text(text, "utf-8")
        private, public = new_key_pair()
        self.sealer, self.opener = Sealer(public), Opener(private)
        self.dead = DeadLetters("ingest", self.sealer, lambda _: None, Limit(float("inf")))
        self.keyring = Keyring(WatchedRegister(folder / "register.toml"), folder)
        self.notices = Notices(folder / "state")
        self.stops = unstopped(20)
        self.app = create_app(
            ADAPTERS,
            self.keyring,
            Outbox(self.sink),
            self.sealer,
            self.dead,
            standard={},
            most_bytes=100_000,
            hook=Hook(self.notices, THIN),
            stops=self.stops,
        )

    @asynccontextmanager
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        async with self.app.router.lifespan_context(self.app):
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as http:
                yield http

    def paths(self) -> list[str]:
        return [notice.wanted.path.rpartition("/")[2] for notice in self.notices.waiting()]


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    return Edge(tmp_path)


def notification(resource: str, secret: str = NEW, change: str = "updated") -> dict[str, Any]:
    shown = state(key(SECRETS[secret]) or b"") if secret in SECRETS else secret
    path = f"api/v2.0/companies({COMPANY})/{resource}"
    return {"clientState": shown, "resource": path, "changeType": change}


async def test_the_handshake_is_echoed_by_get_and_post_and_for_nobody_else(edge: Edge) -> None:
    asked = {"validationToken": "a <b>&c"}
    async with edge.http() as http:
        for method in ("GET", "POST"):
            answer = await http.request(method, HOOK, params=asked)
            assert (200, "a <b>&c") == (answer.status_code, answer.text)
            assert answer.headers["content-type"].startswith("text/plain")
        assert 405 == (await http.get(HOOK)).status_code
        assert 405 == (await http.get("/v1/hooks/pckasse/hus", params=asked)).status_code
        assert 404 == (await http.post(f"{HOOK}x", params=asked)).status_code
        assert 401 == (await http.post("/v1/hooks/pckasse/hus", params=asked)).status_code


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_what_a_notification_names_is_noted_once(edge: Edge, secret: str) -> None:
    sent = [
        notification(f"salesInvoices({DOCUMENT})", secret),
        notification(f"salesInvoices({DOCUMENT})", secret),
        notification(f"salesInvoices({DOCUMENT})", "guessed"),
        notification("salesCreditMemos?$filter=lastDateTimeModified%20gt%202026-01-01", secret),
        notification(f"customers({DOCUMENT})", secret, "deleted"),
        notification(f"items({DOCUMENT})", secret),
        notification("../../elsewhere", secret),
    ]
    body = b"\xef\xbb\xbf" + json.dumps({"value": sent}).encode()
    async with edge.http() as http:
        answer = await http.post(HOOK, content=body)
    assert 202 == answer.status_code
    assert [f"salesInvoices({DOCUMENT})", "salesCreditMemos"] == edge.paths()
    asked = [notice.wanted.params for notice in edge.notices.waiting()]
    assert "salesInvoiceLines,customer" == asked[0]["$expand"]
    assert "lastDateTimeModified gt 2026-01-01" == asked[1]["$filter"]
    edge.notices.close()
    assert 2 == len(Notices(edge.folder / "state").waiting())


async def test_who_shows_no_secret_notes_nothing(edge: Edge) -> None:
    async with edge.http() as http:
        for value in ([notification(f"customers({DOCUMENT})", "guessed")], [], [1], None):
            assert 401 == (await http.post(HOOK, json={"value": value})).status_code
    assert [] == edge.paths()


class Api:
    """A client that answers in turn, a body or what is raised."""

    def __init__(self, *answers: bytes | Failed) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, Any]]()

    def get(self, path: str, params: Any = None) -> bytes:
        self.asked.append((path, params))
        answer = self.answers.pop(0)
        if isinstance(answer, Failed):
            raise answer
        return answer


def fetcher(edge: Edge, api: Api, clock: list[float]) -> Fetcher:
    def intake(adapter: Any, origin: Origin) -> Intake:
        return Intake(adapter, origin, edge.sealer, edge.dead, "r")

    def deliver(messages: Any) -> None:
        for message in messages:
            edge.sink.send(message)
        edge.sink.flush()

    return Fetcher(
        edge.notices,
        THIN,
        ADAPTERS,
        edge.keyring.origin,
        client=lambda _origin, _thin: api,  # type: ignore[arg-type,return-value]  # it only gets
        intake=intake,
        deliver=deliver,
        stops=edge.stops,
        clock=lambda: clock[0],
    )


INVOICE = Path(__file__).parent / "fixtures" / "businesscentral" / "order.json"


def noted(edge: Edge) -> None:
    origin = edge.keyring.origin("businesscentral", "hus")
    assert origin is not None
    record = json.dumps(notification(f"salesInvoices({DOCUMENT})")).encode()
    wanted = THIN["businesscentral"].told(record, origin.feed)
    assert wanted is not None
    edge.notices.note("businesscentral", "hus", [wanted])


def test_an_outage_of_any_kind_is_waited_out_and_nothing_is_lost(edge: Edge) -> None:
    noted(edge)
    away = [Failed("it answered 503", 503), Failed("it answered 429", 429, 7200.0)]
    api, clock = Api(*away, b"<html>a proxy</html>", INVOICE.read_bytes()), [0.0]
    fetching = fetcher(edge, api, clock)
    for wait in (0.0, 2.0, 7100.0):
        clock[0] += wait
        fetching.round()
        assert 1 == len(edge.paths())
    assert 2 == len(api.asked)
    for wait in (200.0, 3700.0):
        clock[0] += wait
        fetching.round()
    assert (4, []) == (len(api.asked), edge.paths())
    assert 1 == len(edge.sink.topics["transactions.received"])


def test_without_our_broker_it_waits_too(edge: Edge) -> None:
    noted(edge)
    api, clock = Api(INVOICE.read_bytes(), INVOICE.read_bytes()), [0.0]
    fetching, edge.sink.away = fetcher(edge, api, clock), True
    fetching.round()
    assert 1 == len(edge.paths())
    edge.sink.away, clock[0] = False, 10.0
    fetching.round()
    assert [] == edge.paths()


def test_what_is_told_of_again_while_it_is_fetched_is_fetched_again(edge: Edge) -> None:
    noted(edge)
    [first] = edge.notices.waiting()
    noted(edge)
    edge.notices.done(first)
    assert 1 == len(edge.paths())


def test_what_is_gone_is_let_go_and_a_misnamed_filter_is_asked_by_its_name(edge: Edge) -> None:
    noted(edge)
    fetcher(edge, Api(Failed("it answered 404", 404)), [0.0]).round()
    assert [] == edge.paths()
    origin = edge.keyring.origin("businesscentral", "hus")
    assert origin is not None
    record = notification("customers?$filter=lastDateTimeModified gt 2026-01-01T00:00:00Z")
    wanted = THIN["businesscentral"].told(json.dumps(record).encode(), origin.feed)
    assert wanted is not None
    edge.notices.note("businesscentral", "hus", [wanted])
    api = Api(Failed("it answered 400", 400), b'{"value": []}')
    fetching = fetcher(edge, api, [0.0])
    fetching.round()
    fetching.round()
    asked = [params["$filter"].partition(" ")[0] for _, params in api.asked]
    assert ["lastDateTimeModified", "lastModifiedDateTime"] == asked
    assert [] == edge.paths()


def call(inner: str, *, login: str = "1001", password: str | None = None) -> bytes:
    password = SECRETS[NEW].removeprefix("whsec_") if password is None else password
    operation = inner.split(">", 1)[0].lstrip("<")
    first, rest = inner.split(">", 1)
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f"{first}><login>{login}</login><password>{password}</password>{rest}"
        f"</{operation}></s:Body></s:Envelope>"
    ).encode()


CREDIT = (
    "<CreditOrder><creditOrder><deltaOrderId>77</deltaOrderId><sendId>5</sendId>"
    "<timestamp>1788429851000</timestamp><orderLines><orderLineId>1</orderLineId>"
    "<amount>1</amount><price>150.00</price></orderLines></creditOrder>"
)


async def test_a_credit_is_answered_when_it_is_stored_and_may_come_again(edge: Edge) -> None:
    async with edge.http() as http:
        edge.sink.away = True
        refused = await http.post(SOAP, content=call(CREDIT))
        assert (500, True) == (refused.status_code, "soapenv:Server" in refused.text)
        edge.sink.away = False
        for password in (NEW, OLD):
            sent = call(CREDIT, password=SECRETS[password])
            answer = await http.post(SOAP, content=sent)
            assert 200 == answer.status_code
            assert "<deltaId>77</deltaId>" in answer.text
    keys = {message.key for message in edge.sink.topics["transactions.received"]}
    assert {b"hus/pckasse/77-credit-5"} == keys


@pytest.mark.parametrize("operation", ["getOrders", "updateOrderStatus", "sendArticle"])
async def test_every_operation_has_its_answer(edge: Edge, operation: str) -> None:
    async with edge.http() as http:
        answer = await http.post(SOAP, content=call(f"<{operation}>"))
    assert (200, True) == (answer.status_code, f"{operation}Response" in answer.text)
    assert not edge.sink.stored


@pytest.mark.parametrize(
    "body",
    [
        call(CREDIT, login="1002"),
        call(CREDIT, password="Kari"),
        call(CREDIT, password=""),
        call("<dropTables>"),
        b"Kari",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY e "Kari">]>' + call(CREDIT),
        b"<a>" * 500,
        b" " * 200_000,
    ],
)
async def test_what_is_refused_is_a_fault_that_quotes_nothing(edge: Edge, body: bytes) -> None:
    async with edge.http() as http:
        answer = await http.post(SOAP, content=body)
    assert (500, True) == (answer.status_code, "soapenv:Client" in answer.text)
    assert "Kari" not in answer.text
    assert not edge.sink.stored
