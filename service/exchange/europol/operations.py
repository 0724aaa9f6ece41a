"""Answer hit/no-hit queries, take follow-ups, let the owner decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from matching.evidence import Band
from matching.record import (
    BirthDate,
    CaseKind,
    Name,
    NameKind,
    NamePart,
    NamePartKind,
    PartialDate,
    PersonRecord,
    Sex,
)
from service.audit.schemas import AuditEvent
from service.cases.models import Case
from service.cases.records.repository import matching_records
from service.cases.validation import check_birth
from service.cases.vocabulary import Channel
from service.errors import BadInput, Conflict, FieldError, Forbidden
from service.exchange.europol.models import FollowUp, HitQuery
from service.exchange.europol.repository import EuropolRepository
from service.exchange.europol.schemas import (
    DataCategory,
    FollowUpDecisionIn,
    FollowUpIn,
    FollowUpOut,
    Match,
    OwnerDecision,
    QueryIn,
    QueryPerson,
    ReplyOut,
)
from service.exchange.interpol.notices import is_child
from service.exchange.repository import public_photographs, released_cases
from service.identifiers import new_public_id
from service.index.base import Scope
from service.linkage import Linkage
from service.security.policy import ActorKind, Permission
from service.security.tokens import keyed_digest
from service.store.unit_of_work import UnitOfWork

CANDIDATES = 200
MOST_MATCHES = 20
OLDEST_REQUEST, CLOCK_SKEW = timedelta(days=366), timedelta(hours=1)
"""A request that was queued may be late; one from the future has a wrong clock."""
_REFERENCE_DIGITS = 12
_HITS = frozenset({Band.STRONG, Band.PROBABLE, Band.POSSIBLE})


def run_query(work: UnitOfWork, linkage: Linkage, query: QueryIn, *, key: str) -> ReplyOut:
    """Answer with the number of matches and their references, and nothing about persons.

    The same request number again gets the same reply.

    Args:
        work: The unit of work.
        linkage: Matching.
        query: The message.
        key: Secret behind pseudonymous reference numbers.

    Raises:
        Conflict: If the request number was used for another query.
        BadInput: If a date cannot be.
    """
    work.actor.require(Permission.EXCHANGE_QUERY)
    if work.actor.kind is not ActorKind.CLIENT:
        raise Forbidden("queries come from partner systems with client credentials")
    now = work.clock()
    check_birth("query.date_of_birth", query.query.date_of_birth, now.date())
    if not now - OLDEST_REQUEST <= query.requested_at <= now + CLOCK_SKEW:
        raise BadInput.of(FieldError("requested_at", "lies in the future or over a year back"))
    repository = EuropolRepository(work.session, work.actor)
    fingerprint = keyed_digest(key, query.model_dump_json())
    known = repository.find_query(query.request_number)
    if known is not None:
        return _repeat(work, known, fingerprint)
    record = query_record(query.query)
    found = linkage.find(
        work.session,
        record,
        scope=Scope(),
        limit=CANDIDATES,
        least_bits=linkage.lowest(_HITS),
    )
    likely = [item for item in found.items if item.assessment.band in _HITS]
    released = released_cases(work.session, Channel.EUROPOL, [item.case_id for item in likely])
    matches = []
    for item in likely:
        if item.case_id in released:
            case, owner = released[item.case_id]
            digest = keyed_digest(key, "reference", case.public_id)[:_REFERENCE_DIGITS]
            matches.append(
                {
                    "requested_state": owner.country,
                    "reference_number": f"{owner.country}:{digest}",
                    "match_quality": item.assessment.band.value,
                    "case_id": item.case_id,
                }
            )
    stored = HitQuery(
        machine_client_id=work.actor.subject_id or 0,
        request_number=query.request_number,
        reply_number=f"EMPD-{work.clock().year}-{new_public_id()[:10]}",
        requesting_state=query.requesting_state,
        requested_at=query.requested_at,
        replied_at=work.clock(),
        justification={**query.justification.model_dump(mode="json"), "fingerprint": fingerprint},
        matches=matches[:MOST_MATCHES],
    )
    work.session.add(stored)
    work.session.flush()
    _audit_query(work, query, stored, released)
    return reply_view(stored)


def _audit_query(
    work: UnitOfWork, query: QueryIn, stored: HitQuery, released: dict[int, Any]
) -> None:
    hit = {match["case_id"] for match in stored.matches}
    work.audit(
        AuditEvent(
            "europol:query",
            purpose=query.justification.purpose,
            reference=query.justification.case_reference,
            case_ids=tuple(released[case_id][0].public_id for case_id in sorted(hit)),
            detail={
                "request_number": query.request_number,
                "query": query.query.model_dump(mode="json", exclude_defaults=True),
                "subject_role": query.justification.subject_role.value,
                "aim": query.justification.aim,
                "matches": len(stored.matches),
            },
        )
    )


def _repeat(work: UnitOfWork, known: HitQuery, fingerprint: str) -> ReplyOut:
    if known.justification["fingerprint"] != fingerprint:
        raise Conflict("the request number was used for another query")
    return read_reply(work, known, action="europol:repeat")


def read_reply(work: UnitOfWork, known: HitQuery, *, action: str) -> ReplyOut:
    """A reply that was given before, logged with the cases it speaks of."""
    repository = EuropolRepository(work.session, work.actor)
    detail = {"request_number": known.request_number}
    work.audit(AuditEvent(action, case_ids=repository.cases_of(known), detail=detail))
    return reply_view(known)


def reply_view(stored: HitQuery) -> ReplyOut:
    """The reply of Article 28(2) and 44; nothing else may stand in it."""
    return ReplyOut(
        request_number=stored.request_number,
        requested_at=stored.requested_at,
        reply_number=stored.reply_number,
        replied_at=stored.replied_at,
        requesting_state=stored.requesting_state,
        number_of_matches=len(stored.matches),
        matches=[
            Match.model_validate({k: v for k, v in match.items() if k != "case_id"})
            for match in stored.matches
        ],
    )


def query_record(person: QueryPerson) -> PersonRecord:
    """The query as a person record."""
    parts = [NamePart(text, NamePartKind.GIVEN) for text in person.first_names]
    parts += [NamePart(text, NamePartKind.FAMILY) for text in person.family_names]
    names = [Name(tuple(parts))] if parts else []
    names += [Name.of(text, NameKind.ALIAS) for text in person.aliases]
    born = person.date_of_birth
    return PersonRecord(
        record_id="query",
        kind=CaseKind.MISSING,
        names=tuple(names),
        births=(BirthDate(PartialDate.parse(born)),) if born else (),
        sex=Sex(person.gender) if person.gender else Sex.UNKNOWN,
        nationalities=tuple(person.nationalities),
        countries_of_birth=(person.country_of_birth,) if person.country_of_birth else (),
    )


def ask_follow_up(work: UnitOfWork, draft: FollowUpIn) -> FollowUp:
    """Ask the owner of a hit for data, with a reason; asked again, it is the same that waits.

    Raises:
        NotFound: If the client made no such query.
        BadInput: If the reference was not in the reply.
    """
    work.actor.require(Permission.EXCHANGE_QUERY)
    repository = EuropolRepository(work.session, work.actor)
    query = repository.query(draft.request_number)
    match = next(
        (m for m in query.matches if m["reference_number"] == draft.reference_number), None
    )
    if match is None:
        raise BadInput.of(FieldError("reference_number", "was not in the reply to this query"))
    _require_released(work, match["case_id"])
    waiting = repository.same_waiting(query, draft)
    if waiting is not None:
        _audit_follow_up(work, waiting, "europol:follow_up_repeat")
        return waiting
    follow_up = FollowUp(
        public_id=new_public_id(),
        query_id=query.id or 0,
        case_id=match["case_id"],
        reference_number=draft.reference_number,
        priority=draft.priority,
        reason=draft.reason,
        requested_data=sorted({item.value for item in draft.requested_data}),
        asked_at=work.clock(),
        granted_data=[],
    )
    work.session.add(follow_up)
    work.session.flush()
    _audit_follow_up(work, follow_up, "europol:follow_up")
    return follow_up


def _audit_follow_up(work: UnitOfWork, follow_up: FollowUp, action: str) -> None:
    case = EuropolRepository(work.session, work.actor).case_of(follow_up)
    detail = {
        "follow_up": follow_up.public_id,
        "status": follow_up.status,
        "granted": follow_up.granted_data,
    }
    work.audit(AuditEvent(action, case_ids=(case.public_id,), detail=detail))


def decide_follow_up(work: UnitOfWork, public_id: str, draft: FollowUpDecisionIn) -> FollowUp:
    """The owner grants, partly grants or refuses.

    Raises:
        Forbidden: If another authority owns the case.
        Conflict: If it is decided already.
        BadInput: If something is granted that was not asked for.
    """
    work.actor.require(Permission.EXCHANGE_DECIDE)
    repository = EuropolRepository(work.session, work.actor)
    follow_up = repository.follow_up(public_id, lock=True)
    case = repository.case_of(follow_up)
    if not work.actor.reads_all and case.authority_id != work.actor.authority_id:
        raise Forbidden("only the owner of the case decides")
    if follow_up.status != "pending":
        raise Conflict("the follow-up is decided already")
    granted = {item.value for item in draft.granted_data}
    if not granted <= set(follow_up.requested_data):
        raise BadInput.of(FieldError("granted_data", "holds what was not asked for"))
    if draft.decision is OwnerDecision.GRANTED:
        granted = set(follow_up.requested_data)
    if granted:
        _require_released(work, follow_up.case_id)
    _check_whereabouts(work, case, granted)
    follow_up.status = draft.decision.value
    follow_up.granted_data = sorted(granted)
    follow_up.decision_reason = draft.reason
    follow_up.decided_at = work.clock()
    follow_up.decided_by = work.actor.name
    work.session.flush()
    _audit_follow_up(work, follow_up, "europol:decide")
    return follow_up


def _require_released(work: UnitOfWork, case_id: int) -> None:
    if case_id not in released_cases(work.session, Channel.EUROPOL, [case_id]):
        raise Conflict("the case is closed or released no longer")


def _check_whereabouts(work: UnitOfWork, case: Case, granted: set[str]) -> None:
    asked = DataCategory.LAST_KNOWN_LOCATION.value in granted
    if asked and not _whereabouts_may_be_told(work, case):
        reason = "an adult's whereabouts need the person's consent"
        raise BadInput.of(FieldError("granted_data", reason))


def _whereabouts_may_be_told(work: UnitOfWork, case: Case) -> bool:
    # SIS Article 33(4): an adult's whereabouts only with consent, which EMPD does not hold yet.
    record = matching_records(work.session, [case.id or 0])[case.id or 0]
    return is_child(record, work.clock().date())


def follow_up_view(work: UnitOfWork, follow_up: FollowUp) -> FollowUpOut:
    """A follow-up as the actor may read it: data for the requester, the case for the owner."""
    repository = EuropolRepository(work.session, work.actor)
    query, case = repository.query_of(follow_up), repository.case_of(follow_up)
    owns = work.actor.reads_all or case.authority_id == work.actor.authority_id
    asked = work.actor.kind is ActorKind.CLIENT and query.machine_client_id == work.actor.subject_id
    stands = asked and case.id in released_cases(work.session, Channel.EUROPOL, [case.id or 0])
    return FollowUpOut(
        follow_up_id=follow_up.public_id,
        request_number=query.request_number if asked else "",
        reference_number=follow_up.reference_number,
        priority=follow_up.priority,
        reason=follow_up.reason,
        requested_data=follow_up.requested_data,
        status=follow_up.status,
        asked_at=follow_up.asked_at,
        decided_at=follow_up.decided_at,
        decision_reason=follow_up.decision_reason,
        data=_granted_data(work, follow_up, case) if stands and follow_up.granted_data else None,
        case_id=case.public_id if owns else None,
    )


def _granted_data(work: UnitOfWork, follow_up: FollowUp, case: Case) -> dict[str, Any]:
    """Core data after Article 47, with handling and evaluation codes (Article 9(3) LED).

    What the owner recorded after deciding is not part of the grant; what was
    withdrawn since, or may be told no longer, is not given again.
    """
    case_id = case.id or 0
    until = follow_up.decided_at
    record = matching_records(work.session, [case_id], recorded_until=until)[case_id]
    body: dict[str, Any] = {
        "handling_codes": case.handling_codes,
        "evaluation": case.evaluation,
    }
    if DataCategory.IDENTITY.value in follow_up.granted_data:
        body["identity"] = {
            "names": [name.text for name in record.names],
            "dates_of_birth": [born.date.text for born in record.births],
            "nationalities": list(record.nationalities),
            "places_of_birth": list(record.places_of_birth),
            "countries_of_birth": list(record.countries_of_birth),
            "gender": record.sex.value,
        }
    asked = DataCategory.LAST_KNOWN_LOCATION.value in follow_up.granted_data
    if asked and _whereabouts_may_be_told(work, case):
        body["last_known_location"] = [
            {"kind": e.kind, "place": e.place.name, "country": e.place.country}
            for e in record.events
        ]
    if DataCategory.PHOTO.value in follow_up.granted_data:
        photographs = public_photographs(work.session, [case.id or 0])[case.id or 0]
        body["photo"] = [{"caption": p.caption, "taken_on": p.taken_on} for p in photographs]
    return body
