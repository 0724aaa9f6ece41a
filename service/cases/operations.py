"""Register, read, amend, close and share cases inside one unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from matching.record import PersonRecord
from service.accounts.models import Authority
from service.accounts.repository import AccountRepository
from service.audit.schemas import AuditEvent
from service.cases.claims import claim_value_of, claim_values
from service.cases.models import Case, CaseChange, CaseEvent, Claim, Photograph
from service.cases.records.repository import matching_records, put_records
from service.cases.repository import CaseRepository, ReadableCase
from service.cases.rows import (
    ClaimedRows,
    case_rows,
    claimed_rows,
    particulars_row,
    record_of,
    summary_row,
)
from service.cases.schemas import NOBODY, CaseAmendment, CaseClosure, CaseDraft
from service.cases.summaries.repository import CaseSummary
from service.cases.validation import check_against_today
from service.cases.vocabulary import ClaimKind, Status
from service.errors import BadInput, Conflict, FieldError, Forbidden
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

IDENTIFYING = frozenset(
    {
        ClaimKind.NAME,
        ClaimKind.BIRTH,
        ClaimKind.DESCRIPTION,
        ClaimKind.DOCUMENT,
        ClaimKind.CONTACT,
    }
)
"""A case keeps one of these: without any it is about nobody."""
_TOLD = frozenset({"handling_codes", "release", "trafficking_belief"})
"""Particulars whose new codes the history shows; of the others it says only that they changed."""


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case just stored, with its record for matching."""

    case: Case
    record: PersonRecord


def store_case(work: UnitOfWork, draft: CaseDraft, *, authority_code: str = "") -> StoredCase:
    """Check and store a new case with its claims and events; index and alerts follow elsewhere.

    Args:
        work: The unit of work.
        draft: The checked draft.
        authority_code: The owner; left out, the actor's own authority.

    Raises:
        Forbidden: If the actor may not register for that authority.
        BadInput: If a date cannot be.
        Conflict: If the authority has a case with this `record_id`.
    """
    work.actor.require(Permission.CASE_WRITE)
    authority = owner_of(work, authority_code)
    now = work.clock()
    check_against_today(draft, now.date())
    repository = CaseRepository(work.session, work.actor)
    if draft.record_id and repository.has_record(authority.id or 0, draft.record_id):
        raise Conflict(
            "the authority has a case with this record_id already",
            (FieldError("record_id", "is taken within the authority"),),
        )
    rows = case_rows(draft, region=authority.country, today=now.date())
    case = Case(
        **rows.case,
        authority_id=authority.id or 0,
        registered_at=now,
        registered_by=work.actor.name,
        amended_at=now,
    )
    work.session.add(case)
    work.session.flush()
    _record(repository, case, rows.claimed, now)
    record = replace(rows.record, record_id=str(case.id))
    put_records(work.session, {case.id or 0: record})
    changes = {"claims": len(rows.claimed.claims), "events": len(rows.claimed.events)}
    note_change(work, case, "register", changes)
    work.audit(AuditEvent("case:register", case_ids=(case.public_id,)))
    return StoredCase(case, record)


def _record(repository: CaseRepository, case: Case, rows: ClaimedRows, now: datetime) -> None:
    """Store what is claimed of a case, with who records it and when."""
    case_id = case.id or 0
    recording = {"case_id": case_id, "recording_id": repository.new_recording(now)}
    repository.insert_rows(Claim, [{**row, **recording} for row in rows.claims])
    repository.insert_rows(CaseEvent, [{**row, **recording} for row in rows.events])
    repository.insert_rows(Photograph, [{**row, "case_id": case_id} for row in rows.photographs])


