"""The interactive description of the HTTP interface, served from a wheel's own files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from service.errors import NotFound
from service.web.rendering import render

router = APIRouter(include_in_schema=False)

_FILES = frozenset({"swagger-ui-bundle.js", "swagger-ui.css"})


def _assets() -> Path:
    # The package is located, not imported: only its files are wanted.
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise NotFound("the files of the interface description are not installed")
    return Path(spec.origin).parent / "static"


@router.get("/docs")
def docs() -> HTMLResponse:
    """The interface description."""
    return render("docs.html", None)


@router.get("/docs/assets/{name}")
def asset(name: str) -> FileResponse:
    """A script or style sheet of the description."""
    if name not in _FILES:
        raise NotFound("no such file")
    return FileResponse(_assets() / name)
