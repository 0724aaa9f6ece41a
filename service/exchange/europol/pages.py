"""The owner's page of follow-ups that wait for a decision."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import ValidationError

from service.audit.schemas import AuditEvent
from service.dependencies import Form, SignedInPage
from service.errors import BadInput
from service.exchange.europol.operations import decide_follow_up, follow_up_view
from service.exchange.europol.repository import EuropolRepository
from service.exchange.europol.schemas import FollowUpDecisionIn, OwnerDecision
from service.security.policy import Permission
from service.web.forms import many, text
from service.web.rendering import redirect, render
from service.wrong_input import bad_input_from

router = APIRouter(include_in_schema=False)

SHOWN = 100


def _page(page: SignedInPage, errors: tuple[str, ...] = (), status: int = 200) -> Response:
    work = page.work
    work.actor.require(Permission.EXCHANGE_DECIDE)
    waiting = EuropolRepository(work.session, work.actor).waiting(SHOWN)
    views = [follow_up_view(work, item) for item in waiting]
    ids = tuple(sorted({view.case_id for view in views if view.case_id}))
    work.audit(AuditEvent("europol:follow_up_list", case_ids=ids))
    return render(
        "follow_ups.html",
        page,
        status=status,
        follow_ups=views,
        decisions=list(OwnerDecision),
        errors=errors,
    )


@router.get("/follow-ups")
def waiting(page: SignedInPage) -> Response:
    """Follow-ups on the cases of one's authority."""
    return _page(page)


@router.post("/follow-ups/{follow_up_id}/decision")
def decide(follow_up_id: str, page: SignedInPage, form: Form) -> Response:
    """Grant, partly grant or refuse."""
    body = {
        "decision": text(form, "decision"),
        "reason": text(form, "reason"),
        "granted_data": many(form, "granted_data"),
    }
    try:
        decide_follow_up(page.work, follow_up_id, FollowUpDecisionIn.model_validate(body))
    except ValidationError as error:
        problem = bad_input_from(error.errors(include_url=False))
        return _page(page, (problem.detail,), problem.status)
    except BadInput as error:
        return _page(page, (error.detail,), error.status)
    return redirect("/follow-ups")
