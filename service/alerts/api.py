"""HTTP for the review queue, verdicts and clusters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from matching.evidence import Band
from service.alerts.operations import decide, withdraw
from service.alerts.reading import read_alert, read_queue
from service.alerts.schemas import (
    AlertDetail,
    AlertPage,
    AlertStatus,
    ClusterOut,
    VerdictIn,
    VerdictOut,
    WithdrawalIn,
)
from service.alerts.view import cluster_view, verdict_view
from service.audit.schemas import AuditEvent
from service.dependencies import Work
from service.security.policy import Permission

router = APIRouter(prefix="/api/v1", tags=["alerts"])

MAX_PAGE = 200


@router.get("/alerts")
def queue(
    work: Work,
    status: Annotated[list[AlertStatus] | None, Query()] = None,
    band: Annotated[list[Band] | None, Query()] = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> AlertPage:
    """Alerts on the cases of one's authority, by falling match weight."""
    return read_queue(
        work,
        statuses=[item.value for item in status or []],
        bands=[item.value for item in band or []],
        after=after,
        limit=limit,
    )


@router.get("/alerts/{alert_id}")
def show(alert_id: str, work: Work) -> AlertDetail:
    """An alert with its evidence and verdicts."""
    return read_alert(work, alert_id)


@router.post("/alerts/{alert_id}/verdicts", status_code=201)
def settle(alert_id: str, draft: VerdictIn, work: Work) -> VerdictOut:
    """Decide: same person, different persons, or unsure; with a reason."""
    return verdict_view(decide(work, alert_id, draft))


@router.post("/alerts/{alert_id}/verdicts/{verdict_id}/withdraw")
def take_back(alert_id: str, verdict_id: str, draft: WithdrawalIn, work: Work) -> VerdictOut:
    """Withdraw a verdict; a cluster formed by it splits again."""
    return verdict_view(withdraw(work, alert_id, verdict_id, draft.reason))


@router.get("/clusters/{cluster_id}")
def cluster(cluster_id: str, work: Work) -> ClusterOut:
    """Cases confirmed to be one person."""
    work.actor.require(Permission.ALERT_READ)
    view = cluster_view(work, cluster_id)
    work.audit(AuditEvent("cluster:read", case_ids=tuple(c.case_id for c in view.cases)))
    return view
