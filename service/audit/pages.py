"""The auditor's page: newest rows, and whether the chain is intact."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.audit.operations import verify_chain
from service.audit.repository import AuditRepository
from service.audit.schemas import AuditEvent
from service.dependencies import SignedInPage
from service.security.policy import Permission
from service.web.rendering import render

router = APIRouter(include_in_schema=False)

SHOWN = 200


@router.get("/audit")
def trail(page: SignedInPage, case: str = "") -> Response:
    """The newest rows, optionally of one case, with the state of the chain."""
    page.work.actor.require(Permission.AUDIT_READ)
    repository = AuditRepository(page.work.session)
    rows = repository.newest(SHOWN, case)
    report = verify_chain(repository)
    page.work.audit(AuditEvent("audit:read", detail={"case": case}))
    return render("audit.html", page, rows=rows, report=report, case=case)
