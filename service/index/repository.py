"""All statements on the tables of the SQL index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import Session, col

from matching.retrieval import NAME, SCHEMA, IndexEntry, IntArray, vocabulary_keys
from service.cases.repository import chunks
from service.index.models import IndexedCase, IndexKey, IndexPosting, IndexState, IndexTerm
from service.store.base import Base

CHUNK = 512
"""Pairs in one posting chunk: 8 KB, so that an insert rewrites little and a search reads few rows."""
_PAIR = np.dtype("<i8")


def encode(pairs: Sequence[tuple[int, int]]) -> bytes:
    """Pairs of case id and packed attributes as little-endian 64-bit integers."""
    return np.array(pairs, dtype=_PAIR).tobytes()


def decode(data: Iterable[bytes]) -> tuple[IntArray, IntArray]:
    """Case ids and packed attributes of several chunks."""
    pairs = np.frombuffer(b"".join(data), dtype=_PAIR).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


class IndexRepository:
    """The index tables within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def active(self) -> IndexState | None:
        """The generation that answers."""
        return self.session.scalars(
            select(IndexState).where(col(IndexState.active).is_(True))
        ).one_or_none()

    def new_generation(self, *, active: bool = False) -> IndexState:
        """Begin a generation."""
        state = IndexState(term_schema=SCHEMA, active=active)
        self.session.add(state)
        self.session.flush()
        return state

    def activate(self, number: int) -> bool:
        """Let a generation answer; false when there is none of this number."""
        if self.session.get(IndexState, number) is None:
            return False
        self.session.execute(update(IndexState).values(active=False))
        self.session.execute(
            update(IndexState).where(col(IndexState.number) == number).values(active=True)
        )
        self.session.flush()
        return True

    def drop_others(self, number: int) -> None:
        """Delete every generation but one."""
        old = select(IndexTerm.id).where(col(IndexTerm.generation) != number)
        self.session.execute(delete(IndexPosting).where(col(IndexPosting.term_id).in_(old)))
        for table in (IndexKey, IndexTerm, IndexedCase):
            self.session.execute(delete(table).where(col(table.generation) != number))
        self.session.execute(delete(IndexState).where(col(IndexState.number) != number))

    def vocabulary(self, generation: int, keys: Collection[str]) -> dict[str, int]:
        """Folded parts found under any of the keys, with the number of their cases."""
        rows = self.session.execute(
            select(IndexTerm.term, IndexTerm.cases)
            .join(IndexKey, col(IndexKey.term_id) == col(IndexTerm.id))
            .where(
                col(IndexKey.generation) == generation,
                col(IndexKey.key).in_(sorted(keys)),
                col(IndexTerm.cases) > 0,
            )
        )
        return {row.term.removeprefix(NAME): row.cases for row in rows}

    def terms(self, generation: int, terms: Collection[str]) -> dict[str, tuple[int, int]]:
        """Id and number of cases of terms that exist."""
        found: dict[str, tuple[int, int]] = {}
        for chunk in chunks(sorted(terms)):
            rows = self.session.execute(
                select(IndexTerm.term, IndexTerm.id, IndexTerm.cases).where(
                    col(IndexTerm.generation) == generation, col(IndexTerm.term).in_(chunk)
                )
            )
            found.update({row.term: (row.id, row.cases) for row in rows})
        return found

    def postings(
        self, generation: int, terms: Collection[str]
    ) -> dict[str, tuple[IntArray, IntArray]]:
        """Cases of several terms."""
        blobs: dict[str, list[bytes]] = defaultdict(list)
        for chunk in chunks(sorted(terms)):
            rows = self.session.execute(
                select(IndexTerm.term, IndexPosting.pairs)
                .join(IndexPosting, col(IndexPosting.term_id) == col(IndexTerm.id))
                .where(col(IndexTerm.generation) == generation, col(IndexTerm.term).in_(chunk))
            )
            for row in rows:
                blobs[row.term].append(row.pairs)
        return {term: decode(found) for term, found in blobs.items()}

    def held(self, generation: int, case_ids: Collection[int]) -> dict[int, IndexEntry]:
        """What is held of cases."""
        found: dict[int, IndexEntry] = {}
        for chunk in chunks(sorted(case_ids)):
            rows = self.session.execute(
                select(IndexedCase.case_id, IndexedCase.terms, IndexedCase.packed).where(
                    col(IndexedCase.generation) == generation, col(IndexedCase.case_id).in_(chunk)
                )
            )
            for row in rows:
                found[row.case_id] = IndexEntry(row.case_id, tuple(row.terms), row.packed)
        return found

    def all_held(self, generation: int) -> Iterable[IndexEntry]:
        """What is held of every case, for verification."""
        rows = self.session.execute(
            select(IndexedCase.case_id, IndexedCase.terms, IndexedCase.packed).where(
                col(IndexedCase.generation) == generation
            )
        )
        for row in rows:
            yield IndexEntry(row.case_id, tuple(row.terms), row.packed)

    def add(self, generation: int, entries: Sequence[IndexEntry]) -> None:
        """Put in cases that are not held."""
        pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for entry in entries:
            for term in entry.terms:
                pairs[term].append((entry.case_id, entry.packed))
        ids = self._term_ids(generation, {term: len(found) for term, found in pairs.items()})
        self._append({ids[term]: found for term, found in pairs.items()})
        rows = [
            {
                "generation": generation,
                "case_id": entry.case_id,
                "terms": list(entry.terms),
                "packed": entry.packed,
            }
            for entry in entries
        ]
        self.session.execute(insert(IndexedCase), rows)
        self._count(generation, len(entries))

    def _term_ids(self, generation: int, added: Mapping[str, int]) -> dict[str, int]:
        known = self.terms(generation, added.keys())
        grown = [
            {"b_id": known[term][0], "b_more": more}
            for term, more in added.items()
            if term in known
        ]
        self._change_counts(grown)
        fresh = sorted(term for term in added if term not in known)
        if fresh:
            rows = [
                {"generation": generation, "term": term, "cases": added[term]} for term in fresh
            ]
            self.session.execute(insert(IndexTerm), rows)
            ids = {term: found[0] for term, found in self.terms(generation, fresh).items()}
            self._add_keys(generation, ids)
            known.update({term: (term_id, 0) for term, term_id in ids.items()})
        return {term: known[term][0] for term in added}

    def _change_counts(self, rows: list[dict[str, int]]) -> None:
        if not rows:
            return
        terms = Base.metadata.tables["index_terms"]
        statement = (
            update(terms)
            .where(terms.c.id == bindparam("b_id"))
            .values(cases=terms.c.cases + bindparam("b_more"))
        )
        self.session.connection().execute(statement, rows)

    def _add_keys(self, generation: int, ids: Mapping[str, int]) -> None:
        rows = [
            {"generation": generation, "key": key, "term_id": term_id}
            for term, term_id in ids.items()
            if term.startswith(NAME)
            for key in sorted(vocabulary_keys(term.removeprefix(NAME)))
        ]
        if rows:
            self.session.execute(insert(IndexKey), rows)

    def _append(self, pairs: Mapping[int, list[tuple[int, int]]]) -> None:
        last = self._last_chunks(pairs.keys())
        fresh, changed = [], []
        for term_id, found in pairs.items():
            chunk, size, blob = last.get(term_id, (-1, CHUNK, b""))
            room = CHUNK - size
            if room > 0 and chunk >= 0:
                data = blob + encode(found[:room])
                changed.append((term_id, chunk, size + len(found[:room]), data))
                found = found[room:]  # noqa: PLW2901 - the rest goes into new chunks
            for start in range(0, len(found), CHUNK):
                part = found[start : start + CHUNK]
                chunk += 1
                fresh.append(
                    {"term_id": term_id, "chunk": chunk, "size": len(part), "pairs": encode(part)}
                )
        for term_id, chunk, size, data in changed:
            self._write_chunk(term_id, chunk, size, data)
        if fresh:
            self.session.execute(insert(IndexPosting), fresh)

    def _write_chunk(self, term_id: int, chunk: int, size: int, data: bytes) -> None:
        self.session.execute(
            update(IndexPosting)
            .where(col(IndexPosting.term_id) == term_id, col(IndexPosting.chunk) == chunk)
            .values(size=size, pairs=data)
        )

    def _last_chunks(self, term_ids: Collection[int]) -> dict[int, tuple[int, int, bytes]]:
        found: dict[int, tuple[int, int, bytes]] = {}
        for ids in chunks(sorted(term_ids)):
            newest = (
                select(IndexPosting.term_id, func.max(IndexPosting.chunk).label("chunk"))
                .where(col(IndexPosting.term_id).in_(ids))
                .group_by(col(IndexPosting.term_id))
                .subquery()
            )
            rows = self.session.execute(
                select(
                    IndexPosting.term_id, IndexPosting.chunk, IndexPosting.size, IndexPosting.pairs
                ).join(
                    newest,
                    (newest.c.term_id == col(IndexPosting.term_id))
                    & (newest.c.chunk == col(IndexPosting.chunk)),
                )
            )
            for row in rows:
                found[row.term_id] = (row.chunk, row.size, row.pairs)
        return found

    def take_out(self, generation: int, entries: Collection[IndexEntry]) -> None:
        """Take out cases that are held."""
        gone = {entry.case_id for entry in entries}
        lost: dict[str, int] = defaultdict(int)
        for entry in entries:
            for term in entry.terms:
                lost[term] += 1
        known = self.terms(generation, lost)
        for term, (term_id, _) in known.items():
            self._filter_chunks(term_id, gone)
            self._change_counts([{"b_id": term_id, "b_more": -lost[term]}])
        for chunk in chunks(sorted(gone)):
            self.session.execute(
                delete(IndexedCase).where(
                    col(IndexedCase.generation) == generation, col(IndexedCase.case_id).in_(chunk)
                )
            )
        self._count(generation, -len(gone))

    def _filter_chunks(self, term_id: int, gone: set[int]) -> None:
        rows = self.session.execute(
            select(IndexPosting.chunk, IndexPosting.pairs).where(
                col(IndexPosting.term_id) == term_id
            )
        ).all()
        for row in rows:
            ids, packed = decode([row.pairs])
            stays = ~np.isin(ids, np.fromiter(gone, dtype=np.int64))
            if not stays.all():
                pairs = list(zip(ids[stays].tolist(), packed[stays].tolist(), strict=True))
                self._write_chunk(term_id, row.chunk, len(pairs), encode(pairs))

    def _count(self, generation: int, more: int) -> None:
        self.session.execute(
            update(IndexState)
            .where(col(IndexState.number) == generation)
            .values(cases=col(IndexState.cases) + more)
        )
