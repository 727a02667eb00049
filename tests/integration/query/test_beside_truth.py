"""Everything that is published of groups is what another way of counting says, rounded as stated.

A small network goes through the tables, a cut is made of it, and whatever the matrix has of groups
is asked. The other way is tests.support.beside.truth, which shares no code and no SQL with the
product. The solver only withholds more, and takes minutes: what runs at every change leaves it out.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from kudos.clickhouse import connect
from kudos.records import Place
from kudos.register import WatchedRegister
from services.aggregate import links, store
from services.aggregate import register as registers
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.facts import fact_of
from services.query import rendering
from services.query.answers import Answers
from services.query.app import create_app
from services.query.beside import Beside
from services.query.cuts.make import make
from services.query.cuts.store import Cut
from services.query.disclosure.model import Rule, Rules
from services.query.disclosure.protect import protect
from services.query.matrix import MATRIX, Row
from services.query.periods import parse
from services.query.pool import Pool
from services.query.published import ask
from services.query.question import Published
from services.query.tokens import bearer
from tests.support.beside.network import CLASSES, DAYS, GENRES, PLACES, Network
from tests.support.beside.truth import Rows, Truth, coverage, periods, shown
from tests.support.engine import database

pytestmark = pytest.mark.engine

NOW = datetime(2026, 2, 2, 3, tzinfo=UTC)
#: Of so many questions one is asked over HTTP too.
HTTP = 37
#: Fewer would prove little.
LEAST = {"published": 3_000, "withheld": 3_000, "measures": 13}
_HOUSE = """
[[organisation]]
id = "{id}"
name = "{id}"
industry = "{industry}"
county = "{county}"
city = "{city}"
owner = "{owner}"
ticket_classes = {classes}
genres = {genres}
venues = {venues}
"""


def register(network: Network) -> str:
    """Return the register of a network's houses; "network" is a token that asks of all."""
    text = "".join(
        _HOUSE.format(
            id=house.id,
            industry=house.industry,
            county=house.city[:2],
            city=house.city,
            owner=house.owner,
            classes=inline(CLASSES),
            genres=inline(GENRES),
            venues=inline({"Kirken": house.elsewhere} if house.elsewhere else {}),
        )
        for house in network.houses
    )
    digest = hashlib.sha256(b"network").hexdigest()
    return f'{text}[[token]]\nsha256 = "{digest}"\nrole = "network"\n'


def inline(table: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}" = "{value}"' for name, value in table.items()) + "}"


