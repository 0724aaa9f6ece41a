"""Alerts, verdicts and clusters as an actor may read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

from service.alerts.models import Alert, Verdict
from service.alerts.operations import AlertedPair
from service.alerts.repository import AlertRepository, ClusterRepository
from service.alerts.schemas import (
    LINK_COLOURS,
    SETTLED,
    AlertDetail,
    AlertOut,
    AlertPage,
    AlertStatus,
    ClusterOut,
    SideOut,
    VerdictOut,
)
from service.cases.repository import CaseRepository, ReadableCase
from service.cases.summaries.repository import ReadableSummary
from service.cases.validation import age_text
from service.cases.view import display_names
from service.errors import BadInput, FieldError, NotFound
from service.evidence_view import evidence_view
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

MOST_ROWS = 2**63 - 1
"""Neither database counts rows beyond a signed 64-bit integer."""


def side_view(
    found: ReadableCase | ReadableSummary, names: Mapping[int, str], today: date
) -> SideOut:
    """One case as a side of an alert."""
    return SideOut(**side_fields(found, names, today))


def side_fields(
    found: ReadableCase | ReadableSummary, names: Mapping[int, str], today: date
) -> dict[str, str | None]:
    """The fields of a side, for the models that have these and more.

    Args:
        found: The case.
        names: The names to show of cases that may be read in full, by internal id.
        today: The day on which ages are told.
    """
    case, owner = found.case, found.owner
    return {
        "case_id": case.public_id,
        "record_id": case.record_id if found.full else None,
        "authority": owner.code,
        "kind": case.kind,
        "access": found.access,
        "age": age_text(case.birth_earliest, case.birth_latest, today),
        "sex": case.sex,
        "event_country": case.event_country,
        "display_name": names.get(case.id or 0),
        "contact": " ".join(part for part in (owner.name, owner.email, owner.phone) if part),
    }


def alert_views(work: UnitOfWork, pairs: Sequence[AlertedPair]) -> list[AlertOut]:
    """Alerts as they stand in the queue."""
    repository = CaseRepository(work.session, work.actor)
    names = display_names(repository, [side for pair in pairs for side in (pair.left, pair.right)])
    today = work.clock().date()
    return [_alert_view(pair, names, today) for pair in pairs]


def _alert_view(pair: AlertedPair, names: Mapping[int, str], today: date) -> AlertOut:
    alert = pair.alert
    same_owner = pair.left.case.authority_id == pair.right.case.authority_id
    return AlertOut(
        alert_id=alert.public_id,
        link="duplicate" if same_owner else "match",
        colour=LINK_COLOURS[AlertStatus(alert.status)],
        left=side_view(pair.left, names, today),
        right=side_view(pair.right, names, today),
        match_weight=round(alert.match_weight, 2),
        probability=round(alert.probability, 6),
        band=alert.band,
        status=alert.status,
        raised_at=alert.raised_at,
    )


def alert_detail(work: UnitOfWork, pair: AlertedPair) -> AlertDetail:
    """An alert with evidence and verdicts."""
    alert = pair.alert
    verdicts = AlertRepository(work.session, work.actor).verdicts(alert.id or 0)
    may_decide = work.actor.may(Permission.ALERT_DECIDE) and alert.status not in SETTLED
    return AlertDetail(
        **alert_views(work, [pair])[0].model_dump(),
        prior=round(alert.prior, 3),
        profile=alert.profile_id,
        index_generation=alert.index_generation,
        evidence=evidence_view(
            alert.evidence,
            show_left=pair.left.full,
            show_right=pair.right.full,
            language=work.language,
        ),
        verdicts=[verdict_view(item) for item in verdicts],
        may_decide=may_decide,
    )


def verdict_view(verdict: Verdict) -> VerdictOut:
    """A verdict as stored."""
    return VerdictOut(
        verdict_id=verdict.public_id,
        profile=verdict.profile_id,
        **verdict.model_dump(
            include={
                "verdict",
                "reason",
                "basis",
                "decided_at",
                "decided_by",
                "authority",
                "match_weight",
                "withdrawn_at",
                "withdrawn_by",
                "withdraw_reason",
            }
        ),
    )


def alert_page(work: UnitOfWork, pairs: Sequence[AlertedPair], *, limit: int) -> AlertPage:
    """A page of the queue with the cursor of the next."""
    last = pairs[-1].alert if len(pairs) == limit else None
    return AlertPage(alerts=alert_views(work, pairs), next=_cursor(last) if last else None)


def _cursor(alert: Alert) -> str:
    return f"{alert.match_weight!r}_{alert.id}"


def parse_cursor(text: str) -> tuple[float, int] | None:
    """Read the cursor of a page; empty is the first page.

    Raises:
        BadInput: If it is none of ours.
    """
    if not text:
        return None
    weight, _, alert_id = text.partition("_")
    try:
        cursor = float(weight), int(alert_id)
    except ValueError:
        cursor = math.nan, 0
    if not math.isfinite(cursor[0]) or not 0 <= cursor[1] <= MOST_ROWS:
        raise BadInput.of(FieldError("after", "is not a cursor of this list"))
    return cursor


def cluster_view(work: UnitOfWork, public_id: str) -> ClusterOut:
    """A cluster as far as the actor may read its cases.

    Raises:
        NotFound: If there is none, or the actor may read none of its cases in full.
    """
    clusters = ClusterRepository(work.session)
    cluster = clusters.by_public_id(public_id)
    repository = CaseRepository(work.session, work.actor)
    found = repository.summaries(clusters.members(cluster.id or 0))
    if not any(item.full for item in found.values()):
        raise NotFound("no cluster has this id")
    names = display_names(repository, found.values())
    today = work.clock().date()
    return ClusterOut(
        cluster_id=cluster.public_id,
        formed_at=cluster.formed_at,
        cases=[side_view(found[case_id], names, today) for case_id in sorted(found)],
    )
