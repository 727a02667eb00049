"""One organisation's token sees nothing of another's, whatever it asks, of whomever it guesses.

The service runs as a process. Its neighbour's figures are numbers and words that nothing else here
has, so that any of them in an answer is a leak; and whoever there is none is answered as it is.
"""

import hashlib
import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from kudos.clickhouse import connect
from kudos.records import EnrichedTransaction, Line, Link, Performance
from kudos.register import WatchedRegister
from services.aggregate import links, store
from services.aggregate import register as registers
from services.aggregate.facts import fact_of
from services.query.cuts.make import make
from services.query.disclosure.model import Rules
from services.query.disclosure.protect import protect
from services.query.openapi import document
from tests.integration.query.test_service import two_free_ports
from tests.support import derived
from tests.support.engine import database
from tests.support.sales import OSLO, hex_id, sale
from tests.support.waiting import until

pytestmark = pytest.mark.engine

ME, OTHER, GHOST = "teateret", "naboen-hemmeleg", "ingen-som-finnes"
HOUSES = (ME, OTHER, *(f"hus-{n}" for n in range(5)))
#: What only the neighbour has: tickets, orders (and customers), kroner and øre, and its own words.
TICKETS, ORDERS, REVENUE, PARTY = 7919, 613, 867_530_900, 37
SECRETS = re.compile(
    rf"(?<![\d.])({TICKETS}|{ORDERS}|{REVENUE}|{REVENUE // 100})(?!\d)|hemmeleg", re.IGNORECASE
)
#: What only I have, so that it is seen that something is answered.
MINE = 1237
_HOUSE = """
[[organisation]]
id = "{id}"
name = "{id}"
industry = "{industry}"
county = "46"
city = "4601"
owner = "{id}"
cross_use = {agrees}
"""


def register() -> str:
    """Return the register; each one's token is its id, and so are the other roles'."""
    text = ""
    for id_ in HOUSES:
        industry = "kino" if id_.startswith("hus") else "museum"
        # the neighbour would be named to those who agree too: I do not
        text += _HOUSE.format(id=id_, industry=industry, agrees=str(id_ == OTHER).lower())
    for token in (*HOUSES, "network", "operator"):
        digest = hashlib.sha256(token.encode()).hexdigest()
        own = f'"organisation"\norganisation = "{token}"' if token in HOUSES else f'"{token}"'
        text += f'[[token]]\nsha256 = "{digest}"\nrole = {own}\n'
    return text


def sold(house: str, number: int, quantity: int, amount: int, at: datetime) -> EnrichedTransaction:
    """Return an order of a customer of its own."""
    own = "Hemmeleg" if house == OTHER else "Open"
    show = Performance(venue=f"{own}scenen", production=f"{own}stykket", starts_at=at)
    name = f"{house}-{number}"
    line = Line(hex_id(name), "sale", "ticket", quantity, amount, at=at)
    line = replace(line, ticket_type=f"{own}prisen", performance=show)
    one = sale(name, 1, at, line)
    ref = hex_id("ref", name)
    of = replace(one.transaction, organisation=house, customer_ref=ref, record_ref=ref, sold_at=at)
    return replace(one, transaction=of)


def everything(at: datetime) -> tuple[list[EnrichedTransaction], list[Link]]:
    """Return what everybody sold, and that some of my customers are the neighbour's too."""
    many = [sold(OTHER, n, 1, 10_000, at) for n in range(ORDERS - 1)]
    rest = REVENUE - 10_000 * (ORDERS - 1)
    many.append(sold(OTHER, ORDERS, TICKETS - ORDERS + 1, rest, at))
    mine = [sold(ME, n, 1, 25_000, at) for n in range(100)]
    mine.append(sold(ME, 100, MINE - 100, 25_000, at))
    linked = []
    for one, other in list(zip(mine, many, strict=False))[:PARTY]:
        person = hex_id("person", one.transaction.order_id)[:16]
        for of in (one.transaction, other.transaction):
            assert of.customer_ref is not None
            own = of.customer_ref[:16]
            linked.append(Link(of.organisation, of.customer_ref, person, own, None, None))
    few = [sold(house, n, 2, 20_000, at) for house in HOUSES[2:] for n in range(30)]
    return [*mine, *many, *few], linked


