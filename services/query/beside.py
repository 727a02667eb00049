"""The HTTP edge of what is published: figures of groups, benchmarks, cross-use, cuts, who asked."""

import hmac
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kudos.metrics import STEP_SECONDS
from kudos.register import Organisation, WatchedRegister
from services.query import published, rendering, showing
from services.query.answer import Answer, Cell
from services.query.asking import parameters, peers
from services.query.auditing import Asked, Auditor, withheld
from services.query.cuts import publisher
from services.query.cuts.benchmarks import MEASURES as COMPARED
from services.query.cuts.benchmarks import Benchmark
from services.query.cuts.reading import Reader
from services.query.cuts.store import Cut
from services.query.disclosure import wider
from services.query.disclosure.model import Rules
from services.query.formats import Table, chosen, respond
from services.query.matrix import MATRIX
from services.query.periods import FORMS, parse
from services.query.pool import Pool
from services.query.problems import Refused
from services.query.question import PeriodKind, Published
from services.query.tokens import Asker, Recognise, asker, own

audit = logging.getLogger("services.query.audit")

#: What is compared, and what cross-use is told of.
BENCHMARKED: tuple[PeriodKind, ...] = ("month", "quarter", "year", "season")
CROSS_USE: tuple[PeriodKind, ...] = ("month", "season", "year", "rolling")


