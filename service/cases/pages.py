"""Pages of cases: register, read, amend, share, close, history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import ValidationError

from matching.record import Basis, CaseKind, NameKind
from service.alerts.operations import AlertedPair, alerted_pairs, shown_cases
from service.alerts.repository import AlertRepository
from service.alerts.view import alert_detail
from service.alerts.waiting import is_waiting
from service.audit.schemas import AuditEvent
from service.cases.api import read_case
from service.cases.intake import amend, close, register_case
from service.cases.repository import CaseRepository, ReadableCase
from service.cases.schemas import CaseAmendment, CaseClosure, CaseDraft, ShareIn
from service.cases.sharing import share_case
from service.cases.view import case_view
from service.cases.vocabulary import (
    CaseType,
    Channel,
    CloseReason,
    EventKind,
    HandlingCode,
    LegalRegime,
    SisCategory,
    TraffickingBelief,
)
from service.dependencies import AppParts, Form, SignedInPage
from service.errors import BadInput, Conflict
from service.search.schemas import PURPOSES
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork
from service.web.forms import NAME_ROWS, case_body, claims_body, form_field, many, text, values
from service.web.rendering import redirect, render
from service.wrong_input import bad_input_from

router = APIRouter(include_in_schema=False)

OPTIONS: dict[str, Any] = {
    "kinds": list(CaseKind),
    "name_kinds": list(NameKind),
    "bases": list(Basis),
    "event_kinds": list(EventKind),
    "sis_categories": list(SisCategory),
    "case_types": list(CaseType),
    "regimes": list(LegalRegime),
    "handling": list(HandlingCode),
    "beliefs": list(TraffickingBelief),
    "channels": list(Channel),
    "name_rows": range(1, NAME_ROWS + 1),
}


@router.get("/cases/new")
def registration_form(page: SignedInPage) -> Response:
    """The empty form."""
    page.work.actor.require(Permission.CASE_WRITE)
    page.work.audit(AuditEvent("case:form"))
    return render("case_form.html", page, values={}, errors=(), field_of=form_field, **OPTIONS)


@router.post("/cases/new")
def register(page: SignedInPage, form: Form, parts: AppParts) -> Response:
    """Register and go to the case, where possible links stand."""
    try:
        draft = CaseDraft.model_validate(case_body(form))
        with page.work.session.begin_nested():
            intake = register_case(
                page.work, parts.linkage, draft, limit=parts.settings.alert_candidate_limit
            )
    except ValidationError as error:
        return _again(page, form, bad_input_from(error.errors(include_url=False)))
    except (BadInput, Conflict) as error:
        return _again(page, form, error)
    return redirect(f"/cases/{intake.stored.case.public_id}")


def _again(page: SignedInPage, form: Form, error: BadInput | Conflict) -> Response:
    page.work.audit(AuditEvent("case:form_refused"))
    return render(
        "case_form.html",
        page,
        status=error.status,
        values=values(form),
        errors=error.errors,
        field_of=form_field,
        **OPTIONS,
    )


@router.post("/cases/find")
def find(page: SignedInPage, form: Form) -> Response:
    """Open a case of one's own authority by its reference."""
    page.work.actor.require(Permission.CASE_READ)
    repository = CaseRepository(page.work.session, page.work.actor)
    reference = text(form, "reference")
    found = repository.find_record(page.work.actor.authority_id or 0, reference)
    ids = (found.public_id,) if found else ()
    page.work.audit(AuditEvent("case:find", reference=reference, case_ids=ids))
    if found is None:
        return render("not_found.html", page, status=404, reference=reference)
    return redirect(f"/cases/{found.public_id}")


@router.get("/cases/{case_id}")
def show(case_id: str, page: SignedInPage) -> Response:
    """A case of one's own; others ask for purpose and reference first."""
    repository = CaseRepository(page.work.session, page.work.actor)
    page.work.actor.require(Permission.CASE_READ)
    found = repository.get(case_id)
    if not repository.owns(found.case):
        page.work.audit(AuditEvent("case:purpose_form"))
        return render("case_purpose.html", page, case_id=case_id, purposes=PURPOSES)
    return _case_page(page, case_id, purpose="", reference="")


