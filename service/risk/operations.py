"""Answer indicators, compute signs, raise flags, decide on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from service.audit.schemas import AuditEvent
from service.cases.models import Case
from service.cases.repository import CaseRepository
from service.errors import BadInput, FieldError
from service.identifiers import new_public_id
from service.risk.indicators import LISTS, load_list
from service.risk.models import IndicatorAnswer, RiskFlag
from service.risk.repository import RiskRepository
from service.risk.schemas import AnswersIn, DecisionIn
from service.risk.signs import COMPUTED, Sign, compute_signs
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


def refresh_signs(work: UnitOfWork, case: Case) -> list[RiskFlag]:
    """Compute the signs around one case; others that share something get their flags too."""
    work.session.flush()
    return _refresh(work, [case.id or 0])


def refresh_all_signs(work: UnitOfWork, case_ids: Collection[int]) -> int:
    """Compute the signs around many cases at once.

    Returns:
        How many flags were raised or renewed.
    """
    return len(_refresh(work, case_ids))


def _refresh(work: UnitOfWork, case_ids: Collection[int]) -> list[RiskFlag]:
    repository = RiskRepository(work.session, work.actor)
    signs = compute_signs(repository, case_ids, work.clock().date())
    grouped: dict[tuple[int, str], list[Sign]] = defaultdict(list)
    for sign in signs:
        grouped[sign.case_id, sign.code].append(sign)
    involved = {case_id for case_id, _ in grouped} | set(case_ids)
    standing = repository.standing(involved)
    cases = repository.cases(involved | {other for sign in signs for other in sign.others})
    raised = []
    for (case_id, code), found in sorted(grouped.items()):
        flag = _raise(work, standing.get((case_id, code)), found, cases)
        if flag is not None:
            raised.append(flag)
    for (case_id, code), flag in standing.items():
        gone = case_id in set(case_ids) and code in COMPUTED and (case_id, code) not in grouped
        if gone and flag.status == OPEN:
            flag.status = LAPSED
    work.session.flush()
    return raised


def _raise(
    work: UnitOfWork, flag: RiskFlag | None, signs: list[Sign], cases: dict[int, Case]
) -> RiskFlag | None:
    """Raise or renew a flag; None when it says the same as before."""
    reasons = [
        {
            "reason": sign.reason,
            "params": sign.params,
            "cases": sorted(cases[other].public_id for other in sign.others),
        }
        for sign in signs
    ]
    if flag is not None and flag.reasons == reasons and flag.status != LAPSED:
        return None
    if flag is None:
        flag = RiskFlag(
            public_id=new_public_id(),
            case_id=signs[0].case_id,
            sign=signs[0].code,
            matrix_version=load_list("early-warning").version,
            reasons=reasons,
            raised_at=work.clock(),
        )
        work.session.add(flag)
        return flag
    flag.reasons = reasons
    flag.matrix_version = load_list("early-warning").version
    flag.raised_at = work.clock()
    flag.status = OPEN
    return flag


def decide_flag(work: UnitOfWork, flag_id: str, draft: DecisionIn) -> RiskFlag:
    """Decide on a flag; it comes back only when its reasons change.

    Raises:
        NotFound: If there is no such flag on a case of the actor's authority.
    """
    work.actor.require(Permission.RISK_DECIDE)
    repository = RiskRepository(work.session, work.actor)
    flag = repository.flag(flag_id)
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
