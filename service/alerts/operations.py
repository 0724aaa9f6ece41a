"""Raise possible links, decide on them, take decisions back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matching.evidence import Assessment, Band
from service.alerts.clusters import recluster
from service.alerts.models import Alert, Verdict
from service.alerts.repository import AlertRepository
from service.alerts.schemas import SETTLED, AlertStatus, VerdictCode, VerdictIn
from service.audit.schemas import AuditEvent
from service.cases.models import Case
from service.cases.operations import StoredCase
from service.cases.repository import CaseRepository, ReadableCase
from service.errors import Conflict, Forbidden, NotFound
from service.evidence_view import evidence_to_json
from service.identifiers import new_public_id
from service.index.base import Scope
from service.linkage import AssessedCandidates, Linkage
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

ALERTING = frozenset({Band.POSSIBLE, Band.PROBABLE, Band.STRONG})
"""Bands from which a possible link is worth a person's look."""


@dataclass(frozen=True, slots=True)
class AlertedPair:
    """An alert with both its cases as the actor may read them."""

    alert: Alert
    left: ReadableCase
    right: ReadableCase


def raise_alerts(
    work: UnitOfWork, linkage: Linkage, stored: StoredCase, *, limit: int
) -> list[Alert]:
    """Compare a stored case with the collection and raise what may be a link.

    Returns:
        The alerts raised or raised again, by falling match weight.
    """
    case_id = stored.case.id or 0
    found = linkage.find(
        work.session, stored.record, scope=Scope(exclude=frozenset({case_id})), limit=limit
    )
    raised = record_candidates(work, stored.case, found, profile_id=linkage.profile.id)
    _lapse(work, stored.case, {item.case_id for item in _worth_a_look(found)})
    if raised:
        work.audit(AuditEvent("alert:raise", case_ids=(stored.case.public_id,)))
    return raised


def _worth_a_look(found: AssessedCandidates) -> list[_Candidate]:
    return [
        _Candidate(item.case_id, item.assessment)
        for item in found.items
        if item.assessment.band in ALERTING
    ]


@dataclass(frozen=True, slots=True)
class _Candidate:
    case_id: int
    assessment: Assessment


def record_candidates(
    work: UnitOfWork, case: Case, found: AssessedCandidates, *, profile_id: str
) -> list[Alert]:
    """Store alerts for the candidates that are worth a look."""
    candidates = _worth_a_look(found)
    repository = AlertRepository(work.session, work.actor)
    known = repository.by_pair(case.id or 0)
    cases = CaseRepository(work.session, work.actor).by_ids([item.case_id for item in candidates])
    raised = []
    for item in candidates:
        other = cases[item.case_id].case
        alert = raise_pair(work, known, (case, other), item.assessment)
        if alert is not None:
            alert.profile_id = profile_id
            alert.index_generation = found.generation
            work.session.add(alert)
            raised.append(alert)
    work.session.flush()
    return raised


def raise_pair(
    work: UnitOfWork,
    known: dict[tuple[int, int], Alert],
    pair: tuple[Case, Case],
    assessment: Assessment,
) -> Alert | None:
    """Make or renew the alert of a pair; None when it is settled and nothing changed.

    Args:
        work: The unit of work.
        known: Alerts that exist, by pair of internal ids.
        pair: The compared cases, the query first.
        assessment: Of the query against the other.
    """
    queried, other = pair
    left, right = sorted(pair, key=lambda case: case.id or 0)
    digests = pair_digests(left, right)
    alert = known.get((left.id or 0, right.id or 0))
    if alert is not None and alert.digests == digests:
        return None if alert.status in SETTLED else _set(alert, assessment, swap=other is left)
    if alert is None:
        alert = Alert(
            public_id=new_public_id(),
            left_id=left.id or 0,
            right_id=right.id or 0,
            match_weight=0,
            probability=0,
            band="",
            prior=0,
            evidence=[],
            digests=digests,
            profile_id="",
            index_generation="",
            raised_at=work.clock(),
            raised_by=queried.public_id,
        )
    elif alert.status != AlertStatus.SAME.value:
        # A claim changed since the pair was settled or lapsed: a person looks again.
        alert.status = AlertStatus.OPEN.value
        alert.raised_at = work.clock()
        alert.raised_by = queried.public_id
    alert.digests = digests
    return _set(alert, assessment, swap=other is left)


def _set(alert: Alert, assessment: Assessment, *, swap: bool) -> Alert:
    """Put an assessment on an alert; the evidence is stored from the smaller id's side."""
    evidence = [item.swapped() if swap else item for item in assessment.evidence]
    alert.match_weight = assessment.match_weight
    alert.probability = assessment.probability
    alert.band = assessment.band.value
    alert.prior = assessment.prior
    alert.evidence = evidence_to_json(evidence)
    if alert.status == AlertStatus.LAPSED.value:
        alert.status = AlertStatus.OPEN.value
    return alert


