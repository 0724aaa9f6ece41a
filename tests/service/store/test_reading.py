"""Rows of many ids at once."""

from __future__ import annotations

from sqlmodel import Session

from service.cases.models import Case, CaseRecord
from service.store.base import Base
from service.store.reading import AT_ONCE, rows_by_id
from tests.conftest import World

CASES = Base.metadata.tables[str(Case.__tablename__)]
RECORDS = Base.metadata.tables[str(CaseRecord.__tablename__)]


def test_rows_of_known_ids(any_world: World) -> None:
    world = any_world
    ids = world.missing("Selam Tesfay", "Arben Hoxha")
    many = [*range(max(ids) + 1, max(ids) + AT_ONCE + 5), *ids]
    with Session(world.engine) as session:
        # More ids than one statement takes; those of no row are left out.
        assert sorted(row[0] for row in rows_by_id(session, CASES, ("id",), many)) == ids
        found = dict(rows_by_id(session, RECORDS, ("case_id", "line"), ids[:1]))
        assert list(found) == ids[:1]
        assert rows_by_id(session, CASES, ("id",), []) == []
