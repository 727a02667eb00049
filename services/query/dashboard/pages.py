"""The pages and their addresses: what ``app.py`` mounts."""

from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kudos.register import Organisation
from services.query.customers import EVERY_BREAKDOWN
from services.query.cuts.benchmarks import MEASURES as COMPARED
from services.query.dashboard import (
    choice,
    entrance,
    figure,
    formats,
    groups,
    meanwhile,
    now,
    operations,
    overview,
    peers,
    spans,
    steps,
    stream,
    visit,
)
from services.query.dashboard.chooser import chooser
from services.query.dashboard.endpoint import page
from services.query.dashboard.entrance import message, to
from services.query.dashboard.meanwhile import Meanwhile
from services.query.dashboard.rendering import respond, respond_static
from services.query.dashboard.session import COOKIE, Sessions
from services.query.dashboard.source import Cuts, Source
from services.query.dashboard.visit import Parts, Registered, Visit
from services.query.dashboard.withheld import explained
from services.query.hub import Hub
from services.query.measures import MEASURES
from services.query.periods import FIRST
from services.query.pool import Away
from services.query.tokens import Asker, Recognise


def routes(
    source: Source,
    hub: Hub,
    register: Registered,
    secret: str,
    clock: Callable[[], datetime],
    *,
    cuts: Cuts,
) -> list[BaseRoute]:
    """Return the pages; *secret* is what sessions are encrypted with."""
    parts = Parts(source, cuts, hub, register, Sessions(secret), clock)

    def static(request: Request) -> Response:
        return respond_static(request.path_params["name"])

    def anything(request: Request) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "")
        if not wants_page or request.url.path.startswith("/v1/"):
            raise HTTPException(404)
        return message(visit.of(parts, request), "not_found", 404)

    return [
        Route("/", page(parts, lambda seen, _: to(seen.choice.link("/overview")))),
        Route("/now", page(parts, lambda seen, own: _now(parts, seen, own))),
        Route("/overview", page(parts, lambda seen, own: _overview(parts, seen, own))),
        Route("/figures/{measure}", page(parts, lambda seen, own: _figure(parts, seen, own))),
        Route("/operations", _operations(parts)),
        *groups.routes(parts),
        *stream.routes(parts),
        *entrance.routes(parts),
        Route("/static/{digest}/{name}", static),
        Route("/{path:path}", anything),  # the last: what nothing else has
    ]


def recognise(register: Registered, secret: str, clock: Callable[[], datetime]) -> Recognise:
    """Return what recognises who is signed in, for downloads by the pages' own links."""
    sessions = Sessions(secret)

    def by_session(request: Request) -> Asker | None:
        at = int(clock().timestamp())
        found = sessions.open(request.cookies.get(COOKIE), register.now.tokens, at)
        if found is None:
            return None
        return Asker(found.role, found.organisation, found.sha256[:12])

    return by_session


def _operations(parts: Parts) -> Callable[[Request], Response]:
    """Return the endpoint of *Drift*; to everybody but an operator there is no such page."""

    def endpoint(request: Request) -> Response:
        seen = visit.of(parts, request)
        if seen.token is None:
            return to(visit.address("/sign-in", [("to", seen.same())]))
        if seen.token.role != "operator":
            return message(seen, "not_found", 404)
        try:
            found = parts.source.operations()
        except Away:
            return message(seen, "unavailable", 503)
        page = operations.page(seen.texts, found, parts.register.now, seen.at)
        values = {
            "page": page,
            "age": stream.age(seen.texts, found.found.ledger.watermark, seen.at),
        }
        return seen.remember(respond("operations.html", visit.frame(seen, "operations") | values))

    return endpoint


def _now(parts: Parts, seen: Visit, own: Organisation) -> Response:
    found = now.moment(parts.source, parts.source.pulse(own.id))
    page = now.page(seen.texts, own.currency, found, seen.at)
    values = {
        "page": page,
        "age": stream.age(seen.texts, page.as_of, seen.at),
        "parts": stream.fragments(seen.texts, page),
        "empty": None if page.any_sale else _empty(parts, seen, own),
    }
    return respond("now.html", visit.frame(seen, "now") | values)


