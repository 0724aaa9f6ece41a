"""Templates to pages; redirects; our own static files."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from matching.explain import field_title, sentence
from service.dependencies import Page
from service.security.policy import Permission
from service.web import wording
from service.web.navigation import entries
from service.web.waterfall import waterfall, weightiest

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


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("service.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        words=wording.words,
        titled=wording.titled,
        country=wording.country_name,
        language=wording.language_name,
        bits=wording.bits,
        day=wording.day,
        minute=wording.minute,
        partial_day=wording.partial_day,
        sentence=sentence,
        field_title=field_title,
        weightiest=weightiest,
    )
    environment.globals.update(
        static_url=static_url,
        waterfall=waterfall,
        Permission=Permission,
        countries=wording.countries,
        languages=wording.languages,
    )
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
