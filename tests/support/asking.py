"""The query service's HTTP edge over made-up answers, and who asks."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
from clickhouse_connect.driver.client import Client
from starlette.applications import Starlette

from kudos.ledger import Account, Ledger
from kudos.register import WatchedRegister
from kudos.sums import SUMS
from services.query.answer import Answer, Live, Minute
from services.query.answers import Answers, Status
from services.query.app import create_app
from services.query.auditing import About, Auditor
from services.query.beside import Beside
from services.query.customers import PERSON_SUMS
from services.query.cuts.base import BASE
from services.query.cuts.benchmarks import Benchmark
from services.query.cuts.holding import Found, Kept
from services.query.cuts.reading import Reader
from services.query.cuts.shared import Shared
from services.query.cuts.store import Cut, Seen
from services.query.figures import answer
from services.query.live import Figure, Pulse
from services.query.measures import MEASURES
from services.query.pool import Pool
from services.query.question import Question
from services.query.tokens import Recognise, bearer

AT = datetime(2026, 5, 20, 12, 0, 3, tzinfo=UTC)
HOUSE = "huset"
TOKENS = (HOUSE, "naboen", "operator", "network")
_HOUSE = """
[[organisation]]
id = "{id}"
name = "{id} og scene"
industry = "scenekunst"
county = "03"
city = "0301"
owner = "{id}"
"""


def register(folder: Path, tokens: Sequence[str] = TOKENS) -> WatchedRegister:
    """Write a register of two houses; each one's token is its name, as are the roles'."""
    text = "".join(_HOUSE.format(id=name) for name in ("huset", "naboen"))
    for token in tokens:
        digest = hashlib.sha256(token.encode()).hexdigest()
        own = token in {"huset", "naboen"}
        role = f'"organisation"\norganisation = "{token}"' if own else f'"{token}"'
        text += f'[[token]]\nsha256 = "{digest}"\nrole = {role}\n'
    path = folder / "organisations.toml"
    path.write_text(text, "utf-8")
    return WatchedRegister(path)


class MadeUp(Answers):
    """Answers every question by the sums that it is told, or raises what it is told to."""

    def __init__(self, watched: WatchedRegister) -> None:
        super().__init__(Pool(_nowhere), watched, lambda: AT)
        self.asked: list[Question] = []
        self.looks: list[str] = []
        self.error: Exception | None = None
        self.values: Sequence[str] = ("a", "b")
        self.minutes: tuple[Minute, ...] = ()
        self.as_of: datetime | None = AT

    def ask_many(self, questions: Sequence[Question]) -> list[Answer]:
        """Return what each sum being its place among the sums gives."""
        self._fail()
        self.asked += questions
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        sums = {name: 10 + number for number, name in enumerate((*SUMS, *PERSON_SUMS))}
        currency = "NOK" if MEASURES[question.measure].money else ""
        values = self.values if question.by else ("",)
        rows = {(*(v,) * len(question.by), currency): sums for v in values}
        return answer(question, rows, coverage={("",): sums}, as_of=self.as_of, currency="NOK")

    def pulse(self, organisation: str) -> Pulse:
        """Return a day of the minutes that it is told."""
        self.looks.append(organisation)
        self._fail()
        live = Live(organisation, AT.date(), self.as_of, self.minutes)
        return Pulse(live, (Figure("tickets", sum(m.tickets for m in self.minutes)),))

    def status(self) -> Status:
        """Return a watermark."""
        self._fail()
        return Status(AT, 0.5, {"sales_live": AT, "kpi_daily": AT, "facts": AT})

    def ledger(self) -> Ledger:
        """Return a ledger of one house."""
        return Ledger(AT, (Account("huset", 5, 3, 1, 1, 1),))

    def reach(self) -> None:
        """Return, or fail."""
        self._fail()

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


class MadeUpCut(Reader):
    """A cut in which everything is 7 in the network, and nothing anywhere else is shown."""

    made: Cut | None = Cut(
        1, AT, AT.date(), frozenset({"network", "organisation:huset"}), 2, 1, 2, AT
    )

    def follow(self) -> None:
        """Look for no other."""

    def last(self) -> Cut | None:
        """Return the cut, unless there is none."""
        return self.made

    def history(self) -> list[Cut]:
        """Return it alone."""
        return [self.made] if self.made else []

    def cells(self, scope: str, period: str, by: tuple[str, ...]) -> Found:
        """Return the same of every *period*."""
        assert period
        value = 7 if scope == "network" else None
        kept = Kept(value, "" if value else "too_few_persons", "", None, ("huset", "naboen"), 0.5)
        return {(name, ("a",) * len(by)): kept for name in BASE}

    def benchmark(self, scope: str, period: str, measure: str) -> Benchmark | None:
        """Return quarters of everybody, and nothing of fewer."""
        if scope != "network":
            return None
        own = {"huset": 5.0, "naboen": 15.0}
        return Benchmark(scope, period, measure, 10, (4.0, 8.0, 16.0), own)

    def shared(self, organisation: str, period: str) -> Seen | None:
        """Return one partner, and a group that is withheld."""
        partner = Shared("organisation", "naboen", 10, 40)
        hidden = Shared("others", "", None, None, "too_few_organisations")
        return Seen(organisation, period, 100, 0, (partner, hidden))


class Quiet(Auditor):
    """Keeps what was asked, and writes it nowhere."""

    def flush(self) -> None:
        """Write nothing."""

    def about(self, organisation: str) -> list[About]:
        """Return what was asked that is about an organisation."""
        return [
            About(
                *(x.at, x.who.role, x.who.organisation or "", x.answer, x.measure, x.scope),
                *(x.period, x.by, x.cells, x.withheld),
            )
            for x in self.waiting
            if organisation in x.about
        ]


class Service:
    """The edge, and the answers behind it."""

    def __init__(self, folder: Path, ways: Sequence[Recognise] = ()) -> None:
        self.register = register(folder)
        self.answers = MadeUp(self.register)
        known = [bearer(self.register), *ways]
        self.beside = Beside(self.answers.pool, self.register, known, secret="sesame")
        self.beside.reader = MadeUpCut(self.answers.pool)
        self.beside.auditor = Quiet(self.answers.pool)
        self.app: Starlette = create_app(self.answers, self.register, known, beside=self.beside)

    async def get(
        self, path: str, token: str | None = HOUSE, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Return what *token* is answered at *path*."""
        sent = {} if token is None else {"Authorization": f"Bearer {token}"}
        # an error of ours is the service's to answer
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://query") as http:
            return await http.get(path, headers=sent | (headers or {}))


def _nowhere() -> Client:
    raise OSError
