"""The HTTP edge of query: who asks, what, and in which form it is answered."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kudos.metrics import STEP_SECONDS
from kudos.register import WatchedRegister
from services.query import rendering
from services.query.answers import Answers
from services.query.asking import parameters, question
from services.query.beside import Beside
from services.query.faults import HANDLERS
from services.query.formats import HEADERS, Table, chosen, respond
from services.query.hub import Hub
from services.query.openapi import document
from services.query.pool import Away
from services.query.problems import Refused
from services.query.question import Published
from services.query.streaming import EVENT_STREAM, events
from services.query.tokens import Asker, Recognise, asker, own

audit = logging.getLogger("services.query.audit")
log = logging.getLogger(__name__)

#: Beyond these one more listener would be served badly.
MOST_LISTENERS = 500
_AGAIN_S = 1.0


def create_app(
    answers: Answers,
    register: WatchedRegister,
    ways: Sequence[Recognise],
    *,
    pages: Sequence[BaseRoute] = (),
    prepare: Callable[[], object] = lambda: None,
    hub: Hub | None = None,
    beside: Beside | None = None,
) -> Starlette:
    """Return the HTTP app.

    *ways* tell who asks, the bearer token first; *pages* are mounted beside ``/v1``; *prepare* is
    tried until it succeeds, and only then is the service ready.
    """
    beside = beside or Beside(answers.pool, register, ways)
    edge = Edge(answers, register, ways, hub or Hub(answers.pulse), beside)
    paths: dict[str, Callable[[Request], Any]] = {
        "/v1/figures": edge.figures,
        "/v1/live": edge.live,
        "/v1/status": edge.status,
        "/v1/measures": edge.measures,
        "/v1/breakdowns": edge.breakdowns,
        "/v1/organisations": edge.organisations,
        "/openapi.json": edge.openapi,
        "/healthz": _healthy,
        "/readyz": edge.ready,
        "/metrics": _metrics,
    }
    app = Starlette(
        routes=[
            *(Route(path, answer) for path, answer in paths.items()),
            *(Route(path, at, methods=how) for path, (at, how) in beside.paths().items()),
            *pages,
        ],
        exception_handlers=HANDLERS,
        lifespan=_lifespan(edge, prepare),
    )
    app.router.redirect_slashes = False
    return app


class Edge:
    """The addresses, each a method."""

    def __init__(
        self,
        answers: Answers,
        register: WatchedRegister,
        ways: Sequence[Recognise],
        hub: Hub,
        beside: Beside,
    ) -> None:
        self.beside = beside
        self._answers, self._register, self._ways, self._hub = answers, register, ways, hub
        self.prepared = False

    async def figures(self, request: Request) -> Response:
        """Answer one figure."""
        who = asker(request, self._ways)
        asked = parameters(request.query_params, ("measure", "scope", "period"), ("by", "base"))
        form = chosen(request)
        wanted = question(asked, who, self._register.now.organisations.__getitem__)
        if isinstance(wanted, Published):
            return await self.beside.figure(wanted, who, form)
        with STEP_SECONDS.labels("query", "figures").time():
            found = await run_in_threadpool(self._answers.ask, wanted)
            answer = await run_in_threadpool(
                respond,
                form,
                rendering.figure(found),
                lambda: rendering.figure_table(found, wanted.by),
            )
        said = {
            "measure": wanted.measure,
            "period": wanted.period.id,
            "by": ",".join(wanted.by),
            "cells": len(found.cells),
        }
        _note("figures", who, form, scope=found.scope, **said)
        return answer

    async def live(self, request: Request) -> Response:
        """Answer today by minute, once or as it goes on."""
        who = asker(request, self._ways)
        parameters(request.query_params)
        organisation, form = own(who), chosen(request, (EVENT_STREAM,))
        _note("live", who, form, scope=f"organisation:{organisation}")
        if form == EVENT_STREAM:
            if self._hub.listeners >= MOST_LISTENERS:
                raise Refused(503, "Too many listen already.", headers={"Retry-After": "30"})
            stopping = anyio.Event()

            def ended() -> bool:
                return stopping.is_set() or not self._still(request, organisation)

            return EventSourceResponse(
                events(self._hub, organisation, ended),
                headers=HEADERS,
                ping=5,
                send_timeout=10,
                shutdown_event=stopping,
                shutdown_grace_period=2,
            )
        with STEP_SECONDS.labels("query", "live").time():
            found = await run_in_threadpool(self._answers.pulse, organisation)
        return respond(form, rendering.pulse(found), lambda: rendering.pulse_table(found))

    def _still(self, request: Request, organisation: str) -> bool:
        """Tell whether who began to listen may go on: a token can be taken out of the register."""
        try:
            return asker(request, self._ways).organisation == organisation
        except Refused:
            return False

    async def status(self, request: Request) -> Response:
        """Answer how far the tables are; to an operator the ledger too."""
        who = asker(request, self._ways)
        parameters(request.query_params)
        form = chosen(request)
        found = await run_in_threadpool(self._answers.status)
        payload = rendering.status(found)
        if who.role == "operator":
            ledger = await run_in_threadpool(self._answers.ledger)
            payload["ledger"] = rendering.ledger(ledger)
        _note("status", who, form)
        return respond(form, payload, lambda: rendering.status_table(found))

    async def measures(self, request: Request) -> Response:
        """Answer the measures."""
        return self._listed(request, "measures", rendering.measures())

    async def breakdowns(self, request: Request) -> Response:
        """Answer the breakdowns."""
        return self._listed(request, "breakdowns", rendering.breakdowns())

    def _listed(self, request: Request, name: str, entries: list[dict[str, Any]]) -> Response:
        who = asker(request, self._ways)
        parameters(request.query_params)
        form = chosen(request)
        _note(name, who, form)
        return respond(form, {name: entries}, lambda: rendering.catalogue_table(name))

    async def organisations(self, request: Request) -> Response:
        """Answer the organisations that who asks may know of: itself, or all without figures."""
        who = asker(request, self._ways)
        parameters(request.query_params)
        form = chosen(request)
        known = self._register.now.organisations
        ids = sorted(known) if who.organisation is None else [who.organisation]
        found = [known[id_] for id_ in ids]
        _note("organisations", who, form)
        table: Table = rendering.organisations_table(found)
        payload = {"organisations": [dict(zip(table.columns, r, strict=True)) for r in table.rows]}
        return respond(form, payload, lambda: table)

    async def openapi(self, request: Request) -> Response:
        """Answer what may be asked, as OpenAPI; nobody's secret."""
        parameters(request.query_params)
        return Response(msgspec.json.encode(document()), media_type="application/json")

    async def ready(self, _request: Request) -> Response:
        """Answer whether figures can be asked for."""
        try:
            if self.prepared:
                await run_in_threadpool(self._answers.reach)
                return Response("ok\n", media_type="text/plain")
        except (Away, ClickHouseError):
            pass
        return Response("not ready\n", 503, media_type="text/plain")


