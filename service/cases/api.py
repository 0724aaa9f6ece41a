"""HTTP for cases."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from service.alerts.operations import alerted_pairs
from service.alerts.schemas import AlertOut
from service.alerts.view import alert_views
from service.audit.schemas import AuditEvent
from service.cases.intake import Intake, amend, close, register_case
from service.cases.repository import CaseRepository, ReadableCase
from service.cases.schemas import CaseAmendment, CaseClosure, CaseDraft, CaseOut, ShareIn
from service.cases.sharing import share_case, unshare_case
from service.cases.view import case_view
from service.dependencies import AppParts, Work
from service.errors import FieldError, PurposeRequired
from service.search.schemas import Purpose, Reference
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])

OWN_PURPOSE = "case_handling"
"""Reading a case of one's own authority is its handling; the reference is the case itself."""


_PURPOSE: TypeAdapter[str] = TypeAdapter(Purpose)
_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)


class RegisteredOut(BaseModel):
    """The case as stored and the possible links it raised; these with `alert:read` only.

    `compared` is false when the index was away: links are looked for when it is back.
    """

    case: CaseOut
    alerts: list[AlertOut]
    compared: bool


@router.post("", status_code=201)
def register(draft: CaseDraft, work: Work, parts: AppParts, response: Response) -> RegisteredOut:
    """Register a case for one's own authority."""
    intake = register_case(work, parts.linkage, draft, limit=parts.settings.alert_candidate_limit)
    response.headers["Location"] = f"/api/v1/cases/{intake.stored.case.public_id}"
    for alert in intake.alerts:
        parts.metrics.alerts.labels(alert.band).inc()
    return _registered(work, intake)


def _registered(work: UnitOfWork, intake: Intake) -> RegisteredOut:
    repository = CaseRepository(work.session, work.actor)
    found = repository.get(intake.stored.case.public_id)
    return RegisteredOut(
        case=case_view(repository, found, work.clock().date()),
        alerts=alert_views(work, alerted_pairs(work, intake.alerts))
        if work.actor.may(Permission.ALERT_READ)
        else [],
        compared=intake.compared,
    )


@router.get("/{case_id}")
def read(
    case_id: str,
    work: Work,
    x_purpose: Annotated[str, Header()] = "",
    x_case_reference: Annotated[str, Header()] = "",
) -> CaseOut:
    """Read a case: one's own or a shared one in full, others as age, sex, country and contact."""
    found = read_case(work, case_id, purpose=x_purpose, reference=x_case_reference)
    return case_view(CaseRepository(work.session, work.actor), found, work.clock().date())


def read_case(
    work: UnitOfWork, case_id: str, *, purpose: str, reference: str, action: str = "case:read"
) -> ReadableCase:
    """Find a case and log the access; another authority's case needs purpose and reference.

    Raises:
        NotFound: If there is none.
        PurposeRequired: If the case is another authority's and either is missing.
    """
    work.actor.require(Permission.CASE_READ)
    repository = CaseRepository(work.session, work.actor)
    found = repository.get(case_id)
    if repository.owns(found.case):
        purpose, reference = purpose or OWN_PURPOSE, reference or found.case.record_id
    for name, value, form in (
        ("X-Purpose", purpose, _PURPOSE),
        ("X-Case-Reference", reference, _REFERENCE),
    ):
        _check_header(name, value, form)
    work.audit(
        AuditEvent(
            action,
            purpose=purpose,
            reference=reference,
            case_ids=(case_id,),
            detail={"access": found.access},
        )
    )
    return found


def _check_header(name: str, value: str, form: TypeAdapter[str]) -> None:
    reason = "" if value else "is missing"
    try:
        form.validate_python(value)
    except ValidationError:
        reason = reason or "has another form than it must"
    if reason:
        wrong = FieldError(name, reason)
        raise PurposeRequired(str(wrong), (wrong,))


@router.patch("/{case_id}")
def change(case_id: str, amendment: CaseAmendment, work: Work, parts: AppParts) -> RegisteredOut:
    """Add or withdraw claims; nothing is overwritten."""
    intake = amend(
        work, parts.linkage, case_id, amendment, limit=parts.settings.alert_candidate_limit
    )
    return _registered(work, intake)


@router.post("/{case_id}/close")
def end(case_id: str, closure: CaseClosure, work: Work, parts: AppParts) -> CaseOut:
    """Close a case."""
    close(work, parts.linkage, case_id, closure)
    repository = CaseRepository(work.session, work.actor)
    return case_view(repository, repository.get(case_id), work.clock().date())


@router.get("/{case_id}/history")
def history(
    case_id: str,
    work: Work,
    x_purpose: Annotated[str, Header()] = "",
    x_case_reference: Annotated[str, Header()] = "",
) -> list[dict[str, Any]]:
    """Every change of a case, oldest first; only for those who may read it in full."""
    found = read_case(
        work, case_id, purpose=x_purpose, reference=x_case_reference, action="case:history"
    )
    if not found.full:
        return []
    changes = CaseRepository(work.session, work.actor).changes(found.case.id or 0)
    return [change.model_dump(exclude={"id", "case_id"}) for change in changes]


@router.post("/{case_id}/shares", status_code=204)
def share(case_id: str, draft: ShareIn, work: Work) -> None:
    """Let another authority read the case in full."""
    share_case(work, case_id, draft)


@router.delete("/{case_id}/shares/{authority}", status_code=204)
def unshare(case_id: str, authority: str, work: Work) -> None:
    """End a share."""
    unshare_case(work, case_id, authority)
