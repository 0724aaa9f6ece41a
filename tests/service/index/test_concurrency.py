"""Two officers register at once: neither is refused, neither is lost."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matching.record import Name, PersonRecord
from matching.retrieval import index_entry
from service.index.base import Scope
from service.index.sql import SqlIndex

WRITERS = 3
EACH = 15
WAITS_SECONDS = 0.5


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
