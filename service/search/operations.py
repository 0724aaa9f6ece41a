"""Search the collection; the query and its answer are logged in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from matching.record import (
    Address,
    BirthDate,
    CaseKind,
    Contact,
    Document,
    Name,
    PartialDate,
    PersonRecord,
    Relative,
    Sex,
)
from service.alerts.view import side_fields
from service.audit.schemas import AuditEvent
from service.cases.repository import CaseRepository
from service.cases.summaries.repository import ReadableSummary
from service.cases.validation import check_birth
from service.cases.values import number_range, phone_number
from service.cases.view import display_names
from service.evidence_view import fresh_evidence_view
from service.identifiers import new_public_id
from service.index.base import Scope
from service.linkage import ROUNDING, AssessedCase, Linkage
from service.search.repository import passing_cases
from service.search.schemas import HitOut, SearchIn, SearchOut, SearchQuery
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

FILTER_WIDENING = 5
"""With filters, this many times more candidates are fetched, since filters discard afterwards."""


@dataclass(frozen=True, slots=True)
class _Hit:
    found: ReadableSummary
    assessed: AssessedCase


def search_cases(work: UnitOfWork, linkage: Linkage, search: SearchIn, *, limit: int) -> SearchOut:
    """Find the cases that may be the person asked for.

    Args:
        work: The unit of work.
        linkage: Matching.
        search: The query with purpose and reference.
        limit: Candidates to score at least.

    Raises:
        Forbidden: If the actor may not search.
        BadInput: If nobody can be born on the day asked for.
        IndexUnavailable: If the index does not answer.
    """
    work.actor.require(Permission.SEARCH)
    today = work.clock().date()
    check_birth("query.born", search.query.born, today)
    record = query_record(search.query, today=today, region=work.actor.authority_country)
    filters = search.query.filters
    narrow = filters.model_dump(exclude_defaults=True)
    ranking = linkage.rank(
        work.session,
        record,
        scope=Scope(kinds=frozenset(kind.value for kind in filters.kinds)),
        limit=limit,
        times=FILTER_WIDENING if narrow else 1,
    )
    repository = CaseRepository(work.session, work.actor)
    # What speaks no more for a case than for any stranger is no hit.
    likely = [i.case_id for i in ranking.items if i.match_weight > linkage.profile.prior + ROUNDING]
    if narrow:
        passing = passing_cases(repository, likely, filters, today)
        likely = [case_id for case_id in likely if case_id in passing]
    shown = likely[: search.query.limit]
    cases = repository.summaries(shown)
    hits = [_Hit(cases[item.case_id], item) for item in ranking.explain(shown)]
    names = display_names(repository, cases.values())
    answer = SearchOut(
        query_id=new_public_id(),
        profile=linkage.profile.id,
        index_generation=ranking.generation,
        considered=ranking.found.considered,
        cut=ranking.found.cut,
        fallback=ranking.found.fallback,
        hits=[_hit_view(hit, names, today, work.language) for hit in hits],
    )
    _audit(work, search, answer)
    return answer


def _hit_view(hit: _Hit, names: Mapping[int, str], today: date, language: str) -> HitOut:
    assessment = hit.assessed.assessment
    return HitOut(
        **side_fields(hit.found, names, today),
        status=hit.found.case.status,
        match_weight=round(assessment.match_weight, 2),
        probability=round(assessment.probability, 6),
        band=assessment.band.value,
        prior=round(assessment.prior, 3),
        evidence=fresh_evidence_view(
            assessment.evidence, show_right=hit.found.full, language=language
        ),
    )


def _audit(work: UnitOfWork, search: SearchIn, answer: SearchOut) -> None:
    work.audit(
        AuditEvent(
            "search:run",
            purpose=search.purpose,
            reference=search.reference,
            case_ids=tuple(hit.case_id for hit in answer.hits),
            detail={
                "query_id": answer.query_id,
                "query": search.query.model_dump(mode="json", exclude_defaults=True),
                "hits": len(answer.hits),
                "considered": answer.considered,
                "cut": answer.cut,
                "fallback": answer.fallback,
                "profile": answer.profile,
                "index_generation": answer.index_generation,
            },
        )
    )


def query_record(query: SearchQuery, *, today: date, region: str) -> PersonRecord:
    """The query as a person record."""
    births: tuple[BirthDate, ...] = ()
    if query.born is not None:
        births = (BirthDate(PartialDate.parse(query.born)),)
    elif query.age is not None:
        births = (BirthDate(PartialDate.from_age(*number_range(query.age), on=today)),)
    relatives = tuple(
        Relative(relation, Name.of(name))
        for relation, name in (("father", query.father_name), ("mother", query.mother_name))
        if name
    )
    return PersonRecord(
        record_id="query",
        kind=CaseKind.MISSING,
        names=tuple(Name.of(name) for name in query.names),
        births=births,
        sex=query.sex or Sex.UNKNOWN,
        nationalities=tuple(query.nationalities),
        places_of_birth=(query.place_of_birth,) if query.place_of_birth else (),
        addresses=(Address(city=query.city),) if query.city else (),
        contacts=tuple(Contact("phone", phone_number(text, region)) for text in query.phones),
        documents=tuple(
            Document(item.number, item.kind, item.country or "") for item in query.documents
        ),
        relatives=relatives,
    )
