"""What is answered when it does not go well: problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse


def problem(
    status: int, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the answer; *detail* is a sentence of ours and quotes nothing of the request."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail is not None:
        content["detail"] = detail
    return JSONResponse(content, status, headers, media_type="application/problem+json")
