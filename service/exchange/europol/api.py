"""HTTP for hit/no-hit queries and follow-ups."""

from __future__ import annotations

from fastapi import APIRouter

from service.audit.schemas import AuditEvent
from service.dependencies import AppParts, Work
from service.exchange.europol.operations import (
    ask_follow_up,
    decide_follow_up,
    follow_up_view,
    read_reply,
    run_query,
)
from service.exchange.europol.repository import EuropolRepository
from service.exchange.europol.schemas import (
    FollowUpDecisionIn,
    FollowUpIn,
    FollowUpOut,
    QueryIn,
    ReplyOut,
)
from service.security.policy import Permission

router = APIRouter(prefix="/europol/v1", tags=["europol"])


@router.post("/queries")
def query(body: QueryIn, work: Work, parts: AppParts) -> ReplyOut:
    """Hit or no hit: the number of matches and their references."""
    key = parts.settings.secret_key.get_secret_value()
    return run_query(work, parts.linkage, body, key=key)


@router.get("/queries/{number:path}")
def read(number: str, work: Work) -> ReplyOut:
    """The reply to one of one's own queries."""
    work.actor.require(Permission.EXCHANGE_QUERY)
    found = EuropolRepository(work.session, work.actor).query(number)
    return read_reply(work, found, action="europol:read")


@router.post("/follow-ups", status_code=201)
def ask(body: FollowUpIn, work: Work) -> FollowUpOut:
    """Ask the owner of a hit for data."""
    return follow_up_view(work, ask_follow_up(work, body))


@router.get("/follow-ups/{follow_up_id}")
def show(follow_up_id: str, work: Work) -> FollowUpOut:
    """A follow-up; what was granted stands in it for the one who asked."""
    if not work.actor.may(Permission.EXCHANGE_DECIDE):
        work.actor.require(Permission.EXCHANGE_QUERY)
    repository = EuropolRepository(work.session, work.actor)
    found = repository.follow_up(follow_up_id)
    case = repository.case_of(found)
    detail = {"follow_up": follow_up_id, "recipient": work.actor.authority_code}
    work.audit(AuditEvent("europol:follow_up_read", case_ids=(case.public_id,), detail=detail))
    return follow_up_view(work, found)


@router.post("/follow-ups/{follow_up_id}/decision")
def decide(follow_up_id: str, body: FollowUpDecisionIn, work: Work) -> FollowUpOut:
    """Grant, partly grant or refuse; for the owner's officials."""
    return follow_up_view(work, decide_follow_up(work, follow_up_id, body))