def _note(what: str, who: Asker, form: str, **asked: object) -> None:
    """Write into the audit log who was answered what; ids only, no value of a figure."""
    audit.info("answered", extra={"answer": what, "form": form} | who.ids() | asked)


def _lifespan(edge: Edge, prepare: Callable[[], object]) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        preparing = asyncio.create_task(_until_prepared(edge, prepare))
        beside = [
            asyncio.create_task(_again_and_again(edge, what))
            for what in (edge.beside.auditor.flush, edge.beside.reader.follow)
        ]
        try:
            yield
        finally:
            for task in (preparing, *beside):
                task.cancel()
            await run_in_threadpool(edge.beside.auditor.flush)

    return lifespan


async def _again_and_again(edge: Edge, what: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(_AGAIN_S)
        if edge.prepared:
            try:
                await run_in_threadpool(what)
            except (ClickHouseError, OSError) as error:
                log.warning("not done, and tried again: %s", type(error).__name__)


async def _until_prepared(edge: Edge, prepare: Callable[[], object]) -> None:
    while not edge.prepared:
        try:
            await run_in_threadpool(prepare)
            await run_in_threadpool(edge.beside.reader.follow)
            edge.prepared = True
        except (ClickHouseError, OSError) as error:
            log.warning("not prepared yet: %s", type(error).__name__)
            await asyncio.sleep(_AGAIN_S)


async def _healthy(_request: Request) -> Response:
    return Response("ok\n", media_type="text/plain")


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
