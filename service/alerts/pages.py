"""Pages of the review queue: list, side-by-side comparison, verdicts, clusters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from matching.evidence import Band
from service.alerts.operations import decide, withdraw
from service.alerts.reading import read_alert, read_queue
from service.alerts.repository import AlertRepository, ClusterRepository
from service.alerts.schemas import AlertStatus, VerdictCode, VerdictIn, WithdrawalIn
from service.alerts.view import cluster_view
from service.audit.schemas import AuditEvent
from service.dependencies import Form, SignedInPage
from service.errors import Conflict
from service.security.policy import Permission
from service.web.forms import text
from service.web.rendering import redirect, render
from service.wrong_input import bad_input_from

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 25


@router.get("/alerts")
def queue(
    page: SignedInPage,
    status: Annotated[list[AlertStatus] | None, Query()] = None,
    band: Annotated[list[Band] | None, Query()] = None,
    after: str = "",
) -> Response:
    """Possible links by falling match weight."""
    found = read_queue(
        page.work,
        statuses=[item.value for item in status or []],
        bands=[item.value for item in band or []],
        after=after,
        limit=PAGE_SIZE,
    )
    return render(
        "alerts.html",
        page,
        found=found,
        statuses=list(AlertStatus),
        bands=[Band.STRONG, Band.PROBABLE, Band.POSSIBLE],
        chosen_status=status or [],
        chosen_band=band or [],
    )


@router.get("/alerts/{alert_id}")
def show(alert_id: str, page: SignedInPage) -> Response:
    """Side-by-side comparison with evidence and verdicts."""
    return _alert_page(page, alert_id)


def _alert_page(
    page: SignedInPage, alert_id: str, errors: tuple[str, ...] = (), status: int = 200
) -> Response:
    detail = read_alert(page.work, alert_id)
    alert = AlertRepository(page.work.session, page.work.actor).get(alert_id)
    cluster = ClusterRepository(page.work.session).of_case(alert.left_id)
    shown = cluster if detail.status == AlertStatus.SAME.value else None
    return render(
        "alert.html",
        page,
        alert=detail,
        cluster=shown,
        verdicts=list(VerdictCode),
        errors=errors,
        status=status,
    )


@router.post("/alerts/{alert_id}/verdict")
def settle(alert_id: str, page: SignedInPage, form: Form) -> Response:
    """Decide, with a reason."""
    try:
        draft = VerdictIn.model_validate(
            {"verdict": text(form, "verdict"), "reason": text(form, "reason")}
        )
        decide(page.work, alert_id, draft)
    except ValidationError as error:
        problem = bad_input_from(error.errors(include_url=False))
        return _alert_page(page, alert_id, (problem.detail,), problem.status)
    except Conflict as error:
        return _alert_page(page, alert_id, (error.detail,), error.status)
    return redirect(f"/alerts/{alert_id}")


@router.post("/alerts/{alert_id}/withdraw")
def take_back(alert_id: str, page: SignedInPage, form: Form) -> Response:
    """Withdraw a verdict."""
    try:
        draft = WithdrawalIn(reason=text(form, "reason"))
        withdraw(page.work, alert_id, text(form, "verdict_id"), draft.reason)
    except ValidationError as error:
        problem = bad_input_from(error.errors(include_url=False))
        return _alert_page(page, alert_id, (problem.detail,), problem.status)
    except Conflict as error:
        return _alert_page(page, alert_id, (error.detail,), error.status)
    return redirect(f"/alerts/{alert_id}")


@router.get("/clusters/{cluster_id}")
def cluster_page(cluster_id: str, page: SignedInPage) -> Response:
    """Cases confirmed to be one person."""
    page.work.actor.require(Permission.ALERT_READ)
    view = cluster_view(page.work, cluster_id)
    ids = tuple(case.case_id for case in view.cases)
    page.work.audit(AuditEvent("cluster:read", case_ids=ids))
    return render("cluster.html", page, cluster=view)