class Service:
    """The service as a process, and who asks it."""

    def __init__(self, address: str, day: datetime) -> None:
        self.address, self.day = address, day
        self._http = httpx.Client(base_url=address, timeout=60)
        self.asked = 0

    def ask(
        self, path: str, token: str = ME, method: str = "GET", **headers: str
    ) -> httpx.Response:
        """Return what *token* is answered."""
        self.asked += 1
        sent = {"Authorization": f"Bearer {token}"} | headers
        return self._http.request(method, path, headers=sent)

    def periods(self) -> list[str]:
        """Return periods of every kind that hold what was sold."""
        day = self.day.astimezone(OSLO).date()
        month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return [
            *(f"{day}", f"{day:%Y-%m}", f"season-{day.year - (day.month < 8)}"),
            f"rolling-365@{month - timedelta(days=1)}",
        ]


@pytest.fixture(scope="module")
def service(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("others")
    path = folder / "organisations.toml"
    path.write_text(register(), "utf-8")
    # of a month that is over, so that windows that end with it are too
    now = datetime.now(UTC)
    at = now.replace(day=1, hour=11, minute=0, second=0, microsecond=0) - timedelta(days=3)
    with database(engine) as url:
        many, linked = everything(at)
        with connect(url) as client:
            registers.sync(client, WatchedRegister(path).now)
            store.write(client, [fact_of(one) for one in many])
            links.write(client, links.Batch([(link, n) for n, link in enumerate(linked)]))
            derived.refreshed(client, now.date())
            make(client, WatchedRegister(path).now, now, protect, rules=Rules())
        with running(folder, url) as address:
            yield Service(address, at)


@contextmanager
def running(folder: Path, clickhouse: str) -> Iterator[str]:
    (folder / "secrets" / "query").mkdir(parents=True)
    (folder / "secrets" / "query" / "session").write_text("a secret of the tests")
    _, port = two_free_ports()
    told = {
        "KUDOS_KAFKA": "127.0.0.1:1",
        "KUDOS_CLICKHOUSE": clickhouse,
        "KUDOS_ORGANISATIONS": str(folder / "organisations.toml"),
        "KUDOS_SECRETS": str(folder / "secrets"),
        "KUDOS_QUERY_PORT": str(port),
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.query"], env=os.environ | told, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _is_ready(address), "the service is not ready")
        yield address
    finally:
        process.kill()
        process.wait(10)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def leaks(text: str) -> list[str]:
    """Return what of the neighbour's is in *text*, however its digits are grouped."""
    plain = re.sub(r"(?<=\d)[\s\u00a0\u2009\u202f](?=\d{3})", "", html.unescape(text))
    return [found[0] for found in SECRETS.finditer(plain)]


def may(name: str) -> list[str]:
    """Return the values that the document lets a parameter of ``/v1/figures`` have."""
    parameters = document()["paths"]["/v1/figures"]["get"]["parameters"]
    [found] = [p["schema"]["enum"] for p in parameters if p["name"] == name]
    return list(found)


def questions(service: Service, *, own: bool = True) -> Iterator[str]:
    """Yield the address of everything that is good to ask, of groups that the neighbour is in."""
    groups = ["network", "industry:museum", "region:46", "city:4601", "industry-region:museum/46"]
    scopes = [*([f"organisation:{ME}"] if own else []), *groups]
    told = ("", "gender", "channel", "production", "venue,channel")
    for measure, scope, period, by in product(may("measure"), scopes, service.periods(), told):
        asked = {"measure": measure, "scope": scope, "period": period, "by": by}
        yield f"/v1/figures?{urlencode({k: v for k, v in asked.items() if v})}"
    for base, period in product(may("base"), service.periods()):
        asked = {"measure": "index", "scope": "network", "period": period, "by": "gender"}
        yield f"/v1/figures?{urlencode(asked | {'base': base})}"
        for measure in may("measure") if own else ():
            asked = {"measure": measure, "period": period, "peers": base}
            yield f"/v1/benchmark?{urlencode(asked)}"
    if own:
        yield from (f"/v1/cross-use?period={period}" for period in service.periods())
    for path, item in document()["paths"].items():
        if not any(p["required"] for p in item["get"]["parameters"]):
            yield from (f"{path}?format={form}" for form in ("json", "csv"))


def test_nothing_that_may_be_asked_tells_of_another(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = seen = 0
    for path in questions(service):
        answer = service.ask(path)
        assert answer.status_code in {200, 403, 422, 400}, (path, answer.text)
        assert not leaks(answer.text), (path, answer.text)
        answered += answer.status_code == 200
        seen += str(MINE) in answer.text
    for path in questions(service, own=False):
        told = service.ask(path, "network").text
        if not path.startswith("/v1/organisations"):
            assert not leaks(told), path
    with capsys.disabled():
        print(f"\n{service.asked:,} questions, {answered:,} answered, mine in {seen}")
    assert answered > 500
    assert seen > 10
    # the neighbour itself sees them
    asked = f"/v1/figures?measure=tickets&scope=organisation:{OTHER}&period={service.periods()[1]}"
    assert [str(TICKETS)] == [x for x in leaks(service.ask(asked, OTHER).text) if x.isdigit()]


def test_of_whom_it_is_guessed_makes_no_difference(service: Service) -> None:
    """Every address and parameter with the neighbour's name, and with a name that nobody has."""
    good = {"measure": "tickets", "scope": f"organisation:{ME}", "peers": "industry"}
    good |= {"period": service.periods()[1]}
    tried = 0
    for path, item in document()["paths"].items():
        names = [p["name"] for p in item["get"]["parameters"]]
        base = {name: good[name] for name in names if name in good}
        for name in (*names, "organisation", "house", "token", "id", "owner"):
            for form in ("{}", "organisation:{}", f"organisation:{ME},organisation:{{}}", "{}%00"):
                told = []
                for guess in (OTHER, GHOST):
                    query = urlencode(base | {name: form.format(guess)})
                    answer = service.ask(f"{path}?{query}")
                    told.append((answer.status_code, answer.text.replace(guess, "?")))
                assert told[0] == told[1], (path, name, form)
                assert told[0][0] in {400, 403, 422}, (path, name, form, told)
                assert not leaks(told[0][1]), (path, name)
                tried += 1
        twice = f"{path}?{urlencode(base)}&scope=organisation:{OTHER}"
        assert 400 == service.ask(twice).status_code
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            status = service.ask(f"{path}?organisation={OTHER}", method=method).status_code
            assert status in {403, 404, 405}, (path, method)
        for header in ("X-Organisation", "X-Forwarded-User", "Cookie"):
            found = service.ask(f"{path}?{urlencode(base)}", **{header: f"organisation={OTHER}"})
            assert not leaks(found.text), (path, header)
    assert tried > 150
    for token in ("network", "operator"):
        asked = f"/v1/figures?{urlencode(good | {'scope': f'organisation:{OTHER}'})}"
        assert 403 == service.ask(asked.replace("peers=industry&", ""), token).status_code


def test_nothing_of_another_is_on_a_page(service: Service) -> None:
    """Whoever is signed in follows every link, and puts the neighbour's name into addresses."""
    with httpx.Client(base_url=service.address, timeout=60, follow_redirects=True) as http:
        own = {"Origin": service.address, "Sec-Fetch-Site": "same-origin"}
        signed = http.post("/sign-in", data={"token": ME, "to": "/"}, headers=own)
        assert 200 == signed.status_code
        assert signed.url.path != "/sign-in"
        waiting: list[str] = ["/"]
        seen: set[str] = set()
        names = {"organisation", "scope", "peers", "measure"}
        while waiting and len(seen) < 60:
            path = waiting.pop(0)
            if path in seen or path.startswith(("/static", "/sign-", "/now/stream")):
                continue
            seen.add(path)
            page = http.get(path)
            assert page.status_code < 500, path
            assert not leaks(page.text), path
            for link in re.findall(r'(?:href|src|action)="(/[^"#]*)', page.text):
                address = html.unescape(link)
                names.update(re.findall(r"[?&]([^=&]+)=", address))
                waiting.append(address)
        assert len(seen) > 30
        # one of each kind of page
        kinds = {urlsplit(path).path.split("/")[1]: urlsplit(path).path for path in sorted(seen)}
        for path in kinds.values():
            for name in sorted(names):
                told: list[Any] = []
                for guess in (OTHER, GHOST):
                    page = http.get(path, params={name: guess})
                    told.append((page.status_code, page.text.replace(guess, "?")))
                assert told[0][0] < 500, (path, name)
                assert told[0][0] == told[1][0], (path, name)
                assert not leaks(told[0][1]), (path, name)
        found = http.get(f"/figures/{OTHER}")
        assert found.status_code == http.get(f"/figures/{GHOST}").status_code