class System:
    """A network in real tables, a cut of it, and the service over both."""

    cut: Cut

    def __init__(self, url: str, folder: Path, rules: Rules) -> None:
        self.network = Network(1)
        self.truth = Truth(self.network.lines())
        path = folder / "organisations.toml"
        path.write_text(register(self.network), "utf-8")
        self.register = WatchedRegister(path)
        places = {code: Place(*place) for code, place in PLACES.items()}
        with connect(url) as client:
            registers.sync(client, self.register.now)
            store.write(client, [fact_of(one) for one in self.network.sold])
            said = [
                Taken(statement_of(e, n, places), 0) for n, e in enumerate(self.network.evidence)
            ]
            linked = [(link, n) for n, link in enumerate(self.network.links)]
            links.write(client, links.Batch(linked, said))
            self.cut = make(client, self.register.now, NOW, protect, rules=rules)
        self.pool = Pool(partial(connect, url))
        ways = [bearer(self.register)]
        self.beside = Beside(self.pool, self.register, ways, now=lambda: NOW)
        answers = Answers(self.pool, self.register, lambda: NOW)
        self.app: Starlette = create_app(answers, self.register, ways, beside=self.beside)

    def ask(self, question: Published) -> dict[str, Any]:
        """Return an answer as it is in JSON."""
        answer, _, _ = ask(self.beside.reader, question)
        told: dict[str, Any] = json.loads(msgspec.json.encode(rendering.figure(answer)))
        return told

    async def ask_over_http(self, question: Published) -> dict[str, Any]:
        """Return what the service answers."""
        asked = {"measure": question.measure, "scope": question.scope}
        asked |= {"period": question.period.id, "by": ",".join(question.by)}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://query") as http:
            answer = await http.get(
                "/v1/figures",
                params={name: value for name, value in asked.items() if value},
                headers={"Authorization": "Bearer network"},
            )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((Rule.SOLVER,), id="quick"),
        pytest.param((), id="every rule", marks=pytest.mark.long),
    ],
)
def system(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[System]:
    with database(engine) as url:
        off = frozenset(request.param)
        found = System(url, tmp_path_factory.mktemp("beside"), Rules(off=off))
        yield found
        found.pool.close()


def questions(system: System) -> Iterator[tuple[Row, str, tuple[str, ...]]]:
    """Yield each row of groups with each of its periods and breakdowns."""
    for row in MATRIX:
        if row.kind == "published" and "network" in row.scopes:
            for found in periods(DAYS[0], DAYS[-1], row.periods).values():
                for period, by in product(found, row.by):
                    yield row, period, by


class Compared:
    """What was asked, how much of it was shown, and what is not as it must be."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.seen: Counter[str] = Counter()
        self.measures: set[str] = set()
        self.wrong: list[Any] = []

    async def compare(self, question: Published, true: Rows, whole: Rows) -> None:
        """Ask, and compare with the sums of the groups, told apart and in *whole*."""
        answer = self._system.ask(question)
        self.seen["asked"] += 1
        if self.seen["asked"] % HTTP == 0:
            self._same(question, answer, await self._system.ask_over_http(question))
        held = {values: sums for (of, values), sums in true.items() if of == question.scope}
        told = {tuple(c["by"][name] for name in question.by): c for c in answer["cells"]}
        for values, cell in told.items():
            self._cell((question, values), cell, held.get(values))
        if question.by and question.scope in self._system.cut.scopes:
            # of whatever was sold something is said
            sold = {values for values, sums in held.items() if shown(question.measure, sums)}
            self._same(question, set(), sold - told.keys())
        if answer["organisations"]:
            of = whole[question.scope, ()]
            self._same(question, of["organisations"], answer["organisations"])
        if answer["coverage"] is not None:
            self._same(question, coverage(whole[question.scope, ()]), answer["coverage"])

    def _cell(self, of: tuple[Published, Any], cell: dict[str, Any], sums: Any) -> None:
        measure, value = of[0].measure, cell["value"]
        if cell.get("why", "undefined") != "undefined":
            self.seen["withheld"] += 1
            return
        self.seen["published"] += 1
        self.measures.add(measure)
        # where nothing was sold all is 0, or for each of nothing
        self._same(of, shown(measure, sums or Counter()), value)
        self._same(of, False, bool(value) and sums["persons"] < Rules().k)

    def _same(self, of: object, expected: object, found: object) -> None:
        if expected != found:
            self.wrong.append((of, expected, found))


async def test_what_is_published_of_groups_is_true(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    compared, scopes = Compared(system), system.truth.scopes()
    for row, period, by in questions(system):
        true = system.truth.rows(period, by)
        whole = system.truth.rows(period) if by else true
        for scope in scopes:
            if scope.partition(":")[0] in row.scopes:
                for measure in row.measures:
                    await compared.compare(
                        Published(measure, scope, parse(period), by), true, whole
                    )
    seen = compared.seen
    with capsys.disabled():
        print(
            f"\n{seen['asked']:,} questions: {seen['published']:,} cells published and compared, "
            f"{seen['withheld']:,} withheld"
        )
    assert [] == compared.wrong[:5]
    assert LEAST["published"] < seen["published"]
    assert LEAST["withheld"] < seen["withheld"]
    assert LEAST["measures"] == len(compared.measures)