@router.post("/cases/{case_id}")
def show_with_purpose(case_id: str, page: SignedInPage, form: Form) -> Response:
    """Another authority's case, with purpose and reference."""
    return _case_page(
        page, case_id, purpose=text(form, "purpose"), reference=text(form, "reference")
    )


def _case_page(
    page: SignedInPage, case_id: str, *, purpose: str, reference: str, **extra: Any
) -> Response:
    work = page.work
    found = read_case(work, case_id, purpose=purpose, reference=reference)
    repository = CaseRepository(work.session, work.actor)
    pairs = _links_of(work, found)
    return render(
        "case.html",
        page,
        case=case_view(repository, found, work.clock().date()),
        owns=repository.owns(found.case),
        alerts=[alert_detail(work, pair) for pair in pairs],
        compared=not is_waiting(work, found.case),
        changes=repository.changes(found.case.id or 0) if found.full else (),
        close_reasons=list(CloseReason),
        errors=extra.get("errors", ()),
        status=extra.get("status", 200),
        **OPTIONS,
    )


def _links_of(work: UnitOfWork, found: ReadableCase) -> list[AlertedPair]:
    """The links shown beside a case, logged with the cases they lead to."""
    if not work.actor.may(Permission.ALERT_READ):
        return []
    alerts = AlertRepository(work.session, work.actor).of_case(found.case.id or 0)
    pairs = alerted_pairs(work, alerts)
    if pairs:
        work.audit(AuditEvent("alert:list", case_ids=shown_cases(pairs)))
    return pairs


@router.post("/cases/{case_id}/amend")
def change(case_id: str, page: SignedInPage, form: Form, parts: AppParts) -> Response:
    """Add claims, or withdraw one."""
    body = {
        "expected_version": text(form, "version"),
        "add": claims_body(form),
        "withdraw_claims": many(form, "withdraw_claim"),
        "withdraw_events": many(form, "withdraw_event"),
        "reason": text(form, "reason"),
    }
    if form.get("release_given"):
        body["release"] = many(form, "release")
    try:
        draft = CaseAmendment.model_validate(body)
        with page.work.session.begin_nested():
            amend(
                page.work,
                parts.linkage,
                case_id,
                draft,
                limit=parts.settings.alert_candidate_limit,
            )
    except ValidationError as error:
        return _refused(page, case_id, bad_input_from(error.errors(include_url=False)))
    except (BadInput, Conflict) as error:
        return _refused(page, case_id, error)
    return redirect(f"/cases/{case_id}")


def _refused(page: SignedInPage, case_id: str, error: BadInput | Conflict) -> Response:
    page.work.session.expire_all()
    return _case_page(
        page, case_id, purpose="", reference="", errors=[error.detail], status=error.status
    )


@router.post("/cases/{case_id}/share")
def share(case_id: str, page: SignedInPage, form: Form) -> Response:
    """Let another authority read the case in full."""
    try:
        draft = ShareIn(authority=text(form, "authority"), reason=text(form, "reason"))
        share_case(page.work, case_id, draft)
    except ValidationError as error:
        return _refused(page, case_id, bad_input_from(error.errors(include_url=False)))
    except (BadInput, Conflict) as error:
        return _refused(page, case_id, error)
    return redirect(f"/cases/{case_id}")


@router.post("/cases/{case_id}/close")
def end(case_id: str, page: SignedInPage, form: Form, parts: AppParts) -> Response:
    """Close the case."""
    body = {"reason": text(form, "reason"), "note": text(form, "note")}
    try:
        close(page.work, parts.linkage, case_id, CaseClosure.model_validate(body))
    except ValidationError as error:
        return _refused(page, case_id, bad_input_from(error.errors(include_url=False)))
    except Conflict as error:
        return _refused(page, case_id, error)
    return redirect(f"/cases/{case_id}")
