"""What the SQL index holds after any writes is what a fresh build would hold."""

from __future__ import annotations

import random
from datetime import date

import pytest
from sqlalchemy import Engine, select, text, update
from sqlmodel import Session, col

from matching.record import BirthDate, CaseKind, Name, PartialDate, PersonRecord, Sex
from matching.retrieval import IndexEntry, index_entry
from service.errors import IndexNotReady, IndexUnavailable
from service.index import sql
from service.index.base import Scope
from service.index.models import IndexedCase, IndexPosting, IndexState, IndexTerm
from service.index.repository import CHUNK, decode
from service.index.sql import SqlIndex
from service.store.base import Base
from service.store.engine import make_engine

NAMES = ["Ahmad", "Selam", "Tesfay", "Linh", "Nguyen", "Arben", "Hoxha", "Dawit"]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def person(rng: random.Random) -> PersonRecord:
    name = " ".join(rng.sample(NAMES, rng.randint(1, 3)))
    born = date(2008, rng.randint(1, 12), rng.randint(2, 28)).isoformat()
    births = (BirthDate(PartialDate.parse(born)),)
    return PersonRecord("r", CaseKind.MISSING, (Name.of(name),), births, rng.choice(list(Sex)))


def contents(session: Session) -> dict[str, tuple[int, list[tuple[int, int]]]]:
    """Number of cases and the sorted pairs of every term in use, from the tables."""
    found: dict[str, tuple[int, list[tuple[int, int]]]] = {}
    terms = session.execute(select(IndexTerm)).scalars().all()
    for term in terms:
        chunks = session.execute(
            select(IndexPosting).where(col(IndexPosting.term_id) == term.id)
        ).scalars()
        ids, packed = decode(chunk.pairs for chunk in chunks)
        if len(ids) or term.cases:
            found[term.term] = (term.cases, sorted(zip(ids.tolist(), packed.tolist(), strict=True)))
    return found


def expected(entries: dict[int, IndexEntry]) -> dict[str, tuple[int, list[tuple[int, int]]]]:
    pairs: dict[str, list[tuple[int, int]]] = {}
    for entry in entries.values():
        for term in entry.terms:
            pairs.setdefault(term, []).append((entry.case_id, entry.packed))
    return {term: (len(found), sorted(found)) for term, found in pairs.items()}


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
        assert contents(session) == expected(held)
        assert index.verify(held.values()) == (0, 0, 0)
        assert index.frequencies([]).total == len(held)


def test_chunks_fill_and_are_thinned(any_engine: Engine) -> None:
    count = 2 * CHUNK + 30
    everybody = {n: index_entry(n, person(seeded(n))) for n in range(1, count + 1)}
    with Session(any_engine) as session:
        index = SqlIndex(session)
        index.upsert([everybody[n] for n in range(1, CHUNK - 5)])
        index.upsert([everybody[n] for n in range(CHUNK - 5, count + 1)])
        index.remove(range(100, 300))
        for case_id in range(100, 300):
            del everybody[case_id]
        assert contents(session) == expected(everybody)
        sizes = session.execute(select(col(IndexPosting.size))).scalars().all()
        assert max(sizes) <= CHUNK


def test_a_build_with_many_terms_holds_them_all(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "BUILD_BATCH", 3)
    entries = {n: index_entry(n, person(seeded(n))) for n in range(1, 20)}
    with Session(engine) as session:
        index = SqlIndex(session)
        index.upsert([index_entry(500, person(seeded(0)))])
        index.activate(index.build(entries.values()))
        assert contents(session) == expected(entries)
        assert len(session.execute(select(IndexedCase)).scalars().all()) == len(entries)


@pytest.mark.postgres
def test_the_planner_knows_a_new_generation(postgres_engine: Engine) -> None:
    known = text("SELECT reltuples FROM pg_class WHERE relname = 'index_cases'")
    with Session(postgres_engine) as session:
        index = SqlIndex(session)
        built = index.build(index_entry(n, person(seeded(n))) for n in range(1, 20))
        assert session.execute(known).scalar_one() <= 0
        index.activate(built)
        assert session.execute(known).scalar_one() == 19


def test_verify_tells_missing_stale_and_surplus(engine: Engine) -> None:
    rng = seeded(5)
    one, two, three = (index_entry(n, person(rng)) for n in (1, 2, 3))
    changed = IndexEntry(2, two.terms, two.packed + 1)
    with Session(engine) as session:
        index = SqlIndex(session)
        index.upsert([two, three])
        assert index.verify([one, changed]) == (1, 1, 1)


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
    monkeypatch.setattr(sql, "MAX_POSTINGS", 20)
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
        "index_generations", "index_terms", "index_keys", "index_postings", "index_cases",
    }  # fmt: skip
