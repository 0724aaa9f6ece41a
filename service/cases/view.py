"""Cases as an actor may read them: in full, or only what lets them ask the owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.accounts.models import Authority
from service.alerts.repository import ClusterRepository
from service.cases.models import CaseEvent, Claim, Photograph
from service.cases.operations import NAME_KIND, first_name_of
from service.cases.repository import CaseRepository, ReadableCase
from service.cases.schemas import AuthorityOut, CaseOut, ClaimOut
from service.cases.summaries.repository import ReadableSummary
from service.cases.validation import age_text


def authority_view(authority: Authority) -> AuthorityOut:
    """An authority and how to reach it."""
    return AuthorityOut.model_validate(authority, from_attributes=True)


def limited_view(found: ReadableCase, today: date) -> CaseOut:
    """What anyone who may read cases learns of another authority's case."""
    case = found.case
    return CaseOut(
        case_id=case.public_id,
        access="limited",
        kind=case.kind,
        status=case.status,
        authority=authority_view(found.owner),
        age=age_text(case.birth_earliest, case.birth_latest, today),
        sex=case.sex,
        event_country=case.event_country,
    )


def case_view(repository: CaseRepository, found: ReadableCase, today: date) -> CaseOut:
    """A case as far as the actor may read it."""
    view = limited_view(found, today)
    if not found.full:
        return view
    case_id = found.case.id or 0
    claims = repository.claims(case_id)
    cluster = ClusterRepository(repository.session).of_case(case_id)
    facts = found.case.model_dump(
        include={
            "record_id",
            "version",
            "sis_category",
            "case_type",
            "subject_category",
            "legal_regime",
            "handling_codes",
            "handling_note",
            "evaluation",
            "circumstances",
            "trafficking_belief",
            "trafficking_basis",
            "release",
            "registered_at",
            "registered_by",
            "amended_at",
            "review_due",
            "closed_at",
            "close_reason",
        }
    )
    return view.model_copy(
        update={
            **facts,
            "access": "full",
            "display_name": display_name(claims),
            "claims": _claim_views(repository, case_id, claims),
            "events": [_event_view(event) for event in repository.events(case_id)],
            "photographs": [_photograph_view(item) for item in repository.photographs(case_id)],
            "shared_with": [authority.code for authority in repository.shares(case_id)],
            "cluster_id": cluster.public_id if cluster else None,
        }
    )


def _claim_views(
    repository: CaseRepository, case_id: int, claims: Iterable[Claim]
) -> list[ClaimOut]:
    recordings = repository.recordings(case_id)
    return [
        ClaimOut(
            **claim.model_dump(exclude={"case_id", "key", "recording_id"}),
            recorded_at=recordings[claim.recording_id].at,
            recorded_by=recordings[claim.recording_id].by,
        )
        for claim in claims
    ]


def display_name(claims: Iterable[Claim]) -> str:
    """The name to show: the first one that stands."""
    return first_name_of(
        claim.value for claim in claims if claim.kind == NAME_KIND and claim.withdrawn_at is None
    )


def display_names(
    repository: CaseRepository, found: Iterable[ReadableCase | ReadableSummary]
) -> dict[int, str]:
    """The names to show for those cases that may be read in full, by internal id."""
    full = [item.case.id or 0 for item in found if item.full]
    names = repository.standing_names(full)
    return {case_id: first_name_of(names.get(case_id, ())) for case_id in full}


def _event_view(event: CaseEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "kind": event.kind,
        "date": event.date_text,
        "place": event.place,
        "country": event.country,
        "circumstances": event.circumstances,
        "withdrawn_at": event.withdrawn_at,
    }


def _photograph_view(photograph: Photograph) -> dict[str, object]:
    return photograph.model_dump(exclude={"id", "case_id"})
