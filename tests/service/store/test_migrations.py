"""The schema goes down and up again with what was stored, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from matching.record import Name, PersonRecord
from matching.retrieval import index_entry
from service.cases.intake import register_case
from service.cases.records.repository import matching_records
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseDraft
from service.cases.view import case_view
from service.index.base import Scope
from service.index.sql import SqlIndex
from service.security.policy import operator
from service.store.migrate import differences, downgrade, upgrade
from tests.conftest import World, clock


def seen(engine: Engine, public_id: str) -> dict[str, Any]:
    with Session(engine) as session:
        repository = CaseRepository(session, operator("test"))
        return case_view(repository, repository.get(public_id), clock().date()).model_dump()


def test_the_tables_are_those_of_the_code(any_engine: Engine) -> None:
    assert differences(any_engine) == []


def test_an_empty_store_has_an_index_that_is_ready(any_engine: Engine) -> None:
    # A new version of the terms needs a migration that says so where nothing is stored yet.
    with Session(any_engine) as session:
        index = SqlIndex(session)
        assert index.healthy()
        asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
        assert index.candidates(asked, Scope(), 5).items == ()
        index.upsert([index_entry(1, asked)])
        assert [found.case_id for found in index.candidates(asked, Scope(), 5).items] == [1]


def test_claims_outlive_the_way_down_and_up(any_world: World) -> None:
    engine = any_world.engine
    body = {
        "kind": "encountered",
        "names": [{"full": "Selam Tesfay", "basis": "documented"}, "ሰላም"],
        "births": [{"date": "2009-03", "basis": "assessed"}],
        "contacts": [{"kind": "phone", "value": "+32460000000"}],
        "events": [{"kind": "arrival", "date": "2026-03-01", "country": "BE"}],
    }
    with any_world.work("BE-POL") as work:
        draft = CaseDraft.model_validate(body)
        case = register_case(work, any_world.linkage, draft, limit=10).stored.case
    before = seen(engine, case.public_id)
    with Session(engine) as session:
        record = matching_records(session, [case.id or 0])
    downgrade(engine, "0006")
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT kind, basis, recorded_by FROM claims ORDER BY id")
        ).all()
        compared = connection.execute(text("SELECT compared_at FROM cases")).scalar_one()
    assert rows[:3] == [
        ("name", "documented", "official@BE-POL"),
        ("name", "claimed", "official@BE-POL"),
        ("birth", "assessed", "official@BE-POL"),
    ]
    assert compared is not None
    upgrade(engine)
    assert seen(engine, case.public_id) == before
    with Session(engine) as session:
        assert matching_records(session, [case.id or 0]) == record
    assert differences(engine) == []


def test_cases_that_wait_go_on_waiting(any_world: World) -> None:
    engine = any_world.engine
    with any_world.work("BE-POL") as work:
        for name in ("Selam Tesfay", "Arben Hoxha"):
            draft = CaseDraft.model_validate({"kind": "missing", "names": [name]})
            register_case(work, any_world.linkage, draft, limit=10)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO waiting_cases SELECT max(id) FROM cases"))
    downgrade(engine, "0006")
    upgrade(engine)
    with engine.connect() as connection:
        waiting = connection.execute(text("SELECT case_id FROM waiting_cases")).scalars().all()
        newest = connection.execute(text("SELECT max(id) FROM cases")).scalar_one()
    assert waiting == [newest]
