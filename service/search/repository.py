"""The filters of a search in SQL, on top of what the actor may read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, or_
from sqlmodel import col

from matching.record import PartialDate
from service.cases.models import Case
from service.cases.repository import CaseRepository, ReadableCase
from service.cases.values import number_range
from service.search.schemas import SearchFilters


def filtered_cases(
    repository: CaseRepository, ids: Collection[int], filters: SearchFilters, today: date
) -> dict[int, ReadableCase]:
    """Those of the given cases that pass the filters.

    A case that does not say what a filter asks for passes: unknown is not "no".
    """
    if not ids:
        return {}
    query = repository.readable().where(col(Case.id).in_(sorted(ids)))
    if filters.status is not None:
        query = query.where(col(Case.status) == filters.status.value)
    if filters.kinds:
        query = query.where(col(Case.kind).in_([kind.value for kind in filters.kinds]))
    if filters.sex is not None:
        query = query.where(col(Case.sex).in_([filters.sex.value, "U"]))
    if filters.nationality is not None:
        query = query.where(
            or_(
                col(Case.nationalities).contains(filters.nationality),
                col(Case.nationalities) == "",
            )
        )
    if filters.age is not None:
        born = PartialDate.from_age(*number_range(filters.age), on=today)
        query = query.where(
            or_(
                col(Case.birth_earliest).is_(None),
                (col(Case.birth_earliest) <= born.latest)
                & (col(Case.birth_latest) >= born.earliest),
            )
        )
    if filters.place:
        query = query.where(
            func.lower(col(Case.event_place)).contains(filters.place.lower(), autoescape=True)
        )
    if filters.country is not None:
        query = query.where(col(Case.event_country).in_([filters.country, ""]))
    if filters.event_from is not None:
        query = query.where(
            or_(col(Case.event_date).is_(None), col(Case.event_date) >= filters.event_from)
        )
    if filters.event_until is not None:
        query = query.where(
            or_(col(Case.event_date).is_(None), col(Case.event_date) <= filters.event_until)
        )
    rows = repository.session.execute(query)
    return {row[0].id: ReadableCase(*row) for row in rows}