def _overview(parts: Parts, seen: Visit, own: Organisation) -> Response:
    chosen = seen.choice
    asked = overview.ask(parts.source, own.id, chosen.figures, chosen.period, seen.today)
    beside = _meanwhile(parts, seen, chosen.figures)
    page = overview.page(seen.texts, own.currency, asked, seen.today, beside)
    values = {
        "page": page,
        "periods": chooser(seen),
        "measures": [(m.id, m.name[seen.texts.language]) for m in MEASURES.values()],
        "most": choice.MOST,
        "empty": None if page.any_sale else _empty(parts, seen, own),
        "usual_link": seen.same(figures=",".join(choice.USUAL)),
        "age": stream.age(seen.texts, steps.oldest(a.now for a in asked), seen.at),
        "cut": _cut(parts, seen) if beside else None,
        "note": meanwhile.note(seen.texts, beside),
        "withheld": beside
        and explained(parts, seen, beside.period, meanwhile.cells(beside), last=beside.last),
    }
    return respond("overview.html", visit.frame(seen, "overview") | values)


def _meanwhile(parts: Parts, seen: Visit, measures: Sequence[str]) -> Meanwhile | None:
    """Ask what the groups beside who asks did meanwhile."""
    about, scopes = (measures, seen.choice.period), peers.beside(parts, seen)
    return meanwhile.ask(parts.cuts, parts.source, peers.asker(seen), about, scopes)


def _cut(parts: Parts, seen: Visit) -> dict[str, object] | None:
    cut = parts.cuts.last()
    return None if cut is None else peers.told(seen.texts, cut)


def _figure(parts: Parts, seen: Visit, own: Organisation) -> Response:
    measure = seen.request.path_params["measure"]
    language = seen.texts.language
    if measure not in MEASURES:
        values = {
            "given": measure[:40],
            "base": "/figures",
            "measures": [(m.id, m.name[language]) for m in MEASURES.values()],
        }
        return respond("no_figure.html", visit.frame(seen, "figure") | values, 404)
    by = seen.request.query_params.get("by", "")
    by = by if by in MEASURES[measure].breakdowns else figure.first(measure)
    period = seen.choice.period
    asked = overview.ask(parts.source, own.id, [measure], period, seen.today)[0]
    made_of = figure.ask_parts(parts.source, own.id, measure, period, by)
    records = figure.ask_beside(parts.source, own.id, measure, period)
    path, beside = f"/figures/{measure}", _meanwhile(parts, seen, [measure])
    answers = [asked.now, made_of, *([records] if records else [])]
    furthest = steps.newest(answers)
    values = {
        "behind": next(
            (said for a in answers if (said := steps.say(seen.texts, a, furthest))), None
        ),
        "beside": meanwhile.say(seen.texts, beside, measure, own.currency),
        "cut": _cut(parts, seen) if beside else None,
        "compared": seen.choice.link(f"/compare/{measure}") if measure in COMPARED else None,
        "page": figure.page(
            seen.texts, own.currency, asked, made_of, by=by, today=seen.today, records=records
        ),
        "periods": chooser(seen),
        "by": by,
        "tabs": [
            (id_, EVERY_BREAKDOWN[id_].name[language], seen.choice.link(path, by=id_))
            for id_ in MEASURES[measure].breakdowns
        ],
        "downloads": figure.downloads(measure, own.id, period, by),
        "address": str(seen.request.base_url.replace(path="")) + _address(path, period.id, by),
        "age": stream.age(seen.texts, steps.oldest(answers), seen.at),
    }
    return respond("figure.html", visit.frame(seen, "figure") | values)


def _address(path: str, period: str, by: str) -> str:
    """Return the address of a figure's page, with everything in it that a colleague needs."""
    return visit.address(path, [("period", period), ("by", by)])


def _empty(parts: Parts, seen: Visit, own: Organisation) -> dict[str, object]:
    """Return what an empty page says: when the last sale was, or how to send the first."""
    points = parts.source.curve(own.id, "orders", FIRST, seen.today)
    last = max((point.day for point in points if point.value), default=None)
    if last is None:
        return {"last": None, "example": seen.at.isoformat("T", "seconds")}
    month = spans.containing("month", last)
    written = formats.day(last, seen.texts.language)
    return {
        "last": seen.texts("empty.last_sale", day=written),
        "link": visit.address("/overview", [("period", month.id)]),
    }
