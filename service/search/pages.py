"""The search page; what is asked travels in the body, never in the address."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import ValidationError

from matching.record import CaseKind
from service.audit.schemas import AuditEvent
from service.dependencies import AppParts, Form, ReadingPage, SignedInPage
from service.errors import BadInput
from service.search.operations import search_cases
from service.search.schemas import PURPOSES, SearchIn, SearchOut
from service.security.policy import Permission
from service.web.forms import form_field, search_body, values
from service.web.rendering import render
from service.wrong_input import bad_input_from

router = APIRouter(include_in_schema=False)


def _page(
    page: SignedInPage, typed: dict[str, str], answer: SearchOut | None, **extra: Any
) -> Response:
    return render(
        "search.html",
        page,
        values=typed,
        answer=answer,
        purposes=PURPOSES,
        kinds=list(CaseKind),
        field_of=form_field,
        errors=extra.get("errors", ()),
        status=extra.get("status", 200),
    )


@router.get("/search")
def form_page(page: SignedInPage) -> Response:
    """The empty form."""
    page.work.actor.require(Permission.SEARCH)
    page.work.audit(AuditEvent("search:form"))
    return _page(page, {}, None)


@router.post("/search")
def results(page: ReadingPage, form: Form, parts: AppParts) -> Response:
    """The hits with their evidence, below the form as it was filled in."""
    try:
        asked = SearchIn.model_validate(search_body(form))
        answer = search_cases(page.work, parts.linkage, asked, limit=parts.settings.candidate_limit)
    except (ValidationError, BadInput) as error:
        problem = error if isinstance(error, BadInput) else bad_input_from(error.errors())
        page.work.audit(AuditEvent("search:refused"))
        return _page(page, values(form), None, errors=problem.errors, status=problem.status)
    parts.metrics.considered.observe(answer.considered)
    return _page(page, values(form), answer)