def amend_case(work: UnitOfWork, public_id: str, amendment: CaseAmendment) -> StoredCase:
    """Add or withdraw claims and set particulars.

    Raises:
        Forbidden: If another authority owns the case.
        Conflict: If the case is closed or was changed since it was read.
        BadInput: If a claim to withdraw is not a standing claim of the case.
    """
    work.actor.require(Permission.CASE_WRITE)
    repository = CaseRepository(work.session, work.actor)
    found = repository.get_own(public_id)
    case, now = found.case, work.clock()
    if case.version != amendment.expected_version:
        raise Conflict("the case was changed meanwhile; read it again")
    require_open(case)
    check_against_today(amendment.add, now.date(), prefix="add.")
    _withdraw(repository.claims(case.id or 0), amendment.withdraw_claims, now, "withdraw_claims")
    _withdraw(repository.events(case.id or 0), amendment.withdraw_events, now, "withdraw_events")
    work.session.flush()
    added = claim_values(amendment.add, region=found.owner.country, today=now.date())
    fresh = claimed_rows(amendment.add, added)
    _record(repository, case, fresh, now)
    changed = particulars_row(amendment)
    values = [claim_value_of(c) for c in repository.claims(case.id or 0, standing_only=True)]
    events = [e.model_dump() for e in repository.events(case.id or 0, standing_only=True)]
    if not {item.kind for item in values} & IDENTIFYING:
        raise BadInput.of(FieldError("withdraw_claims", NOBODY))
    record = record_of(str(case.id), case.kind, values, events)
    for name, value in {**changed, **summary_row(record, values, events)}.items():
        setattr(case, name, value)
    case.version += 1
    case.amended_at = now
    shown = {name: value if name in _TOLD else True for name, value in changed.items()}
    changes = {
        "added": sorted({row["kind"] for row in fresh.claims}),
        "withdrawn": len(amendment.withdraw_claims) + len(amendment.withdraw_events),
        "set": shown,
        "reason": amendment.reason,
    }
    note_change(work, case, "amend", changes)
    work.audit(AuditEvent("case:amend", case_ids=(case.public_id,), detail={"set": shown}))
    put_records(work.session, {case.id or 0: record})
    return StoredCase(case, record)


def _withdraw(
    rows: Sequence[Claim] | Sequence[CaseEvent], ids: Sequence[int], now: datetime, field: str
) -> None:
    standing = {row.id: row for row in rows if row.withdrawn_at is None}
    for place, row_id in enumerate(ids):
        if row_id not in standing:
            raise BadInput.of(FieldError(f"{field}.{place}", "is no standing row of this case"))
        standing[row_id].withdrawn_at = now


def close_case(work: UnitOfWork, public_id: str, closure: CaseClosure) -> Case:
    """End a case; it stays readable to its owner and leaves the index.

    Raises:
        Forbidden: If another authority owns the case.
        Conflict: If it is closed already.
    """
    work.actor.require(Permission.CASE_WRITE)
    case = CaseRepository(work.session, work.actor).get_own(public_id).case
    require_open(case)
    case.status = Status.CLOSED.value
    case.closed_at = work.clock()
    case.close_reason = closure.reason.value
    case.release = []
    case.version += 1
    changes = {"reason": closure.reason.value, "note": closure.note}
    note_change(work, case, "close", changes)
    work.audit(AuditEvent("case:close", case_ids=(public_id,), detail={"reason": closure.reason}))
    return case


def stored_record(work: UnitOfWork, found: ReadableCase) -> PersonRecord:
    """The person record of a case that is stored already."""
    case_id = found.case.id or 0
    return matching_records(work.session, [case_id])[case_id]


def owner_of(work: UnitOfWork, code: str) -> Authority:
    """The authority that a new case is to belong to.

    Raises:
        Forbidden: If the actor may not register for it.
        BadInput: If there is none of this code.
    """
    accounts = AccountRepository(work.session)
    if code and (work.actor.reads_all or code == work.actor.authority_code):
        return accounts.authority(code)
    if code or work.actor.authority_id is None:
        raise Forbidden("a case is registered for one's own authority")
    return accounts.authority_by_id(work.actor.authority_id)


def is_open(case: Case | CaseSummary) -> bool:
    """Whether a case is still handled."""
    return case.status == Status.OPEN.value


def require_open(case: Case) -> None:
    """Let an open case pass.

    Raises:
        Conflict: If the case is closed.
    """
    if not is_open(case):
        raise Conflict("the case is closed")


def note_change(work: UnitOfWork, case: Case, action: str, changes: Mapping[str, Any]) -> None:
    """Add a line to the history of a case."""
    work.session.add(
        CaseChange(
            case_id=case.id or 0,
            version=case.version,
            at=work.clock(),
            by=work.actor.name,
            action=action,
            changes=dict(changes),
        )
    )


def first_name_of(values: Iterable[Mapping[str, Any]]) -> str:
    """The name to show for a case: the first that was claimed."""
    for value in values:
        return " ".join(text for text, _ in value["parts"])
    return ""


NAME_KIND = ClaimKind.NAME.value
