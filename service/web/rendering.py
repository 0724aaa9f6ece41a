"""Templates, pages and HTML errors."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from service.dependencies import Page
from service.errors import BadInput, EmpdError, FieldError, NotFound, NotSignedIn
from service.problems import http_problem, problem_response
from service.security.policy import Permission
from service.web.navigation import entries
from service.web.waterfall import waterfall
from service.wrong_input import bad_input_from

_MACHINE_PATHS = (
    "/api/",
    "/notices/",
    "/europol/",
    "/oauth/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
)
_BROKEN_BODY = 400
_ROOT = Path(__file__).parent


def static_directory() -> str:
    """Where our own style sheet, script and pictures lie."""
    return str(_ROOT / "static")


@cache
def _version(name: str) -> str:
    data = (_ROOT / "static" / name).read_bytes()
    return hashlib.blake2b(data, digest_size=6).hexdigest()


def static_url(name: str) -> str:
    """Address of a static file that changes with its content, so that it may be cached."""
    return f"/static/{name}?v={_version(name)}"


def words(code: object) -> str:
    """A code as words."""
    return str(code).replace("_", " ")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("service.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words=words)
    environment.globals.update(static_url=static_url, waterfall=waterfall, Permission=Permission)
    return environment


def render(template: str, page: Page | None, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template.

    Args:
        template: File below `templates/`.
        page: Who reads; None before sign-in.
        status: HTTP status.
        values: What the template names.
    """
    text = (
        _environment()
        .get_template(template)
        .render(
            page=page,
            navigation=entries(page.work.actor) if page else (),
            csrf_token=page.csrf_token if page else "",
            **values,
        )
    )
    return HTMLResponse(text, status_code=status)


def redirect(path: str) -> RedirectResponse:
    """Send the browser on with GET."""
    return RedirectResponse(path, status_code=303)


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(_MACHINE_PATHS)


def install_page_errors(app: FastAPI) -> None:
    """Answer a browser's errors as pages, all others as problems."""

    def answer(request: Request, error: EmpdError) -> Response:
        if not _is_page(request):
            return problem_response(error)
        if isinstance(error, NotSignedIn):
            return redirect("/sign-in")
        return render("error.html", None, status=error.status, error=error)

    @app.exception_handler(EmpdError)
    def _known(request: Request, error: EmpdError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, bad_input_from(error.errors()))

    @app.exception_handler(ValidationError)
    def _invalid_inside(request: Request, error: ValidationError) -> Response:
        return answer(request, bad_input_from(error.errors(include_url=False)))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == _BROKEN_BODY:
            wrong = FieldError("body", "cannot be read")
            return answer(request, BadInput(str(wrong), (wrong,)))
        if _is_page(request):
            return answer(request, NotFound("There is no such page."))
        return http_problem(error)
