"""Errors that reach the edge, as problem details: ours, Starlette's, and the unforeseen."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kudos.errors import Misconfigured
from services.query.asking import may_be_asked
from services.query.pool import Away
from services.query.problems import Refused, problem
from services.query.tokens import Asker

audit = logging.getLogger("services.query.audit")
log = logging.getLogger(__name__)

_RETRY_S = "2"


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 (the table below says so)
    # the detail names parameters and never what they held
    who: Asker | None = getattr(request.state, "asker", None)
    said = {"path": _path(request), "status": error.status, "why": error.detail}
    audit.info("refused", extra=said | ({} if who is None else who.ids()))
    return problem(error.status, error.detail, error.may, error.headers)


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = getattr(error, "headers", None)
    if status == 404 and request.url.path.startswith("/v1/"):
        return problem(
            404, "This cannot be asked yet: /openapi.json tells what can.", may_be_asked()
        )
    return problem(status, "There is no such address, or it does not take this.", headers=headers)


def _answer(status: int, detail: str) -> Callable[[Request, Exception], Any]:
    async def answer(_request: Request, _error: Exception) -> Response:
        return problem(status, detail, headers={"Retry-After": _RETRY_S} if status == 503 else None)

    return answer


def _path(request: Request) -> str:
    """Return the address by its declaration: what was sent may hold anything."""
    return getattr(request.scope.get("route"), "path", "")


HANDLERS: Mapping[Any, Any] = {
    Refused: _refused,
    HTTPException: _unknown,
    Away: _answer(503, "The figures cannot be reached just now."),
    Misconfigured: _answer(503, "The register of organisations cannot be read."),
    Exception: _answer(500, "This is a fault of ours."),
}
