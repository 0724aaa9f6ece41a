"""Alerts as they are read over HTTP, on pages and on the command line, each access logged."""

from __future__ import annotations

from service.alerts.operations import alerted_pairs, shown_cases
from service.alerts.repository import AlertRepository
from service.alerts.schemas import WAITING, AlertDetail, AlertPage
from service.alerts.view import alert_detail, alert_page, parse_cursor
from service.audit.schemas import AuditEvent
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork


def read_queue(
    work: UnitOfWork, *, statuses: list[str], bands: list[str], after: str = "", limit: int
) -> AlertPage:
    """A page of the queue, logged."""
    work.actor.require(Permission.ALERT_READ)
    alerts = AlertRepository(work.session, work.actor).page(
        statuses=statuses or WAITING, bands=bands, after=parse_cursor(after), limit=limit
    )
    pairs = alerted_pairs(work, alerts)
    work.audit(AuditEvent("alert:list", case_ids=shown_cases(pairs)))
    return alert_page(work, pairs, limit=limit)


def read_alert(work: UnitOfWork, alert_id: str) -> AlertDetail:
    """An alert with all that bears on the decision, logged."""
    work.actor.require(Permission.ALERT_READ)
    alert = AlertRepository(work.session, work.actor).get(alert_id)
    pair = alerted_pairs(work, [alert])[0]
    detail = {"alert": alert_id}
    work.audit(AuditEvent("alert:read", case_ids=shown_cases([pair]), detail=detail))
    return alert_detail(work, pair)
