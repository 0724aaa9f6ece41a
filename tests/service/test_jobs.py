"""Jobs leave pauses between their shares, or who waits to write never comes in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session

from matching.record import Name, PersonRecord
from matching.retrieval import IndexEntry, index_entry
from service import jobs
from service.alerts import waiting
from service.alerts.repository import WaitingRepository
from service.audit.schemas import AuditEvent
from service.cases.operations import store_case
from service.cases.schemas import CaseDraft
from service.index import upkeep
from service.index.sql import SqlIndex
from service.index.upkeep import Upkeep
from service.jobs import JobContext
from service.security.policy import operator
from tests.conftest import World, clock


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    for module in (jobs, waiting, upkeep):
        name = module.__name__
        monkeypatch.setattr(module, "let_others_write", _noting(found, name))
    return found


def _noting(found: list[str], name: str) -> Callable[[], None]:
    return lambda: found.append(name)


def quiet(_stage: str, _done: int, _total: int | None) -> None:
    return None


def test_between_units_of_work(world: World, pauses: list[str]) -> None:
    context = JobContext(world.engine, operator("test"), clock, world.linkage, quiet)
    for _ in range(3):
        with context.work() as work:
            work.audit(AuditEvent("test:look"))
    assert pauses == ["service.jobs"] * 3


def test_between_cases_that_waited(world: World, pauses: list[str]) -> None:
    with world.work("BE-POL") as work:
        for name in ("Selam Tesfay", "Arben Hoxha"):
            draft = CaseDraft.model_validate({"kind": "missing", "names": [name]})
            stored = store_case(work, draft)
            work.session.flush()
            waiting.compare_later(work, stored.case)
    assert waiting.compare_waiting(world.engine, world.linkage, clock, limit=10) == 2
    assert pauses == ["service.alerts.waiting"] * 2
    with Session(world.engine) as session:
        assert WaitingRepository(session).count() == 0


def test_between_shares_of_upkeep(
    world: World, pauses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SWEPT", 5)
    monkeypatch.setattr(upkeep, "COMPACTED", 1)
    with Session(world.engine) as session:
        for share in range(3):
            SqlIndex(session).upsert([_entry(1 + share * 300 + n) for n in range(300)])
        session.commit()
    Upkeep(world.engine, SqlIndex, operator("test"), clock, quiet).compact()
    compacted = len(pauses)
    assert compacted > 1
    with Session(world.engine) as session:
        index = SqlIndex(session)
        index.activate(index.begin())
        session.commit()
    Upkeep(world.engine, SqlIndex, operator("test"), clock, quiet).sweep()
    assert len(pauses) > compacted + 1


def _entry(case_id: int) -> IndexEntry:
    name = ("Selam Tesfay", "Arben Hoxha", "Dawit Haile")[case_id % 3]
    return index_entry(case_id, PersonRecord("r", names=(Name.of(name),)))
