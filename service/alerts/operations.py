"""Raise possible links, decide on them, take decisions back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matching.evidence import Assessment, Band
from service.alerts.clusters import recluster
from service.alerts.models import Alert, Verdict
from service.alerts.repository import AlertRepository, WaitingRepository
from service.alerts.schemas import SETTLED, WAITING, AlertStatus, VerdictCode, VerdictIn
from service.audit.schemas import AuditEvent
from service.cases.models import Case
from service.cases.operations import StoredCase, is_open
from service.cases.repository import CaseRepository
from service.cases.summaries.repository import CaseSummary, ReadableSummary
from service.errors import Conflict, Forbidden, NotFound
from service.evidence_view import evidence_to_json
from service.identifiers import new_public_id
from service.index.base import Scope
from service.linkage import Linkage
from service.risk.operations import refresh_signs
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

ALERTING = frozenset({Band.POSSIBLE, Band.PROBABLE, Band.STRONG})
"""Bands from which a possible link is worth a person's look."""


@dataclass(frozen=True, slots=True)
class AlertedPair:
    """An alert with both its cases as the actor may read them."""

    alert: Alert
    left: ReadableSummary
    right: ReadableSummary


@dataclass(frozen=True, slots=True)
class Raised:
    """What comparing one case gave.

    Attributes:
        alerts: Those raised or raised again, by falling match weight.
        complete: Whether every case could be met; if not, the case goes on waiting.
        lags: Whether changes that were not carried to the index are why.
    """

    alerts: list[Alert]
    complete: bool
    lags: bool = False


def raise_alerts(work: UnitOfWork, linkage: Linkage, stored: StoredCase, *, limit: int) -> Raised:
    """Compare a stored case with the collection and raise what may be a link.

    The case waits to be compared from now on if, and only if, the index could not meet
    every case.
    """
    case = stored.case
    case_id = case.id or 0
    lowest = linkage.lowest(ALERTING)
    scope = Scope(exclude=frozenset({case_id}))
    found = linkage.rank(work.session, stored.record, scope=scope, limit=limit, least_bits=lowest)
    known = AlertRepository(work.session, work.actor).by_pair(case_id)
    # A partner that retrieval no longer brings among the first is compared all the same.
    partners = {other for pair in known for other in pair} - {case_id}
    missed = partners - {item.case_id for item in found.found.items}
    rankings = [found]
    if missed:
        rankings.append(linkage.rank_cases(work.session, stored.record, missed, least_bits=lowest))
    likely = [
        item
        for ranking in rankings
        for item in ranking.explain(ranking.at_least(lowest))
        if item.assessment.band in ALERTING
    ]
    cases = CaseRepository(work.session, work.actor).summaries([item.case_id for item in likely])
    standing = {item.case_id: item for item in likely if is_open(cases[item.case_id].case)}
    raised = []
    for other, item in standing.items():
        alert = raise_pair(work, known, (case, cases[other].case), item.assessment)
        if alert is not None:
            alert.profile_id = linkage.profile.id
            alert.index_generation = found.generation
            work.session.add(alert)
            raised.append(alert)
    _lapse(known, case_id, set(standing))
    waiting = WaitingRepository(work.session)
    if found.found.complete:
        waiting.drop([case_id])
    else:
        waiting.keep(case_id)
    work.session.flush()
    if raised:
        pairs = {i for alert in raised for i in (alert.left_id, alert.right_id)} - {case_id}
        others = tuple(cases[other].case.public_id for other in sorted(pairs))
        work.audit(AuditEvent("alert:raise", case_ids=(case.public_id, *others)))
    return Raised(raised, found.found.complete, found.found.lags)


