"""Register, read, amend, close and share cases inside one unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from matching.record import PartialDate, PersonRecord
from service.accounts.models import Authority
from service.accounts.repository import AccountRepository
from service.audit.schemas import AuditEvent
from service.cases.claims import (
    ClaimValue,
    claim_value_of,
    claim_values,
    content_digest,
    event_value,
    matching_event,
    person_record,
)
from service.cases.models import Case, CaseChange, CaseEvent, Claim, Photograph
from service.cases.repository import CaseRepository, ReadableCase, matching_records
from service.cases.schemas import (
    NOBODY,
    CaseAmendment,
    CaseClosure,
    CaseDraft,
    Claims,
    EventIn,
    Particulars,
)
from service.cases.validation import check_against_today
from service.cases.values import place_key
from service.cases.vocabulary import (
    DEFAULT_REVIEW_YEARS,
    REVIEW_YEARS,
    ClaimKind,
    LegalRegime,
    Status,
    SubjectCategory,
    TraffickingBelief,
)
from service.errors import BadInput, Conflict, FieldError, Forbidden
from service.identifiers import new_public_id
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

_EVENT_ORDER = {"disappearance": 0, "encounter": 1, "arrival": 2, "sighting": 3}
"""Which event stands for the case in filters and in the limited view, most telling first."""


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
    if draft.record_id and repository.find_record(authority.id or 0, draft.record_id):
        raise Conflict(
            "the authority has a case with this record_id already",
            (FieldError("record_id", "is taken within the authority"),),
        )
    case = new_case(draft, authority, now=now, by=work.actor.name)
    work.session.add(case)
    work.session.flush()
    values = list(claim_values(draft, region=authority.country, today=now.date()))
    add_claims(repository, case, values, draft, now=now)
    events = [event_row(case.id or 0, event, now, work.actor.name) for event in draft.events]
    work.session.add_all(events)
    refresh_summary(case, values, events)
    note_change(work, case, "register", {"claims": len(values), "events": len(events)})
    work.audit(AuditEvent("case:register", case_ids=(case.public_id,)))
    return StoredCase(case, record_of(case, values, events))


def new_case(draft: CaseDraft, authority: Authority, *, now: datetime, by: str) -> Case:
    """A case row from a draft; its summary is filled from the claims afterwards."""
    public_id = new_public_id()
    case = Case(
        public_id=public_id,
        authority_id=authority.id or 0,
        record_id=draft.record_id or public_id,
        kind=draft.kind.value,
        content_digest="",
        handling_codes=[],
        release=[],
        registered_at=now,
        registered_by=by,
        amended_at=now,
        subject_category=SubjectCategory.MISSING_PERSON.value,
        legal_regime=LegalRegime.GDPR.value,
    )
    set_particulars(case, draft)
    years = REVIEW_YEARS[draft.sis_category] if draft.sis_category else DEFAULT_REVIEW_YEARS
    case.review_due = _years_later(now.date(), years)
    return case


def set_particulars(case: Case, particulars: Particulars) -> dict[str, Any]:
    """Set what is given on the case; returns the names of what changed with their new codes."""
    changed: dict[str, Any] = {}
    for field in (
        "sis_category",
        "case_type",
        "subject_category",
        "legal_regime",
        "handling_note",
        "evaluation",
        "circumstances",
    ):
        value = getattr(particulars, field)
        if value is not None:
            setattr(case, field, str(value))
            changed[field] = True
    if particulars.handling_codes is not None:
        case.handling_codes = sorted({code.value for code in particulars.handling_codes})
        changed["handling_codes"] = case.handling_codes
    if particulars.release is not None:
        case.release = sorted({channel.value for channel in particulars.release})
        changed["release"] = case.release
    if particulars.trafficking is not None:
        case.trafficking_belief = particulars.trafficking.belief.value
        case.trafficking_basis = particulars.trafficking.basis
        changed["trafficking_belief"] = case.trafficking_belief
        if particulars.trafficking.belief is TraffickingBelief.YES:
            case.subject_category = SubjectCategory.POSSIBLE_VICTIM.value
    return changed


def add_claims(
    repository: CaseRepository,
    case: Case,
    values: Sequence[ClaimValue],
    claims: Claims,
    *,
    now: datetime,
) -> None:
    """Store claims and photograph metadata of a draft."""
    rows = claim_rows(case.id or 0, values, claims, now=now, by=repository.actor.name)
    repository.insert_rows(Claim, rows)
    photographs = [
        {
            "public_id": new_public_id(),
            "case_id": case.id,
            **{
                key: value or ""
                for key, value in item.model_dump().items()
                if key != "public_extract"
            },
            "public_extract": item.public_extract,
        }
        for item in claims.photographs
    ]
    repository.insert_rows(Photograph, photographs)


def claim_rows(
    case_id: int, values: Iterable[ClaimValue], claims: Claims, *, now: datetime, by: str
) -> list[dict[str, Any]]:
    """Rows of the claims table."""
    return [
        {
            "case_id": case_id,
            "kind": item.kind.value,
            "value": item.value,
            "key": item.key,
            "basis": item.basis.value,
            "stated_on": claims.stated_on,
            "recorded_at": now,
            "recorded_by": by,
        }
        for item in values
    ]


def event_row(case_id: int, event: EventIn, now: datetime, by: str) -> CaseEvent:
    """A row of the events table."""
    when = PartialDate.parse(event.date) if event.date else None
    return CaseEvent(
        case_id=case_id,
        kind=event.kind.value,
        date_text=event.date or "",
        date_earliest=when.earliest if when else None,
        date_latest=when.latest if when else None,
        place=event.place,
        country=event.country or "",
        circumstances=event.circumstances,
        recorded_at=now,
        recorded_by=by,
    )


def refresh_summary(case: Case, values: Sequence[ClaimValue], events: Sequence[CaseEvent]) -> None:
    """Bring the columns for filters and the content digest in step with claims and events."""
    record = record_of(case, values, events)
    case.sex = record.sex.value
    case.birth_earliest = min((born.date.earliest for born in record.births), default=None)
    case.birth_latest = max((born.date.latest for born in record.births), default=None)
    case.nationalities = ",".join(sorted(set(record.nationalities)))
    telling = min(events, key=lambda event: _EVENT_ORDER[event.kind], default=None)
    case.event_date = telling.date_earliest if telling else None
    case.event_place = telling.place if telling else ""
    case.event_place_key = place_key(case.event_place)
    case.event_country = telling.country if telling else ""
    case.content_digest = content_digest(values, (event_value(event) for event in events))


def record_of(
    case: Case, values: Iterable[ClaimValue], events: Iterable[CaseEvent]
) -> PersonRecord:
    """The person record of a case in hand."""
    return person_record(
        str(case.id),
        case.kind,
        ((item.kind.value, item.value, item.basis.value) for item in values),
        (matching_event(e.kind, e.date_text, e.place, e.country) for e in events),
    )


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
    fresh = list(claim_values(amendment.add, region=found.owner.country, today=now.date()))
    add_claims(repository, case, fresh, amendment.add, now=now)
    work.session.add_all(
        event_row(case.id or 0, event, now, work.actor.name) for event in amendment.add.events
    )
    changed = set_particulars(case, amendment)
    work.session.flush()
    values = [claim_value_of(c) for c in repository.claims(case.id or 0, standing_only=True)]
    events = repository.events(case.id or 0, standing_only=True)
    if not {item.kind for item in values} & IDENTIFYING:
        raise BadInput.of(FieldError("withdraw_claims", NOBODY))
    refresh_summary(case, values, events)
    case.version += 1
    case.amended_at = now
    changes = {
        "added": sorted({item.kind.value for item in fresh}),
        "withdrawn": len(amendment.withdraw_claims) + len(amendment.withdraw_events),
        "set": changed,
        "reason": amendment.reason,
    }
    note_change(work, case, "amend", changes)
    work.audit(AuditEvent("case:amend", case_ids=(case.public_id,), detail={"set": changed}))
    return StoredCase(case, record_of(case, values, events))


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


def is_open(case: Case) -> bool:
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


def _years_later(day: date, years: int) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day)


def first_name_of(values: Iterable[Mapping[str, Any]]) -> str:
    """The name to show for a case: the first that was claimed."""
    for value in values:
        return " ".join(text for text, _ in value["parts"])
    return ""


NAME_KIND = ClaimKind.NAME.value
