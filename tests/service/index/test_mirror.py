"""A mirror answers as the tables do, whatever was committed, rolled back or rebuilt meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from sqlalchemy import Engine, QueuePool
from sqlmodel import Session

from matching.record import BirthDate, Contact, Name, PartialDate, PersonRecord
from matching.retrieval import IndexEntry, index_entry
from service.cases.intake import amend
from service.cases.records.operations import refresh_records
from service.cases.records.repository import put_records
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseAmendment
from service.errors import IndexNotReady
from service.index import mirror as mirrors
from service.index import sql
from service.index.base import Candidates, Scope
from service.index.mirror import Mirror
from service.index.sql import SqlIndex
from service.jobs import JobContext
from service.security.policy import operator
from service.store.engine import for_reading
from tests.conftest import World, clock

NAMES = ["Ahmad", "Selam", "Tesfay", "Linh", "Nguyen", "Arben", "Hoxha", "Dawit", "Mohammed"]
PATIENCE_SECONDS = 20
MOST_OVERFLOW = 10
"""Connections that SQLAlchemy opens beyond its pool by default."""
EACH = 4
"""Changes and searches of a thread."""


def person(seed: int) -> PersonRecord:
    rng = random.Random(seed)
    born = PartialDate.parse(f"20{rng.randint(10, 12)}-0{rng.randint(1, 3)}-1{rng.randint(0, 9)}")
    return PersonRecord(
        "r",
        names=(Name.of(" ".join(rng.sample(NAMES, 2))),),
        births=(BirthDate(born),),
        contacts=(Contact("phone", f"+49{rng.randint(1, 9)}"),),
    )


def write(engine: Engine, change: Callable[[SqlIndex], object]) -> None:
    with Session(engine) as session:
        change(SqlIndex(session))
        session.commit()


def ask(engine: Engine, seed: int, mirror: Mirror | None) -> Candidates:
    with Session(engine) as session:
        return SqlIndex(session, mirror=mirror).candidates(person(seed), Scope(), 50)


def agrees(engine: Engine, mirror: Mirror) -> bool:
    with Session(engine) as session:
        tables, copy = SqlIndex(session), SqlIndex(session, mirror=mirror)
        tokens = ["amad", "salam", "nobody"]
        same_counts = tables.frequencies(tokens) == copy.frequencies(tokens)
    return same_counts and all(
        ask(engine, seed, None) == ask(engine, seed, mirror) for seed in range(500, 510)
    )


def entries(*ids: int, shift: int = 0) -> list[IndexEntry]:
    return [index_entry(n, person(n + shift)) for n in ids]


def test_it_follows_every_change(any_engine: Engine) -> None:
    mirror, rng = Mirror(in_background=False), random.Random(2)
    for step in range(15):
        some = rng.sample(range(1, 60), 8)
        with Session(any_engine) as session:
            SqlIndex(session).upsert(entries(*some, shift=step))
            session.commit()
        if step % 3 == 2:
            with Session(any_engine) as session:
                SqlIndex(session).remove(some[:4])
                session.commit()
        assert agrees(any_engine, mirror)


def plans(engine: Engine, mirror: Mirror | None) -> list[list[tuple[dict[str, float], list[int]]]]:
    """Terms with their bits and counts for some questions, of a vocabulary without cases."""
    with Session(engine) as session:
        index = SqlIndex(session, postings=False, mirror=mirror)
        found = [index.plan(person(seed))[1] for seed in range(500, 510)]
    return [
        [
            (dict(zip(g.terms, g.bits.tolist(), strict=True)), sorted(g.cases.tolist()))
            for g in groups
        ]
        for groups in found
    ]


def test_a_vocabulary_alone_follows_every_change(any_engine: Engine) -> None:
    mirror, rng = Mirror(in_background=False), random.Random(3)
    with Session(any_engine) as session:
        index = SqlIndex(session, postings=False)
        index.activate(index.begin())
        session.commit()
    for step in range(12):
        some = rng.sample(range(1, 60), 8)
        with Session(any_engine) as session:
            SqlIndex(session, postings=False).upsert(entries(*some, shift=step))
            session.commit()
        if step % 3 == 2:
            with Session(any_engine) as session:
                SqlIndex(session, postings=False).remove(some[:4])
                session.commit()
        assert plans(any_engine, mirror) == plans(any_engine, None)
    assert any(terms for groups in plans(any_engine, mirror) for terms, _ in groups)
    with Session(any_engine) as session, pytest.raises(IndexNotReady):
        SqlIndex(session, mirror=mirror).candidates(person(1), Scope(), 10)


def build(engine: Engine, *, postings: bool, ids: range) -> None:
    with Session(engine) as session:
        index = SqlIndex(session, postings=postings)
        built = index.begin()
        index.fill(built, entries(*ids))
        index.activate(built)
        session.commit()


def test_a_vocabulary_alone_survives_roll_backs_builds_and_a_lost_log(
    any_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(in_background=False)
    build(any_engine, postings=False, ids=range(1, 30))
    assert plans(any_engine, mirror) == plans(any_engine, None)
    with Session(any_engine) as session:
        index = SqlIndex(session, postings=False, mirror=mirror)
        index.upsert(entries(2, 40, 50, shift=40))
        index.plan(person(4))
        session.rollback()
    assert plans(any_engine, mirror) == plans(any_engine, None)
    build(any_engine, postings=False, ids=range(20, 60))
    assert plans(any_engine, mirror) == plans(any_engine, None)
    monkeypatch.setattr(sql, "KEPT_CHANGES", 1)
    for shift in range(3):
        with Session(any_engine) as session:
            SqlIndex(session, postings=False).upsert(entries(*range(20, 30), shift=shift))
            session.commit()
    assert plans(any_engine, mirror) == plans(any_engine, None)


def test_a_generation_that_another_thread_loads_meanwhile_does_not_answer(engine: Engine) -> None:
    mirror = Mirror(in_background=False)
    write(engine, lambda index: index.upsert(entries(*range(1, 30))))
    assert agrees(engine, mirror)
    with Session(for_reading(engine)) as session:
        index = SqlIndex(session, mirror=mirror)
        index.frequencies([])
        build(engine, postings=False, ids=range(1, 30))
        # As the next search of another thread has it.
        plans(engine, mirror)
        found = index.candidates(person(505), Scope(), 50)
        assert found == SqlIndex(session).candidates(person(505), Scope(), 50)
    assert found.items


def test_what_is_rolled_back_is_never_seen(any_engine: Engine) -> None:
    mirror = Mirror(in_background=False)
    write(any_engine, lambda index: index.upsert(entries(1, 2, 3)))
    assert agrees(any_engine, mirror)
    with Session(any_engine) as session:
        index = SqlIndex(session, mirror=mirror)
        index.upsert(entries(2, 4, 5, shift=40))
        index.candidates(person(4), Scope(), 10)
        index.frequencies(["amad"])
        session.rollback()
    assert agrees(any_engine, mirror)


def test_who_writes_sees_what_others_committed_before(any_engine: Engine) -> None:
    mirror = Mirror(in_background=False)
    write(any_engine, lambda index: index.upsert(entries(1)))
    assert agrees(any_engine, mirror)
    write(any_engine, lambda index: index.upsert([index_entry(2, person(7))]))
    with Session(any_engine) as session:
        index = SqlIndex(session, mirror=mirror)
        index.upsert([index_entry(3, person(7))])
        found = index.candidates(person(7), Scope(exclude=frozenset({3})), 10)
        session.commit()
    assert found.items[0].case_id == 2
    assert agrees(any_engine, mirror)


def test_who_writes_while_the_mirror_lies_far_behind_is_answered_by_the_tables(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror()
    write(engine, lambda index: index.upsert(entries(1)))
    ask(engine, 1, mirror)
    wait_until(lambda: mirror.seq >= 1)
    monkeypatch.setattr(mirrors, "MOST_BEHIND", 3)
    monkeypatch.setattr(Mirror, "_start", lambda *_, **__: None)
    write(engine, lambda index: index.upsert([index_entry(n, person(7)) for n in range(2, 20)]))
    with Session(engine) as session:
        index = SqlIndex(session, mirror=mirror)
        index.upsert([index_entry(30, person(7))])
        found = index.candidates(person(7), Scope(exclude=frozenset({30})), 50)
    assert {item.case_id for item in found.items} >= set(range(2, 20))


def test_a_new_generation_is_loaded(engine: Engine) -> None:
    mirror = Mirror(in_background=False)
    write(engine, lambda index: index.upsert(entries(1, 2, 3)))
    assert agrees(engine, mirror)

    def rebuild(index: SqlIndex) -> None:
        built = index.begin()
        index.fill(built, entries(2, 3, 9, shift=5))
        index.activate(built)

    write(engine, rebuild)
    assert agrees(engine, mirror)


def test_a_log_that_was_cut_is_no_loss(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "KEPT_CHANGES", 2)
    mirror = Mirror(in_background=False)
    write(engine, lambda index: index.upsert(entries(1, 2, 3)))
    assert agrees(engine, mirror)
    write(engine, lambda index: index.upsert(entries(*range(1, 30), shift=3)))
    write(engine, lambda index: index.sweep(10))
    assert agrees(engine, mirror)


def test_far_behind_the_tables_answer_until_the_thread_is_done(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "MOST_BEHIND", 5)
    monkeypatch.setattr(mirrors, "AT_ONCE", 7)
    mirror = Mirror()
    write(engine, lambda index: index.upsert(entries(1, 2, 3)))
    expected = ask(engine, 2, None)
    assert ask(engine, 2, mirror) == expected
    wait_until(lambda: mirror.seq >= 3)
    write(engine, lambda index: index.upsert(entries(*range(1, 40), shift=3)))
    assert ask(engine, 2, mirror) == ask(engine, 2, None)
    wait_until(lambda: mirror.seq >= 42)
    assert agrees(engine, mirror)


def lines_of(engine: Engine, mirror: Mirror, *ids: int) -> list[str] | None:
    """The written names that the mirror holds of cases, sorted; None where the store is to say."""
    with Session(engine) as session:
        lines = SqlIndex(session, mirror=mirror).lines(ids)
        tokens = lines.names.lexicon.tokens if lines else []
        return None if lines is None else sorted(tokens[n] for n in lines.names.numbers)


def test_lines_follow_what_is_written_of_a_case(any_world: World) -> None:
    mirror = Mirror(in_background=False)
    one, other = any_world.missing("Muhamad Ali", "Selam")
    engine = any_world.engine
    assert lines_of(engine, mirror, one, other) == ["ali", "muhamad", "selam"]
    assert lines_of(engine, mirror, one, other + 1) is None
    with any_world.work("BE-POL") as work:
        case = CaseRepository(work.session, work.actor).by_ids([one])[one].case
        amendment = {
            "expected_version": case.version,
            "reason": "misspelt",
            "withdraw_claims": [CaseRepository(work.session, work.actor).claims(one)[0].id],
            # Folded as before: the index holds the same terms.
            "add": {"names": ["Mohammad Ali"]},
        }
        amend(
            work,
            any_world.linkage,
            case.public_id,
            CaseAmendment.model_validate(amendment),
            limit=10,
        )
    assert lines_of(engine, mirror, one, other) == ["ali", "mohammad", "selam"]


def test_who_changes_a_case_reads_its_line_from_the_store(world: World) -> None:
    mirror = Mirror(in_background=False)
    one, other = world.missing("Muhamad Ali", "Selam")
    with Session(world.engine) as session:
        index = SqlIndex(session, mirror=mirror)
        index.upsert([index_entry(one, person(3))])
        assert index.lines([one, other]) is None
        assert index.lines([other]) is not None
        index.remove([other])
        assert index.lines([other]) is None
    assert lines_of(world.engine, mirror, one) == ["ali", "muhamad"]


def test_a_mended_record_is_read_again(world: World) -> None:
    (case_id,) = world.missing("Muhamad Ali")
    with Session(world.engine) as session:
        put_records(session, {case_id: PersonRecord("r", names=(Name.of("Nobody"),))})
        session.commit()
    mirror = Mirror(in_background=False)
    assert lines_of(world.engine, mirror, case_id) == ["nobody"]
    context = JobContext(world.engine, operator("test"), clock, world.linkage, lambda *_: None)
    assert refresh_records(context) == 1
    assert lines_of(world.engine, mirror, case_id) == ["ali", "muhamad"]


@pytest.mark.postgres
def test_more_threads_than_connections_hold_nobody_up(postgres_engine: Engine) -> None:
    write(postgres_engine, lambda index: index.upsert(entries(*range(1, 30))))
    mirror, pool = Mirror(), cast("QueuePool", postgres_engine.pool)
    threads = 2 * (pool.size() + MOST_OVERFLOW)

    def work(thread: int) -> int:
        for number in range(EACH):
            case_id = 100 + thread * EACH + number
            write(postgres_engine, lambda index, n=case_id: index.upsert(entries(n)))  # type: ignore[misc]  # bound in the loop
            ask(postgres_engine, case_id, mirror)
        return EACH

    with ThreadPoolExecutor(threads) as workers:
        assert sum(workers.map(work, range(threads))) == threads * EACH
    wait_until(lambda: mirror.seq >= 0)
    assert agrees(postgres_engine, mirror)
    wait_until(lambda: pool.checkedout() == 0)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to rest"
        time.sleep(0.01)