class Beside:
    """The addresses of what is published, each a method."""

    def __init__(
        self,
        pool: Pool,
        register: WatchedRegister,
        ways: Sequence[Recognise],
        *,
        secret: str | None = None,
        rules: Rules | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool, self._register, self._ways, self._now = pool, register, ways, now
        self._secret, self._rules = secret, rules or Rules()
        self.reader, self.auditor = Reader(pool), Auditor(pool)

    async def figure(self, question: Published, who: Asker, form: str) -> Response:
        """Answer one figure of the last cut."""
        with STEP_SECONDS.labels("query", "published").time():
            answer = await run_in_threadpool(self.answer, question, who)
        return respond(
            form,
            rendering.figure(answer),
            lambda: rendering.figure_table(answer, question.by),
        )

    def answer(self, question: Published, who: Asker) -> Answer:
        """Answer one figure of the last cut; it is noted. Blocks."""
        answer, cut, about = published.ask(self.reader, question, self._rules)
        told = ",".join(question.by)
        self._note(
            who,
            Asked(
                *(self._now(), who, "figures", question.measure, answer.scope, answer.period.id),
                *(told, cut.cut, len(answer.cells), withheld(answer.cells), about),
            ),
        )
        return answer

    async def benchmark(self, request: Request) -> Response:
        """Answer the middle of a peer group, its quarters, and where one's own figure is."""
        who = asker(request, self._ways)
        asked = parameters(request.query_params, ("measure", "period"), ("peers",))
        form, group = chosen(request), asked.get("peers", "industry")
        wanted = (asked["measure"], group, asked["period"])
        payload = await run_in_threadpool(self.compared, *wanted, who)
        return respond(form, payload, lambda: showing.benchmark_table(payload))

    def compared(self, measure: str, group: str, period_id: str, who: Asker) -> dict[str, Any]:
        """Return the benchmark of *measure* as *who* sees it, or refuse; it is noted. Blocks."""
        house = own(who)
        scope = peers(group, who, self._organisation)
        if measure not in COMPARED:
            raise Refused(422, "measure: it is not compared.", {"measures": COMPARED})
        period = parse(period_id)
        if period.kind not in BENCHMARKED:
            may = {"periods": [FORMS[kind] for kind in BENCHMARKED]}
            raise Refused(422, "period: benchmarks are of months, quarters, years, seasons.", may)
        cut = self._cut()
        found = self.reader.benchmark(scope, period.id, measure)
        if found is None:
            # nobody sold, or the group was not even computed
            found = Benchmark(scope, period.id, measure, 0, (), {}, "too_few_organisations")
        if found.why:
            found = replace(found, instead=self._wider(found) or "")
        why = {found.why: 1} if found.why else {}
        self._note(
            who,
            Asked(
                *(self._now(), who, "benchmark", measure, scope, period.id, "", cut.cut, 1),
                *(why, tuple(found.own)),
            ),
        )
        return showing.benchmark(found, house, period, cut)

    def _wider(self, thin: Benchmark) -> str | None:
        """Return the nearest wider group that has a middle to show."""

        def shown(scope: str) -> bool:
            other = self.reader.benchmark(scope, thin.period, thin.measure)
            return other is not None and bool(other.quartiles)

        return wider.first(thin.scope, shown)

    async def cross_use(self, request: Request) -> Response:
        """Answer whom one's customers are shared with."""
        who = asker(request, self._ways)
        asked = parameters(request.query_params, ("period",))
        form = chosen(request)
        payload = await run_in_threadpool(self.shared, asked["period"], who)
        return respond(form, payload, lambda: showing.cross_use_table(payload))

    def shared(self, period_id: str, who: Asker) -> dict[str, Any]:
        """Return whom *who*'s customers are shared with, or refuse; it is noted. Blocks."""
        house, period = own(who), parse(period_id)
        if period.kind not in CROSS_USE:
            may = {"periods": [FORMS[kind] for kind in CROSS_USE[:3]] + ["rolling-365@2026-05-31"]}
            raise Refused(422, "period: cross-use is of months, seasons, years, 365 days.", may)
        cut = self._cut()
        found = self.reader.shared(house, period.id)
        cells = [
            Cell({}, one.shared, why=one.why or None) for one in (found.others if found else ())
        ]
        about = [o.name for o in (found.others if found else ()) if o.kind == "organisation"]
        self._note(
            who,
            Asked(
                *(self._now(), who, "cross-use", "shared", "", period.id, "", cut.cut, len(cells)),
                *(withheld(cells), tuple(about)),
            ),
        )
        return showing.cross_use(found, house, period, cut)

    def last(self) -> Cut | None:
        """Return the last cut; None before the first. Blocks."""
        return self.reader.last()

    async def cuts(self, request: Request) -> Response:
        """Answer the history of cuts, or take the request for one."""
        if request.method == "POST":
            return await self._publish(request)
        if not self._knows_the_secret(request):
            asker(request, self._ways)
        parameters(request.query_params)
        found = await run_in_threadpool(self.reader.history)
        payload = {"cuts": [showing.cut(one) for one in found]}
        return respond(chosen(request), payload, lambda: showing.cuts_table(found))

    async def _publish(self, request: Request) -> Response:
        if not self._knows_the_secret(request) and asker(request, self._ways).role != "operator":
            raise Refused(403, "Only an operator asks for a cut.")
        now = self._now()

        def ask() -> None:
            with self._pool.client() as client:
                publisher.request(client, now)

        await run_in_threadpool(ask)
        audit.info("a cut was asked for")
        return JSONResponse({"asked_at": now.isoformat()}, 202)

    async def asked(self, request: Request) -> Response:
        """Answer who asked about groups that one is in."""
        who = asker(request, self._ways)
        parameters(request.query_params)
        form, house = chosen(request), own(who)
        found = await run_in_threadpool(self.auditor.about, house)
        return respond(form, {"asked": found}, lambda: showing.asked_table(found))

    async def matrix(self, request: Request) -> Response:
        """Answer the matrix: what may be asked."""
        asker(request, self._ways)
        parameters(request.query_params)
        rows = [msgspec.to_builtins(row) for row in MATRIX]
        table: Callable[[], Table] = showing.matrix_table
        return respond(chosen(request), {"matrix": rows}, table)

    def paths(self) -> dict[str, tuple[Callable[[Request], Any], list[str]]]:
        """Return each address with what answers it, and by which methods."""
        return {
            "/v1/benchmark": (self.benchmark, ["GET"]),
            "/v1/cross-use": (self.cross_use, ["GET"]),
            "/v1/cuts": (self.cuts, ["GET", "POST"]),
            "/v1/asked": (self.asked, ["GET"]),
            "/v1/matrix": (self.matrix, ["GET"]),
        }

    def _knows_the_secret(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self._secret is not None and hmac.compare_digest(
            sent.encode("utf-8", "replace"), self._secret.encode()
        )

    def _organisation(self, name: str) -> Organisation:
        return self._register.now.organisations[name]

    def _cut(self) -> Cut:
        cut = self.last()
        if cut is None:
            detail = "This is published at cuts, and there has been none yet."
            raise Refused(503, detail, headers={"Retry-After": "3600"})
        return cut

    def _note(self, who: Asker, one: Asked) -> None:
        self.auditor.note(one)
        said = {"answer": one.answer, "measure": one.measure, "scope": one.scope, "cut": one.cut}
        said |= {"period": one.period, "by": one.by, "withheld": one.withheld}
        audit.info("answered", extra=said | who.ids())
