"""What endpoints are handed: the unit of work with its actor, and the application's parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from starlette.datastructures import FormData

from matching.explain import chosen_language
from service.accounts.operations import acting_for, actor_of_session, actor_of_token
from service.clock import Clock
from service.config import Settings
from service.errors import NotSignedIn
from service.linkage import Linkage
from service.observability import Metrics
from service.security.csrf import CSRF_FIELD, CSRF_HEADER, check_origin, check_token
from service.security.policy import ANONYMOUS, Actor
from service.store.unit_of_work import UnitOfWork, unit_of_work

SESSION_COOKIE = "empd_session"
OFFICIAL_HEADER = "x-official"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is made once at start."""

    settings: Settings
    engine: Engine
    linkage: Linkage
    clock: Clock
    metrics: Metrics


async def get_parts(request: Request) -> Parts:
    """The application's parts; without a thread, for nothing waits here."""
    parts: Parts = request.app.state.parts
    return parts


AppParts = Annotated[Parts, Depends(get_parts)]


def open_work(
    request: Request, parts: Parts, *, reads: bool = False
) -> AbstractContextManager[UnitOfWork]:
    """A unit of work without an actor yet; `reads` when it writes nothing but its audit rows."""
    request_id = request.scope.get("state", {}).get("request_id", "")
    language = chosen_language(request.headers.get("accept-language", ""))
    return unit_of_work(
        parts.engine,
        ANONYMOUS,
        clock=parts.clock,
        request_id=request_id,
        language=language,
        reads=reads,
    )


def get_work(request: Request, parts: AppParts) -> Iterator[UnitOfWork]:
    """A unit of work for whoever the bearer token or the session names.

    A safe method only reads.

    Raises:
        NotSignedIn: If neither is valid.
        Forbidden: If a browser's changing request lacks its token.
    """
    with open_work(request, parts, reads=request.method in _SAFE_METHODS) as work:
        work.actor = _authenticate(request, parts, work)
        yield work


def get_reading_work(request: Request, parts: AppParts) -> Iterator[UnitOfWork]:
    """The same for a posted question that changes nothing: a search."""
    with open_work(request, parts, reads=True) as work:
        work.actor = _authenticate(request, parts, work)
        yield work


def _authenticate(request: Request, parts: Parts, work: UnitOfWork) -> Actor:
    header = request.headers.get("authorization", "")
    if header.lower().startswith(_BEARER):
        actor = actor_of_token(work, header[len(_BEARER) :].strip())
        person = request.headers.get(OFFICIAL_HEADER, "")
        return acting_for(work, actor, person) if person else actor
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise NotSignedIn("sign in, or send a bearer token")
    actor, session = actor_of_session(
        work,
        token,
        idle=parts.settings.session_idle,
        lifetime=parts.settings.session_lifetime,
    )
    if request.method not in _SAFE_METHODS:
        check_origin(request)
        check_token(request.headers.get(CSRF_HEADER, ""), session.csrf_token)
    return actor


async def read_form(request: Request) -> FormData:
    """The fields of a posted form; none for other requests."""
    if request.method in _SAFE_METHODS:
        return FormData()
    return await request.form()


Form = Annotated[FormData, Depends(read_form)]


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is handed: the unit of work and the token of its forms."""

    work: UnitOfWork
    csrf_token: str
    name: str


def get_page(request: Request, parts: AppParts, form: Form) -> Iterator[Page]:
    """A unit of work for the official who is signed in; a posted form proves its origin.

    A safe method only reads.

    Raises:
        NotSignedIn: If nobody is.
        Forbidden: If the form comes from elsewhere.
    """
    with _page(request, parts, form, reads=request.method in _SAFE_METHODS) as page:
        yield page


def get_reading_page(request: Request, parts: AppParts, form: Form) -> Iterator[Page]:
    """The same for a posted question that changes nothing: a search."""
    with _page(request, parts, form, reads=True) as page:
        yield page


@contextmanager
def _page(request: Request, parts: Parts, form: FormData, *, reads: bool) -> Iterator[Page]:
    token = request.cookies.get(SESSION_COOKIE, "")
    with open_work(request, parts, reads=reads) as work:
        actor, session = actor_of_session(
            work,
            token,
            idle=parts.settings.session_idle,
            lifetime=parts.settings.session_lifetime,
        )
        if request.method not in _SAFE_METHODS:
            check_origin(request)
            check_token(str(form.get(CSRF_FIELD, "")), session.csrf_token)
        work.actor = actor
        yield Page(work, session.csrf_token, f"{actor.name} ({actor.authority_code})")


SignedInPage = Annotated[Page, Depends(get_page, scope="function")]
ReadingPage = Annotated[Page, Depends(get_reading_page, scope="function")]
ReadingWork = Annotated[UnitOfWork, Depends(get_reading_work, scope="function")]
Work = Annotated[UnitOfWork, Depends(get_work, scope="function")]
"""The commit happens before the answer leaves: a failing commit is never a 201."""
