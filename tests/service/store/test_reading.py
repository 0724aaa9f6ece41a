"""Rows of many ids at once."""

from __future__ import annotations

from sqlmodel import Session

from service.cases.intake import register_case
from service.cases.models import Case, CaseRecord
from service.cases.schemas import CaseDraft
from service.store.base import Base
from service.store.reading import AT_ONCE, rows_by_id
from tests.conftest import World

CASES = Base.metadata.tables[str(Case.__tablename__)]
RECORDS = Base.metadata.tables[str(CaseRecord.__tablename__)]


def test_rows_of_known_ids(any_world: World) -> None:
    world = any_world
    with world.work("BE-POL") as work:
        ids = []
        for name in ("Selam Tesfay", "Arben Hoxha"):
            draft = CaseDraft.model_validate({"kind": "missing", "names": [name]})
            ids.append(register_case(work, world.linkage, draft, limit=10).stored.case.id or 0)
    many = [*range(max(ids) + 1, max(ids) + AT_ONCE + 5), *ids]
    with Session(world.engine) as session:
        # More ids than one statement takes; those of no row are left out.
        assert sorted(row[0] for row in rows_by_id(session, CASES, ("id",), many)) == ids
        found = dict(rows_by_id(session, RECORDS, ("case_id", "line"), ids[:1]))
        assert list(found) == ids[:1]
        assert rows_by_id(session, CASES, ("id",), []) == []
