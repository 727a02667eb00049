"""What is answered when there is no answer: problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import JSONResponse


class Refused(Exception):
    """A question that is not answered; *may* lists what may be asked in its place.

    *detail* is a sentence of ours: it names parameters, never what they held.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        may: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.may, self.headers = may or {}, headers or {}


def problem(
    status: int,
    detail: str,
    may: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the answer; *may* stands in it as ``may_ask``."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if may:
        content["may_ask"] = {name: list(values) for name, values in may.items()}
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(content, status, kept, media_type="application/problem+json")
