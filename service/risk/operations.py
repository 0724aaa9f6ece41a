"""Answer indicators, compute signs, raise flags, decide on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from service.audit.schemas import AuditEvent
from service.cases.repository import CaseRepository
from service.errors import BadInput, Conflict, FieldError
from service.identifiers import new_public_id
from service.risk.indicators import LISTS, load_list
from service.risk.models import IndicatorAnswer, RiskFlag
from service.risk.repository import CaseFacts, RiskRepository
from service.risk.schemas import AnswersIn, DecisionIn
from service.risk.signs import COMPUTED, Around, Sign, compute_signs
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

OPEN, SETTLED, LAPSED = "open", "decided", "lapsed"


def answer_indicators(work: UnitOfWork, public_id: str, draft: AnswersIn) -> None:
    """Add answers to the matrix of a case of one's own authority.

    Raises:
        Forbidden: If another authority owns the case.
        BadInput: Naming each unknown list or indicator.
    """
    work.actor.require(Permission.RISK_DECIDE)
    case = CaseRepository(work.session, work.actor).get_own(public_id).case
    errors = []
    for place, answer in enumerate(draft.answers):
        if answer.list not in LISTS:
            errors.append(FieldError(f"answers.{place}.list", "is no known list"))
        elif answer.indicator not in load_list(answer.list).indicators():
            errors.append(FieldError(f"answers.{place}.indicator", "is not on this list"))
    if errors:
        raise BadInput.of(*errors)
    now = work.clock()
    work.session.add_all(
        IndicatorAnswer(
            case_id=case.id or 0,
            list_id=answer.list,
            indicator=answer.indicator,
            answer=answer.answer.value,
            evidence=answer.evidence,
            answered_at=now,
            answered_by=work.actor.name,
        )
        for answer in draft.answers
    )
    work.session.flush()
    detail = {"answers": len(draft.answers)}
    work.audit(AuditEvent("risk:answer", case_ids=(public_id,), detail=detail))


def refresh_signs(work: UnitOfWork, case_ids: Collection[int]) -> None:
    """Bring the flags in step around cases that were stored, changed, linked or closed.

    Every case whose reasons may have changed is computed whole, whoever owns it: those
    that share or shared something with the given ones, and those linked with them.
    """
    work.session.flush()
    repository = RiskRepository(work.session, work.actor)
    given, near = set(case_ids), Around.of(repository, case_ids)
    standing = repository.standing(given)
    affected = given | repository.named_in(standing.values()) | near.sharing | near.linked
    if affected != given:
        near, standing = Around.of(repository, affected), repository.standing(affected)
    cases = repository.cases(affected | near.sharing | near.linked)
    signs = compute_signs(repository, affected, near, cases, work.clock().date())
    grouped: dict[tuple[int, str], list[Sign]] = defaultdict(list)
    for sign in signs:
        if sign.case_id in affected:
            grouped[sign.case_id, sign.code].append(sign)
    for key, found in sorted(grouped.items()):
        _raise(work, standing.get(key), found, cases)
    for key, flag in standing.items():
        if key not in grouped and flag.sign in COMPUTED and flag.status == OPEN:
            flag.status = LAPSED
    work.session.flush()


def _raise(
    work: UnitOfWork, flag: RiskFlag | None, signs: list[Sign], cases: dict[int, CaseFacts]
) -> None:
    """Raise or renew a flag; one that was decided comes back only for a new reason."""
    reasons = [
        {
            "reason": sign.reason,
            "params": sign.params,
            "cases": sorted(cases[other].public_id for other in sign.others),
        }
        for sign in signs
    ]
    version = load_list("early-warning").version
    if flag is None:
        work.session.add(
            RiskFlag(
                public_id=new_public_id(),
                case_id=signs[0].case_id,
                sign=signs[0].code,
                matrix_version=version,
                reasons=reasons,
                raised_at=work.clock(),
            )
        )
        return
    is_news = bool(_facts(reasons) - _facts(flag.reasons))
    if flag.status == SETTLED and not is_news:
        return
    if is_news or flag.status == LAPSED:
        flag.raised_at = work.clock()
    flag.status = OPEN
    flag.reasons = reasons
    flag.matrix_version = version


def _facts(reasons: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """What a person would call one reason: its kind, and the other case where there is one."""
    return {(item["reason"], case) for item in reasons for case in item["cases"] or [""]}


def decide_flag(work: UnitOfWork, flag_id: str, draft: DecisionIn) -> RiskFlag:
    """Decide on a flag; it comes back only when its reasons change.

    Raises:
        NotFound: If there is no such flag on a case of the actor's authority.
        Conflict: If it waits for no decision.
    """
    work.actor.require(Permission.RISK_DECIDE)
    repository = RiskRepository(work.session, work.actor)
    flag = repository.flag(flag_id)
    if flag.status != OPEN:
        raise Conflict("the sign is decided already, or lapsed")
    flag.status = SETTLED
    flag.decision = draft.decision.value
    flag.decision_reason = draft.reason
    flag.decided_at = work.clock()
    flag.decided_by = work.actor.name
    work.session.flush()
    case = repository.cases([flag.case_id])[flag.case_id]
    detail = {"flag": flag_id, "sign": flag.sign, "decision": draft.decision.value}
    work.audit(AuditEvent("risk:decide", case_ids=(case.public_id,), detail=detail))
    return flag
