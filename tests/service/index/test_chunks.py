"""Postings stand in chunks: they fill, are thinned, and compaction leaves what is full."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from matching.retrieval import IndexEntry, index_entry
from service.index.models import IndexPosting
from service.index.postings.repository import CHUNK, PAIR, decode
from service.index.sql import SqlIndex
from service.index.writing import MANY
from tests.service.index.tables import active, contents, expected, person, seeded


def test_chunks_fill_and_are_thinned(any_engine: Engine) -> None:
    count = 2 * CHUNK + 30
    everybody = {n: index_entry(n, person(seeded(n))) for n in range(1, count + 1)}
    with Session(any_engine) as session:
        index = SqlIndex(session)
        index.upsert([everybody[n] for n in range(1, CHUNK - 5)])
        for first in range(CHUNK - 5, count + 1, 50):
            index.upsert([everybody[n] for n in range(first, min(first + 50, count + 1))])
        index.remove(range(100, 300))
        for case_id in range(100, 300):
            del everybody[case_id]
        assert contents(session, active(session)) == expected(everybody)
        sizes = session.scalars(select(col(IndexPosting.size))).all()
        assert max(sizes) <= CHUNK


def test_large_shares_are_compacted(any_engine: Engine) -> None:
    everybody = {n: index_entry(n, person(seeded(n))) for n in range(1, 1501)}
    with Session(any_engine) as session:
        index = SqlIndex(session)
        for first in range(1, 1501, 250):
            index.upsert([everybody[n] for n in range(first, first + 250)])
        scattered = index.scattered()
        before = session.execute(select(col(IndexPosting.term_id))).all()
        index.compact(scattered)
        after = session.execute(select(col(IndexPosting.term_id))).all()
        assert len(after) < len(before)
        assert index.scattered() == []
        assert contents(session, active(session)) == expected(everybody)


def test_compacting_leaves_full_chunks_and_orders_the_rest(any_engine: Engine) -> None:
    term, count = "n:ana", 3 * CHUNK
    with Session(any_engine) as session:
        index = SqlIndex(session)
        for first in range(1, count + 1, MANY):
            share = range(first, min(first + MANY, count + 1))
            index.upsert([IndexEntry(n, (term,), n % 7) for n in share])
        index.compact(index.scattered())
        full = _chunks(session)
        # What was taken out and comes again lies behind the others, then in its place.
        more = [*range(count + 1, count + 2 * MANY), CHUNK + 5]
        index.remove([CHUNK + 5])
        for one in (more[:MANY], more[MANY:]):
            index.upsert([IndexEntry(n, (term,), n % 7) for n in one])
        index.compact([int(session.scalars(select(col(IndexPosting.term_id))).first() or 0)])
        now = _chunks(session)
    assert [number for number, _ in full] == [1, CHUNK + 1, 2 * CHUNK + 1]
    assert now[: len(full)] == full
    everybody = [case_id for _, pairs in now for case_id in decode([pairs])["case"].tolist()]
    assert everybody == list(range(1, count + 2 * MANY))
    assert [len(pairs) // PAIR.itemsize for _, pairs in now[:-1]] == [CHUNK] * (len(now) - 1)


def _chunks(session: Session) -> list[tuple[int, bytes]]:
    query = select(col(IndexPosting.chunk), col(IndexPosting.pairs))
    return [(row[0], row[1]) for row in session.execute(query.order_by(col(IndexPosting.chunk)))]