def pair_digests(left: Case, right: Case) -> str:
    """The content of both cases at the time of a comparison."""
    return f"{left.content_digest}:{right.content_digest}"


def _lapse(work: UnitOfWork, case: Case, standing: set[int]) -> None:
    """Open alerts whose evidence went away leave the queue."""
    repository = AlertRepository(work.session, work.actor)
    for (left, right), alert in repository.by_pair(case.id or 0).items():
        other = right if left == case.id else left
        if alert.status not in SETTLED and other not in standing:
            alert.status = AlertStatus.LAPSED.value


def lapse_all(work: UnitOfWork, case: Case) -> None:
    """A closed case asks for no decisions any more."""
    _lapse(work, case, set())


def alerted_pairs(work: UnitOfWork, alerts: Iterable[Alert]) -> list[AlertedPair]:
    """Alerts with both cases as the actor may read them."""
    rows = list(alerts)
    ids = {case_id for alert in rows for case_id in (alert.left_id, alert.right_id)}
    cases = CaseRepository(work.session, work.actor).by_ids(ids)
    return [AlertedPair(alert, cases[alert.left_id], cases[alert.right_id]) for alert in rows]


def decide(work: UnitOfWork, alert_id: str, draft: VerdictIn) -> Verdict:
    """Settle an alert, or say that one is unsure.

    Raises:
        Forbidden: If the actor owns neither case.
        Conflict: If the alert is settled; withdraw that verdict first.
    """
    work.actor.require(Permission.ALERT_DECIDE)
    repository = AlertRepository(work.session, work.actor)
    pair = alerted_pairs(work, [repository.get(alert_id)])[0]
    alert = pair.alert
    if alert.status in SETTLED:
        raise Conflict("the alert is settled; withdraw the verdict first")
    verdict = Verdict(
        public_id=new_public_id(),
        alert_id=alert.id or 0,
        verdict=draft.verdict.value,
        reason=draft.reason,
        basis="full" if pair.left.full and pair.right.full else "limited",
        digests=alert.digests,
        profile_id=alert.profile_id,
        match_weight=alert.match_weight,
        decided_at=work.clock(),
        decided_by=work.actor.name,
        authority=work.actor.authority_code,
    )
    work.session.add(verdict)
    alert.status = draft.verdict.value
    work.session.flush()
    if draft.verdict is VerdictCode.SAME:
        recluster(work, (alert.left_id, alert.right_id))
    _audit_decision(work, pair, "alert:decide", draft.verdict.value)
    return verdict


def withdraw(work: UnitOfWork, alert_id: str, verdict_id: str, reason: str) -> Verdict:
    """Take a verdict back; the alert waits again and a cluster may split.

    Raises:
        NotFound: If the alert has no such verdict.
        Conflict: If it was withdrawn already.
        Forbidden: If another authority decided.
    """
    work.actor.require(Permission.ALERT_DECIDE)
    repository = AlertRepository(work.session, work.actor)
    pair = alerted_pairs(work, [repository.get(alert_id)])[0]
    verdicts = repository.verdicts(pair.alert.id or 0)
    verdict = next((item for item in verdicts if item.public_id == verdict_id), None)
    if verdict is None:
        raise NotFound("the alert has no verdict with this id")
    if verdict.withdrawn_at is not None:
        raise Conflict("the verdict was withdrawn already")
    if not work.actor.reads_all and verdict.authority != work.actor.authority_code:
        raise Forbidden("only the authority that decided may withdraw")
    verdict.withdrawn_at = work.clock()
    verdict.withdrawn_by = work.actor.name
    verdict.withdraw_reason = reason
    was_settling = verdict.verdict == pair.alert.status
    if was_settling:
        pair.alert.status = AlertStatus.OPEN.value
    work.session.flush()
    if verdict.verdict == VerdictCode.SAME.value:
        recluster(work, (pair.alert.left_id, pair.alert.right_id))
    _audit_decision(work, pair, "alert:withdraw", verdict.verdict)
    return verdict


def _audit_decision(work: UnitOfWork, pair: AlertedPair, action: str, verdict: str) -> None:
    work.audit(
        AuditEvent(
            action,
            case_ids=(pair.left.case.public_id, pair.right.case.public_id),
            detail={
                "alert": pair.alert.public_id,
                "verdict": verdict,
                "profile": pair.alert.profile_id,
                "index_generation": pair.alert.index_generation,
            },
        )
    )
