"""Indicators and flags as an actor may read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.cases.repository import CaseRepository, ReadableCase
from service.risk.indicators import LISTS, Answer, Finding, IndicatorList, load_list
from service.risk.models import IndicatorAnswer, RiskFlag
from service.risk.repository import RiskRepository
from service.risk.schemas import DimensionOut, FlagOut, IndicatorOut, IndicatorsOut, ListOut
from service.store.unit_of_work import UnitOfWork


def indicators_view(work: UnitOfWork, found: ReadableCase) -> IndicatorsOut:
    """The indicator matrix of a case with findings and flags."""
    repository = RiskRepository(work.session, work.actor)
    answers = repository.answers(found.case.id or 0)
    flags = repository.flags_of(found.case.id or 0)
    return IndicatorsOut(
        case_id=found.case.public_id,
        lists=[_list_view(load_list(list_id), answers) for list_id in LISTS],
        flags=[flag_view(work, flag) for flag in flags],
    )


def _list_view(of_list: IndicatorList, answers: dict[tuple[str, str], IndicatorAnswer]) -> ListOut:
    given = {
        code: Answer(row.answer) for (name, code), row in answers.items() if name == of_list.id
    }
    findings: dict[str, Finding] = {}
    dimensions = []
    for dimension in of_list.dimension:
        findings[dimension.code] = of_list.finding(dimension, given)
        rows = [(item, answers.get((of_list.id, item.code))) for item in dimension.indicators]
        dimensions.append(
            DimensionOut(
                code=dimension.code,
                title=dimension.title,
                finding=findings[dimension.code],
                indicators=[
                    IndicatorOut(
                        **item.model_dump(),
                        answer=Answer(row.answer) if row else Answer.UNKNOWN,
                        evidence=row.evidence if row else "",
                        answered_by=row.answered_by if row else "",
                        answered_at=row.answered_at if row else None,
                    )
                    for item, row in rows
                ],
            )
        )
    return ListOut(
        id=of_list.id,
        title=of_list.title,
        source=of_list.source,
        source_status=of_list.source_status,
        version=of_list.version,
        finding=of_list.overall(findings),
        dimensions=dimensions,
    )


def flag_view(work: UnitOfWork, flag: RiskFlag) -> FlagOut:
    """A flag; of cases of others it names the owner to ask, not the case."""
    cases = CaseRepository(work.session, work.actor)
    own = cases.by_ids([flag.case_id])[flag.case_id]
    indicator = load_list("early-warning").indicators()[flag.sign]
    return FlagOut(
        flag_id=flag.public_id,
        case_id=own.case.public_id,
        text=indicator.text,
        base=indicator.base,
        reasons=[_reason_view(cases, reason) for reason in flag.reasons],
        **flag.model_dump(
            include={
                "sign",
                "matrix_version",
                "raised_at",
                "status",
                "decision",
                "decision_reason",
                "decided_at",
                "decided_by",
            }
        ),
    )


def named_cases(flags: Iterable[RiskFlag]) -> tuple[str, ...]:
    """Public ids of the cases that flags lead to, for the trail."""
    return tuple(
        sorted({case for flag in flags for reason in flag.reasons for case in reason["cases"]})
    )


def _reason_view(cases: CaseRepository, reason: dict[str, Any]) -> dict[str, Any]:
    involved = []
    for public_id in reason["cases"]:
        found = cases.get(public_id)
        owner = {"authority": found.owner.code, "contact": found.owner.email}
        involved.append({"case_id": public_id, **owner} if found.full else owner)
    return {"reason": reason["reason"], "params": reason["params"], "cases": involved}
