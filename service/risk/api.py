"""HTTP for indicators and flags."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from service.audit.schemas import AuditEvent
from service.cases.repository import CaseRepository
from service.dependencies import Work
from service.errors import Forbidden
from service.risk.operations import answer_indicators, decide_flag
from service.risk.repository import RiskRepository
from service.risk.schemas import AnswersIn, DecisionIn, FlagOut, IndicatorsOut
from service.risk.view import flag_view, indicators_view, named_cases
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["risk"])

MAX_FLAGS = 200


class FlagsOut(BaseModel):
    """Flags on the cases of one's authority, newest first."""

    flags: list[FlagOut]


@router.get("/cases/{case_id}/indicators")
def read(case_id: str, work: Work) -> IndicatorsOut:
    """The indicator matrix of a case that one may read in full."""
    return read_indicators(work, case_id)


def read_indicators(work: UnitOfWork, case_id: str) -> IndicatorsOut:
    """The indicator matrix of a case, logged.

    Raises:
        Forbidden: If the case may not be read in full.
    """
    work.actor.require(Permission.RISK_READ)
    found = CaseRepository(work.session, work.actor).get(case_id)
    if not found.full:
        raise Forbidden("indicators are shown to those who may read the case in full")
    flags = RiskRepository(work.session, work.actor).flags_of(found.case.id or 0)
    work.audit(AuditEvent("risk:read", case_ids=(case_id, *named_cases(flags))))
    return indicators_view(work, found)


@router.put("/cases/{case_id}/indicators")
def answer(case_id: str, draft: AnswersIn, work: Work) -> IndicatorsOut:
    """Answer indicators: yes, no or unknown, with evidence."""
    answer_indicators(work, case_id, draft)
    return read_indicators(work, case_id)


@router.get("/risk/flags")
def flags(
    work: Work,
    status: str = "open",
    limit: Annotated[int, Query(ge=1, le=MAX_FLAGS)] = 50,
) -> FlagsOut:
    """Flags that wait for a person."""
    return read_flags(work, status=status, limit=limit)


def read_flags(work: UnitOfWork, *, status: str, limit: int) -> FlagsOut:
    """Flags of a status, logged."""
    work.actor.require(Permission.RISK_READ)
    found = RiskRepository(work.session, work.actor).flags(status=status, limit=limit)
    views = [flag_view(work, flag) for flag in found]
    ids = {view.case_id for view in views} | set(named_cases(found))
    work.audit(AuditEvent("risk:list", case_ids=tuple(sorted(ids))))
    return FlagsOut(flags=views)


@router.post("/risk/flags/{flag_id}/decision")
def decide(flag_id: str, draft: DecisionIn, work: Work) -> FlagOut:
    """Decide on a flag, with a reason."""
    flag = decide_flag(work, flag_id, draft)
    work.audit(AuditEvent("risk:show", case_ids=named_cases([flag])))
    return flag_view(work, flag)