def raise_pair(
    work: UnitOfWork,
    known: dict[tuple[int, int], Alert],
    pair: tuple[Case | CaseSummary, Case | CaseSummary],
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


def pair_digests(left: Case | CaseSummary, right: Case | CaseSummary) -> str:
    """The content of both cases at the time of a comparison."""
    return f"{left.content_digest}:{right.content_digest}"


def _lapse(known: dict[tuple[int, int], Alert], case_id: int, standing: set[int]) -> None:
    """Open alerts whose evidence went away leave the queue."""
    for (left, right), alert in known.items():
        other = right if left == case_id else left
        if alert.status not in SETTLED and other not in standing:
            alert.status = AlertStatus.LAPSED.value


def lapse_all(work: UnitOfWork, case: Case) -> None:
    """A closed case asks for no decisions any more."""
    case_id = case.id or 0
    _lapse(AlertRepository(work.session, work.actor).by_pair(case_id), case_id, set())
    WaitingRepository(work.session).drop([case_id])


def alerted_pairs(work: UnitOfWork, alerts: Iterable[Alert]) -> list[AlertedPair]:
    """Alerts with both cases as the actor may read them."""
    rows = list(alerts)
    ids = {case_id for alert in rows for case_id in (alert.left_id, alert.right_id)}
    cases = CaseRepository(work.session, work.actor).summaries(ids)
    return [AlertedPair(alert, cases[alert.left_id], cases[alert.right_id]) for alert in rows]


def shown_cases(pairs: Iterable[AlertedPair]) -> tuple[str, ...]:
    """Public ids of all cases on either side, for the trail."""
    ids = {side.case.public_id for pair in pairs for side in (pair.left, pair.right)}
    return tuple(sorted(ids))


def decide(work: UnitOfWork, alert_id: str, draft: VerdictIn) -> Verdict:
    """Settle an alert, or say that one is unsure.

    Raises:
        Forbidden: If the actor owns neither case.
        Conflict: If the alert is settled (withdraw that verdict first) or lapsed.
    """
    work.actor.require(Permission.ALERT_DECIDE)
    repository = AlertRepository(work.session, work.actor)
    pair = alerted_pairs(work, [repository.get(alert_id, lock=True)])[0]
    alert = pair.alert
    if alert.status in SETTLED:
        raise Conflict("the alert is settled; withdraw the verdict first")
    if alert.status not in WAITING:
        raise Conflict("the alert has lapsed: a case is closed or its evidence went away")
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
    refresh_signs(work, (alert.left_id, alert.right_id))
    _audit_decision(work, pair, "alert:decide", draft.verdict.value)
    return verdict


def withdraw(work: UnitOfWork, alert_id: str, verdict_id: str, reason: str) -> Verdict:
    """Take a verdict back: what the verdicts left say stands, and a cluster may split.

    Raises:
        NotFound: If the alert has no such verdict.
        Conflict: If it was withdrawn already.
        Forbidden: If another authority decided.
    """
    work.actor.require(Permission.ALERT_DECIDE)
    repository = AlertRepository(work.session, work.actor)
    pair = alerted_pairs(work, [repository.get(alert_id, lock=True)])[0]
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
    pair.alert.status = _status_left(pair, verdicts).value
    work.session.flush()
    if verdict.verdict == VerdictCode.SAME.value:
        recluster(work, (pair.alert.left_id, pair.alert.right_id))
    refresh_signs(work, (pair.alert.left_id, pair.alert.right_id))
    _audit_decision(work, pair, "alert:withdraw", verdict.verdict)
    return verdict


def _status_left(pair: AlertedPair, verdicts: Sequence[Verdict]) -> AlertStatus:
    """What the newest verdict that stands says of the pair as it is now."""
    newest = next((item for item in reversed(verdicts) if item.withdrawn_at is None), None)
    # A confirmed link outlives changed claims; any other verdict spoke of what was claimed then.
    is_current = newest is not None and (
        newest.verdict == VerdictCode.SAME.value or newest.digests == pair.alert.digests
    )
    if newest is not None and is_current and newest.verdict in SETTLED:
        return AlertStatus(newest.verdict)
    if pair.alert.status == AlertStatus.LAPSED.value or not all(
        is_open(side.case) for side in (pair.left, pair.right)
    ):
        return AlertStatus.LAPSED
    return AlertStatus(newest.verdict) if newest is not None and is_current else AlertStatus.OPEN


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
