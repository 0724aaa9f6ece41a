"""Two officers register at once: neither is refused, neither is lost."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from matching.record import Name, PersonRecord
from matching.retrieval import index_entry
from service.index.base import Scope
from service.index.sql import KEPT_FOR, SqlIndex
from tests.conftest import NOW

WRITERS = 3
EACH = 15
WAITS_SECONDS = 0.5
PATIENCE_SECONDS = 60


def named(name: str) -> PersonRecord:
    return PersonRecord("r", names=(Name.of(name),))


def register(engine: Engine, first: int) -> None:
    for place in range(EACH):
        # Every writer meets the same new name at about the same time as the others.
        entry = index_entry(first + place, named(f"Ahmad Newname{chr(ord('a') + place)}"))
        with Session(engine) as session:
            SqlIndex(session).upsert([entry])
            session.commit()


def test_concurrent_registrations_are_all_indexed(any_engine: Engine) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        done = [pool.submit(register, any_engine, 100 * n) for n in range(1, WRITERS + 1)]
        for future in done:
            future.result()
    with Session(any_engine) as session:
        index = SqlIndex(session)
        assert index.frequencies(["amad"]).counts["amad"] == WRITERS * EACH
        assert index.frequencies([]).total == WRITERS * EACH
        assert len(index.candidates(named("Ahmad"), Scope(), 1_000).items) == WRITERS * EACH


def test_a_registration_during_a_share_is_kept(any_engine: Engine) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Session(any_engine) as session:
            index = SqlIndex(session)
            built = index.begin()
            index.fill(built, [index_entry(1, named("Selam Tesfay"))])
            late: Future[None] = pool.submit(register, any_engine, 100)
            # It must not end up in the old generation alone.
            with pytest.raises(TimeoutError):
                late.result(timeout=WAITS_SECONDS)
            index.activate(built)
            session.commit()
        late.result()
    with Session(any_engine) as session:
        assert SqlIndex(session).frequencies([]).total == 1 + EACH


@pytest.mark.postgres
def test_sweeping_and_registering_wait_for_one_another(postgres_engine: Engine) -> None:
    engine = postgres_engine
    with Session(engine) as session:
        index = SqlIndex(session, clock=lambda: NOW)
        index.upsert([index_entry(n, named("Selam Tesfay")) for n in range(1, 5)])
        session.commit()

    def sweep() -> None:
        with Session(engine) as session:
            SqlIndex(session, clock=lambda: NOW + 2 * KEPT_FOR).sweep(100)
            session.commit()

    with ThreadPoolExecutor(1) as pool:
        with Session(engine) as session:
            index = SqlIndex(session, clock=lambda: NOW + 2 * KEPT_FOR)
            index.hold()
            swept = pool.submit(sweep)
            wait_for_a_lock(engine)
            # It forgets the rows of the log that the sweeping is after.
            index.upsert([index_entry(9, named("Linh Nguyen"))])
            session.commit()
        swept.result()
    with Session(engine) as session:
        assert [change.case_id for change in SqlIndex(session).changes(0, None)] == [9]


def wait_for_a_lock(engine: Engine) -> None:
    """Until another transaction waits for what this one holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    end = time.monotonic() + PATIENCE_SECONDS
    with engine.connect() as connection:
        while not connection.scalar(waiting):
            assert time.monotonic() < end, "nobody waits"
            connection.rollback()
            time.sleep(0.01)
