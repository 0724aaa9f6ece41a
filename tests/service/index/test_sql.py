"""What the SQL index holds after any writes is what a fresh build would hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlmodel import Session, col

from matching.record import Name, PersonRecord
from matching.retrieval import NAME, IndexEntry, index_entry
from service.errors import IndexNotReady, IndexUnavailable
from service.index import reading
from service.index.base import Generation, Scope
from service.index.mirror import Mirror
from service.index.models import (
    IndexedCase,
    IndexKey,
    IndexPosting,
    IndexRare,
    IndexState,
    IndexTerm,
)
from service.index.postings.repository import encode
from service.index.sql import KEPT_FOR, SqlIndex
from service.store.base import Base
from service.store.engine import make_engine
from tests.conftest import NOW
from tests.service.index.tables import active, contents, expected, person, seeded


@pytest.mark.parametrize("seed", range(4))
def test_any_writes_leave_what_a_build_would(any_engine: Engine, seed: int) -> None:
    rng = seeded(seed)
    held: dict[int, IndexEntry] = {}
    with Session(any_engine) as session:
        index = SqlIndex(session)
        for _ in range(25):
            if held and rng.random() < 0.3:
                gone = rng.sample(sorted(held), min(len(held), 3))
                index.remove(gone)
                for case_id in gone:
                    del held[case_id]
            else:
                entries = [index_entry(n, person(rng)) for n in rng.sample(range(1, 40), 5)]
                index.upsert(entries)
                held.update({entry.case_id: entry for entry in entries})
        session.flush()
        assert contents(session, active(session)) == expected(held)
        assert index.verify(held[case_id] for case_id in sorted(held)).clean
        assert index.frequencies([]).total == len(held)


def test_many_changed_cases_are_put_in_again(any_engine: Engine) -> None:
    with Session(any_engine) as session:
        index = SqlIndex(session)
        for shift in (0, 1000, 2000):
            entries = {n: index_entry(n, person(seeded(n + shift))) for n in range(1, 301)}
            index.upsert(entries.values())
            assert contents(session, active(session)) == expected(entries)
        index.remove(range(150, 301))
        index.upsert([entries[n] for n in range(150, 301)])
        assert contents(session, active(session)) == expected(entries)


def test_an_old_generation_is_swept_in_shares(any_engine: Engine) -> None:
    entries = {n: index_entry(n, person(seeded(n))) for n in range(1, 40)}
    with Session(any_engine) as session:
        index = SqlIndex(session)
        index.upsert([index_entry(500, person(seeded(0)))])
        built = index.begin()
        for first in range(1, 40, 13):
            index.fill(built, [entries[n] for n in range(first, first + 13)])
        index.activate(built)
        shares = 0
        while index.sweep(5):
            shares += 1
            assert contents(session, built.number) == expected(entries)
        assert shares > 3
        assert session.scalars(select(col(IndexState.number))).all() == [built.number]
        assert len(session.scalars(select(IndexedCase)).all()) == len(entries)
        assert set(session.scalars(select(col(IndexPosting.term_id)))) == set(
            session.scalars(select(col(IndexTerm.id)))
        )


def test_a_build_that_was_given_up_is_swept(engine: Engine) -> None:
    with Session(engine) as session:
        index = SqlIndex(session)
        killed = index.begin()
        index.fill(killed, [index_entry(1, person(seeded(1)))])
        built = index.begin()
        with pytest.raises(IndexNotReady):
            index.activate(killed)
        with pytest.raises(IndexNotReady):
            index.fill(killed, [])
        index.activate(built)
        while index.sweep(100):
            pass
        assert session.scalars(select(col(IndexState.number))).all() == [built.number]
        assert session.scalars(select(IndexTerm)).all() == []


def test_an_unknown_generation_cannot_answer(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(IndexNotReady):
        SqlIndex(session).fill(Generation(77), [])


@pytest.mark.postgres
def test_the_planner_knows_a_new_generation(postgres_engine: Engine) -> None:
    known = text("SELECT reltuples FROM pg_class WHERE relname = 'index_cases'")
    with Session(postgres_engine) as session:
        index = SqlIndex(session)
        built = index.begin()
        index.fill(built, [index_entry(n, person(seeded(n))) for n in range(1, 20)])
        assert session.execute(known).scalar_one() <= 0
        index.activate(built)
        assert session.execute(known).scalar_one() == 19


def test_verify_tells_what_differs(engine: Engine) -> None:
    rng = seeded(5)
    one, two, three = (index_entry(n, person(rng)) for n in (1, 2, 3))
    changed = IndexEntry(2, two.terms, two.packed + 1)
    with Session(engine) as session:
        index = SqlIndex(session)
        index.upsert([two, three])
        found = index.verify([one, changed])
        assert (found.missing, found.stale, found.surplus) == ([one], [changed], [3])
        assert found.miscounted == 0
        session.execute(update(IndexTerm).values(cases=77))
        assert index.verify([two, three]).miscounted > 0


@pytest.mark.parametrize("table", [IndexPosting, IndexRare])
def test_verify_sees_pairs_that_changed_places(
    any_engine: Engine, table: type[IndexPosting | IndexRare]
) -> None:
    one, two = (
        IndexEntry(n, (f"n:name{n}", f"p:+49{n}"), packed) for n, packed in ((1, 7), (2, 8))
    )
    with Session(any_engine) as session:
        index = SqlIndex(session)
        index.upsert([one, two])
        assert index.verify([one, two]).clean
        # Each term keeps as many cases as it has, but those of the other.
        left, right = session.scalars(select(table)).all()
        columns = ("pairs",) if table is IndexPosting else ("case_id", "packed")
        for column in columns:
            ours, theirs = getattr(left, column), getattr(right, column)
            setattr(left, column, theirs)
            setattr(right, column, ours)
        session.flush()
        found = index.verify([one, two])
        assert (found.missing, found.stale, found.surplus) == ([], [], [])
        assert found.miscounted == 2


@pytest.mark.parametrize("table", [IndexPosting, IndexRare])
def test_verify_sees_attributes_that_are_not_those_of_the_case(
    engine: Engine, table: type[IndexPosting | IndexRare]
) -> None:
    entry = IndexEntry(1, ("n:name", "p:+491"), 7)
    with Session(engine) as session:
        index = SqlIndex(session)
        index.upsert([entry])
        changed = {"pairs": encode([(1, 8)])} if table is IndexPosting else {"packed": 8}
        session.execute(update(table).values(**changed))
        assert index.verify([entry]).miscounted == 1


def test_verify_sees_a_part_without_a_key(any_engine: Engine) -> None:
    entries = [index_entry(n, person(seeded(n))) for n in range(1, 20)]
    with Session(any_engine) as session:
        index = SqlIndex(session)
        index.upsert(entries)
        assert index.verify(entries).miscounted == 0
        lost = session.scalars(select(col(IndexKey.term_id))).first()
        session.execute(delete(IndexKey).where(col(IndexKey.term_id) == lost))
        assert index.verify(entries).miscounted == 1


def test_the_log_tells_what_changed_in_order(engine: Engine) -> None:
    one, other = index_entry(1, person(seeded(1))), index_entry(1, person(seeded(2)))
    with Session(engine) as session:
        index = SqlIndex(session)
        index.upsert([one])
        index.upsert([one])
        index.upsert([other])
        index.remove([1, 9])
        log = index.changes(0, 10)
        assert [(change.case_id, change.before) for change in log] == [
            (1, ()),
            # What the index holds of it is the same; what is written of it may be another.
            (1, one.terms),
            (1, one.terms),
            (1, other.terms),
        ]
        assert [change.seq for change in index.changes(log[0].seq, 10)] == [
            change.seq for change in log[1:]
        ]
        assert index.last_change() == log[-1].seq


def test_what_a_case_was_called_is_forgotten_after_a_day(any_engine: Engine) -> None:
    entry, later = index_entry(1, person(seeded(1))), index_entry(2, person(seeded(2)))
    mirror, now = Mirror(in_background=False), NOW

    def change(make: Callable[[SqlIndex], object]) -> list[int]:
        with Session(any_engine) as session:
            index = SqlIndex(session, clock=lambda: now)
            make(index)
            session.commit()
            return [change.seq for change in index.changes(0, None) if change.before]

    change(lambda index: index.upsert([entry]))
    assert change(lambda index: index.remove([1]))
    with Session(any_engine) as session:
        SqlIndex(session, mirror=mirror).frequencies([])
    assert change(lambda index: index.upsert([later]))
    now += KEPT_FOR + timedelta(seconds=1)
    assert not change(lambda index: index.upsert([index_entry(3, person(seeded(3)))]))
    with Session(any_engine) as session:
        # It lay behind what was forgotten, and is loaded anew.
        assert SqlIndex(session, mirror=mirror).frequencies([]).total == 2
    # Without another change it goes with the sweeping, the newest too, and share by share.
    assert change(lambda index: index.remove([3]))
    change(lambda index: index.upsert([entry]))
    assert len(change(lambda index: index.remove([2]))) == 2
    with Session(any_engine) as session:
        assert SqlIndex(session, mirror=mirror).frequencies([]).total == 1
    behind = Mirror(in_background=False)
    with Session(any_engine) as session:
        SqlIndex(session, mirror=behind).frequencies([])
    change(lambda index: index.remove([1]))
    now += KEPT_FOR + timedelta(seconds=1)

    def sweep(index: SqlIndex) -> None:
        while index.sweep(1):
            pass

    assert not change(sweep)
    with Session(any_engine) as session:
        index = SqlIndex(session)
        told, last = len(index.changes(0, None)), index.last_change()
    assert told == 1
    with Session(any_engine) as session:
        assert SqlIndex(session, mirror=behind).frequencies([]).total == 0
        token = next(t.removeprefix(NAME) for t in entry.terms if t.startswith(NAME))
        assert SqlIndex(session, mirror=behind).frequencies([token]).counts == {}
    # What tells nothing stays, and nothing is added to it.
    now += KEPT_FOR + timedelta(seconds=1)
    assert not change(sweep)
    with Session(any_engine) as session:
        assert SqlIndex(session).last_change() == last


def test_without_postings_the_vocabulary_still_follows(engine: Engine) -> None:
    with Session(engine) as session:
        index = SqlIndex(session, postings=False)
        index.activate(index.begin())
        index.upsert([index_entry(n, person(seeded(n))) for n in range(1, 30)])
        asked, groups = index.plan(person(seeded(4)))
        assert len(groups) == len(asked.parts)
        assert all(group.cases.min() > 0 for group in groups if group.terms)
        assert session.scalars(select(IndexPosting)).all() == []
        assert session.scalars(select(IndexRare)).all() == []


def test_an_index_of_an_older_version_asks_for_a_build(engine: Engine) -> None:
    with Session(engine) as session:
        session.execute(update(IndexState).values(term_schema=0))
        index = SqlIndex(session)
        with pytest.raises(IndexNotReady):
            index.candidates(person(seeded(1)), Scope(), 5)
        with pytest.raises(IndexNotReady):
            index.upsert([index_entry(1, person(seeded(1)))])


def test_missing_tables_are_unavailable_not_a_vendor_error(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with Session(engine) as session, pytest.raises(IndexUnavailable) as caught:
        SqlIndex(session).healthy()
    assert "index_generations" not in str(caught.value)
    engine.dispose()


def test_common_names_are_bounded_and_say_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_POSTINGS", 20)
    asked = PersonRecord("q", names=(Name.of("Ahmad Rarename"),))
    with Session(engine) as session:
        index = SqlIndex(session)
        common = PersonRecord("r", names=(Name.of("Ahmad"),))
        index.upsert([index_entry(n, common) for n in range(1, 30)])
        index.upsert([index_entry(99, PersonRecord("r", names=(Name.of("Rarename"),)))])
        found = index.candidates(asked, Scope(), 50)
    assert [item.case_id for item in found.items] == [99]
    assert found.cut


def test_all_index_tables_are_tables_of_the_store() -> None:
    names = {name for name in Base.metadata.tables if name.startswith("index_")}
    assert names == {
        "index_generations", "index_terms", "index_keys", "index_postings", "index_rare",
        "index_cases", "index_changes", "index_outbox",
    }  # fmt: skip
