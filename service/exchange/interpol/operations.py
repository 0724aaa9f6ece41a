"""Find released cases and show them as yellow notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matching.record import Name, PersonRecord
from service.audit.schemas import AuditEvent
from service.cases.models import Case, Photograph
from service.cases.records.repository import matching_records
from service.cases.vocabulary import Channel
from service.errors import BadInput, FieldError, NotFound
from service.exchange.interpol.notices import (
    age_fits,
    case_number,
    detail,
    entity_id,
    lacks,
    summary,
)
from service.exchange.interpol.schemas import NoticeQuery
from service.exchange.repository import public_photographs, released_cases
from service.index.base import Scope
from service.linkage import Linkage
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

MOST_REACHABLE = 160
"""No query reaches more notices: whoever wants all of them has to say whom they look for."""
CANDIDATES = 1_000
LEAST_NAME_BITS = 4.0
"""A name counts as found from here: one uncommon part, or several common ones."""
PURPOSE = "public_notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """A released case with what a notice shows of it."""

    case: Case
    record: PersonRecord
    photographs: list[Photograph]


def list_notices(
    work: UnitOfWork, linkage: Linkage, query: NoticeQuery, base_url: str
) -> tuple[int, list[dict[str, Any]]]:
    """One page of notices.

    Returns:
        The true number of notices found, and those of the page.

    Raises:
        BadInput: If the page lies beyond what is reachable.
    """
    work.actor.require(Permission.EXCHANGE_NOTICES)
    found = _find(work, linkage, query)
    reachable = min(len(found), MOST_REACHABLE)
    start = (query.page - 1) * query.result_per_page
    if start and start >= reachable:
        raise BadInput.of(FieldError("page", "lies beyond the reachable results"))
    page = found[start : min(start + query.result_per_page, reachable)]
    work.audit(
        AuditEvent(
            "notice:list",
            purpose=PURPOSE,
            case_ids=tuple(notice.case.public_id for notice in page),
            detail={"query": query.model_dump(exclude_none=True), "total": len(found)},
        )
    )
    return len(found), [
        summary(notice.case, notice.record, base_url, notice.photographs) for notice in page
    ]


def _find(work: UnitOfWork, linkage: Linkage, query: NoticeQuery) -> list[Notice]:
    ranked: list[int] | None = None
    text = query.text()
    if text:
        asked = PersonRecord("query", names=(Name.of(text),))
        least_bits = linkage.profile.prior + LEAST_NAME_BITS
        hits = linkage.find(
            work.session, asked, scope=Scope(), limit=CANDIDATES, least_bits=least_bits
        )
        ranked = [
            item.case_id
            for item in hits.items
            if item.assessment.evidence[0].weight >= LEAST_NAME_BITS
        ]
    notices = _notices(work, ranked)
    order = ranked if ranked is not None else sorted(notices, reverse=True)
    today = work.clock().date()
    return [
        notices[case_id]
        for case_id in order
        if case_id in notices
        and _fits(notices[case_id], query)
        and age_fits(notices[case_id].record, today, query.age_min, query.age_max)
    ]


def _fits(notice: Notice, query: NoticeQuery) -> bool:
    record = notice.record
    if query.nationality and query.nationality not in record.nationalities:
        return False
    return not query.sex_id or (query.sex_id == record.sex.value)


def _notices(work: UnitOfWork, ids: list[int] | None) -> dict[int, Notice]:
    cases = released_cases(work.session, Channel.INTERPOL, ids)
    records = matching_records(work.session, cases.keys())
    photographs = public_photographs(work.session, cases.keys())
    return {
        case_id: Notice(case, records[case_id], photographs[case_id])
        for case_id, (case, _) in cases.items()
        if not lacks(records[case_id], len(photographs[case_id]))
    }


def read_notice(work: UnitOfWork, path_id: str, action: str) -> Notice:
    """One notice.

    Raises:
        NotFound: If there is none, or it is released no longer.
    """
    work.actor.require(Permission.EXCHANGE_NOTICES)
    number = case_number(path_id)
    notice = _notices(work, [number]).get(number) if number is not None and number > 0 else None
    if notice is None or entity_id(notice.case) != path_id.replace("-", "/"):
        raise NotFound("no notice has this number")
    work.audit(AuditEvent(action, purpose=PURPOSE, case_ids=(notice.case.public_id,)))
    return notice


def notice_detail(work: UnitOfWork, notice: Notice, base_url: str) -> dict[str, Any]:
    """A notice in full."""
    today = work.clock().date()
    return detail(notice.case, notice.record, base_url, notice.photographs, today)
