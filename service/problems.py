"""Turn errors into RFC 9457 problem+json."""

from __future__ import annotations

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.errors import RETRY_AFTER_SECONDS, EmpdError

MEDIA_TYPE = "application/problem+json"


def problem_response(error: EmpdError) -> JSONResponse:
    """The HTTP answer of an error."""
    headers = {"Cache-Control": "no-store"}
    if error.status == 503:  # noqa: PLR2004 - RFC 9110's number is its best name
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if error.status == 401:  # noqa: PLR2004 - the same
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        error.problem(), status_code=error.status, headers=headers, media_type=MEDIA_TYPE
    )


def http_problem(error: HTTPException) -> JSONResponse:
    """An error of the framework, such as an unknown path."""
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "code": f"http_{error.status_code}",
        "detail": str(error.detail),
    }
    return JSONResponse(
        body, status_code=error.status_code, headers=error.headers, media_type=MEDIA_TYPE
    )
