"""Turns what a page shows into HTML, and sends it with what a browser must be told."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from services.query.dashboard.guard import HEADERS, PRIVATE

_PACKAGE = "services.query.dashboard"
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
STATIC = ("page.css", "controls.css", "figures.css", "print.css", "live.js", "page.js", "icon.svg")
_pages = Environment(
    loader=PackageLoader(_PACKAGE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, values: Mapping[str, object]) -> str:
    """Return *template* with *values*; a value that is missing is an error."""
    return _pages.get_template(template).render(static=static_address, **values)


def respond(template: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """Return the page, kept by no cache."""
    return HTMLResponse(render(template, values), status, HEADERS | PRIVATE)


def respond_static(name: str) -> Response:
    """Return the static file *name*, which a browser may keep: its address tells its content."""
    if name not in STATIC:
        return PlainTextResponse("not found\n", 404, HEADERS)
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    media = _TYPES[name.rpartition(".")[2]]
    return Response(_text(name), 200, HEADERS | kept, media_type=media)


@cache
def static_address(name: str) -> str:
    """Return the address of a static file; it changes with what is in it."""
    digest = hashlib.sha256(_text(name).encode()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


@cache
def _text(name: str) -> str:
    return resources.files(f"{_PACKAGE}.static").joinpath(name).read_text("utf-8")
