"""The filters of a search in SQL, on top of what the actor may read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import col

from matching.record import PartialDate
from service.cases.models import Case
from service.cases.repository import CaseRepository, chunks
from service.cases.summaries.repository import reads_in_full
from service.cases.values import number_range, place_key
from service.search.schemas import SearchFilters


def passing_cases(
    repository: CaseRepository, ids: Collection[int], filters: SearchFilters, today: date
) -> set[int]:
    """Those of the given cases that pass the filters.

    A case that does not say what a filter asks for passes: unknown is not "no". What
    the limited view withholds (nationality, place, day) filters only cases that the
    actor reads in full and leaves the others out: else trying one place after the
    other would tell where a child is.
    """
    withheld = list(_withheld(filters))
    if withheld:
        withheld.append(reads_in_full(repository.actor))
    conditions = [*_shown(filters), *_age(filters, today), *withheld]
    found: set[int] = set()
    for chunk in chunks(sorted(ids)):
        rows = repository.session.execute(
            select_columns(col(Case.id)).where(col(Case.id).in_(chunk), *conditions)
        )
        found.update(rows.scalars())
    return found


def _shown(filters: SearchFilters) -> Iterator[ColumnElement[bool]]:
    if filters.kinds:
        yield col(Case.kind).in_([kind.value for kind in filters.kinds])
    if filters.sex is not None:
        yield col(Case.sex).in_([filters.sex.value, "U"])
    if filters.country is not None:
        yield col(Case.event_country).in_([filters.country, ""])


def _age(filters: SearchFilters, today: date) -> Iterator[ColumnElement[bool]]:
    if filters.age is not None:
        born = PartialDate.from_age(*number_range(filters.age), on=today)
        fits = and_(
            col(Case.birth_earliest) <= born.latest, col(Case.birth_latest) >= born.earliest
        )
        yield or_(col(Case.birth_earliest).is_(None), fits)


def _withheld(filters: SearchFilters) -> Iterator[ColumnElement[bool]]:
    when = col(Case.event_date)
    if filters.nationality is not None:
        nations = col(Case.nationalities)
        yield or_(nations.contains(filters.nationality), nations == "")
    if filters.place:
        place = col(Case.event_place_key)
        yield or_(place == "", place.contains(place_key(filters.place), autoescape=True))
    if filters.event_from is not None:
        yield or_(when.is_(None), when >= filters.event_from)
    if filters.event_until is not None:
        yield or_(when.is_(None), when <= filters.event_until)
