"""Signing in and out: a token for a session."""

from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.query.dashboard import visit
from services.query.dashboard.guard import HEADERS, PRIVATE, is_own_form
from services.query.dashboard.rendering import respond
from services.query.dashboard.session import COOKIE, LIFETIME_S, digest
from services.query.dashboard.visit import Parts, Visit

#: More than a token and an address is no form of ours.
_LARGEST_FORM = 8192


def routes(parts: Parts) -> list[BaseRoute]:
    """Return the ways in and out."""

    async def sign_in(request: Request) -> Response:
        seen = visit.of(parts, request)
        form = await _form(request)
        if form is None:
            return refused(seen)
        token = parts.register.now.tokens.get(digest(form.get("token", "")))
        if token is None:
            return _page(seen, form.get("to", ""), "wrong", status=401)
        response = to(_inside(form.get("to", "")))
        response.set_cookie(
            COOKIE,
            parts.sessions.make(token, int(seen.at.timestamp())),
            max_age=LIFETIME_S,
            httponly=True,
            samesite="lax",
            secure=visit.is_secure(request),
        )
        return response

    async def ask(request: Request) -> Response:
        seen = visit.of(parts, request)
        if seen.token is not None:
            return to("/")
        said = "ended" if COOKIE in request.cookies else None
        return seen.remember(_page(seen, request.query_params.get("to", ""), said))

    async def sign_out(request: Request) -> Response:
        if await _form(request) is None:
            return refused(visit.of(parts, request))
        response = to("/sign-in")
        response.delete_cookie(COOKIE)
        return response

    return [
        Route("/sign-in", ask, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


def to(address: str) -> RedirectResponse:
    """Send the browser to *address*, with GET."""
    return RedirectResponse(address, 303, HEADERS | PRIVATE)


def refused(seen: Visit) -> Response:
    """Answer a form that did not come from our own pages."""
    return message(seen, "refused", 403)


def message(seen: Visit, what: str, status: int) -> Response:
    """Say *what* went wrong, and how to go on."""
    return respond("message.html", visit.frame(seen, what) | {"what": what}, status)


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form of ours; None where it is from elsewhere or too large."""
    if not is_own_form(request.headers):
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return None
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _page(seen: Visit, target: str, said: str | None, status: int = 200) -> Response:
    values = {"to": _inside(target), "said": said}
    return respond("sign_in.html", visit.frame(seen, "sign_in") | values, status)


def _inside(target: str) -> str:
    """Return *target* where it is a page of ours, else the first page."""
    parts = urlsplit(target)
    foreign = parts.scheme or parts.netloc or "\\" in target or not target.isprintable()
    if foreign or not target.startswith("/") or target.startswith("//"):
        return "/"
    return target
