"""Errors as a browser's reader meets them: a page, or the way to the sign-in form."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from service.errors import EmpdError, NotSignedIn
from service.problems import bad_input_from, http_problem, problem_response, unexpected
from service.security.headers import guard_headers
from service.web.rendering import redirect, render

_MACHINE_PATHS = (
    "/api/",
    "/notices/",
    "/europol/",
    "/oauth/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/static/",
    "/docs/assets/",
)
_HTTP_DETAIL = {
    400: "The form could not be read. Go back and send it again.",
    404: "There is no such page.",
    405: "This page is not opened in this way.",
}
"""What the framework's own errors say to a reader."""


def is_page(request: Request) -> bool:
    """Whether a person asks, with a browser."""
    return not request.url.path.startswith(_MACHINE_PATHS)


def next_path(given: str) -> str:
    """Where to go after sign-in: a path of our own, else the home page."""
    is_ours = given.startswith("/") and not given.startswith(("//", "/\\"))
    return given if is_ours and given.isprintable() else "/"


def _sign_in(request: Request) -> Response:
    # Only where a person read: a form that was posted cannot be posted again.
    wanted = request.url.path if request.method == "GET" else "/"
    return redirect("/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted)}")


def _answer(request: Request, error: EmpdError) -> Response:
    if not is_page(request):
        return problem_response(error)
    if isinstance(error, NotSignedIn):
        return _sign_in(request)
    return _page(error.status, error.title, error.detail)


def _page(status: int, title: str, detail: str) -> Response:
    return render("error.html", None, status=status, title=title, detail=detail)


def install_page_errors(app: FastAPI) -> None:
    """Answer a browser's errors as pages, all others as problems."""

    @app.exception_handler(EmpdError)
    def _known(request: Request, error: EmpdError) -> Response:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        return _answer(request, bad_input_from(error.errors()))

    @app.exception_handler(ValidationError)
    def _invalid_inside(request: Request, error: ValidationError) -> Response:
        return _answer(request, bad_input_from(error.errors(include_url=False)))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if not is_page(request):
            return http_problem(error)
        detail = _HTTP_DETAIL.get(error.status_code, str(error.detail))
        return _page(error.status_code, str(error.detail), detail)

    @app.exception_handler(Exception)
    def _unknown(request: Request, error: Exception) -> Response:
        response = _answer(request, unexpected(error))
        # Answered outside our middleware, which would have set them.
        guard_headers(response.headers, request.url.path)
        return response
