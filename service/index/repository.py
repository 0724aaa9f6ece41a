"""All statements on the tables of the SQL index, as Core: they run for every registration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import Table, bindparam, delete, func, insert, select, text, update
from sqlmodel import Session, col

from matching.retrieval import NAME, SCHEMA, IndexEntry, IntArray, vocabulary_keys
from service.cases.repository import chunks
from service.index.models import IndexState
from service.store.base import Base

CHUNK = 512
"""Pairs in one posting chunk, 8 KB: little to rewrite for an insert, few rows for a search."""
_PAIR = np.dtype("<i8")
_LOCK_ATTEMPTS = 3
"""A rebuild may swap generations while a writer waits; twice in a row is all but impossible."""

Pairs = list[tuple[int, int]]
"""Case ids with packed attributes."""


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


_TERMS, _KEYS = _table("index_terms"), _table("index_keys")
_POSTINGS, _CASES = _table("index_postings"), _table("index_cases")


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
            select(IndexState)
            .where(col(IndexState.active).is_(True))
            .execution_options(populate_existing=True)
        ).one_or_none()

    def lock(self) -> IndexState | None:
        """Let no other transaction write the index until this one ends.

        Chunks are read, changed and written back, and two writers may bring the same
        new name: they have to take turns. SQLite has one writer at a time anyway.

        Returns:
            The generation that answers, as it is once the lock is held.
        """
        states = _table("index_generations")
        for _ in range(_LOCK_ATTEMPTS):
            rows = self.session.connection().execute(
                select(states.c.number).order_by(states.c.number).with_for_update()
            )
            locked = {row.number for row in rows}
            active = self.active()
            if active is None or active.number in locked:
                return active
        return None

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
        connection = self.session.connection()
        old = select(_TERMS.c.id).where(_TERMS.c.generation != number)
        connection.execute(delete(_POSTINGS).where(_POSTINGS.c.term_id.in_(old)))
        for table in (_KEYS, _TERMS, _CASES):
            connection.execute(delete(table).where(table.c.generation != number))
        self.session.execute(delete(IndexState).where(col(IndexState.number) != number))

    def refresh_statistics(self) -> None:
        """Tell PostgreSQL's planner what was loaded.

        Its own analysis follows minutes later; until then the slowest searches of
        100,000 cases take twice as long. SQLite plans these statements well without.
        """
        connection = self.session.connection()
        if connection.dialect.name == "postgresql":
            for table in (_TERMS, _KEYS, _POSTINGS, _CASES):
                connection.execute(text(f"ANALYZE {table.name}"))

    def vocabulary(
        self, generation: int, keys: Collection[str]
    ) -> dict[str, dict[str, tuple[int, int]]]:
        """Terms found under each key, with their id and number of cases."""
        found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        for chunk in chunks(sorted(keys)):
            rows = self.session.connection().execute(
                select(_KEYS.c.key, _TERMS.c.term, _TERMS.c.id, _TERMS.c.cases)
                .join(_KEYS, _KEYS.c.term_id == _TERMS.c.id)
                .where(_KEYS.c.generation == generation, _KEYS.c.key.in_(chunk), _TERMS.c.cases > 0)
            )
            for key, term, term_id, cases in rows:
                found[key][term] = (term_id, cases)
        return found

    def terms(self, generation: int, terms: Collection[str]) -> dict[str, tuple[int, int]]:
        """Id and number of cases of terms that exist."""
        found: dict[str, tuple[int, int]] = {}
        for chunk in chunks(sorted(terms)):
            rows = self.session.connection().execute(
                select(_TERMS.c.term, _TERMS.c.id, _TERMS.c.cases).where(
                    _TERMS.c.generation == generation, _TERMS.c.term.in_(chunk)
                )
            )
            found.update({term: (term_id, cases) for term, term_id, cases in rows})
        return found

    def postings(self, term_ids: Collection[int]) -> dict[int, tuple[IntArray, IntArray]]:
        """Cases of several terms, by id of the term."""
        blobs: dict[int, list[bytes]] = defaultdict(list)
        for chunk in chunks(sorted(term_ids)):
            rows = self.session.connection().execute(
                select(_POSTINGS.c.term_id, _POSTINGS.c.pairs).where(_POSTINGS.c.term_id.in_(chunk))
            )
            for term_id, pairs in rows:
                blobs[term_id].append(pairs)
        return {term_id: decode(found) for term_id, found in blobs.items()}

    def held(self, generation: int, case_ids: Collection[int]) -> dict[int, IndexEntry]:
        """What is held of cases."""
        found: dict[int, IndexEntry] = {}
        for chunk in chunks(sorted(case_ids)):
            rows = self.session.connection().execute(
                select(_CASES.c.case_id, _CASES.c.terms, _CASES.c.packed).where(
                    _CASES.c.generation == generation, _CASES.c.case_id.in_(chunk)
                )
            )
            for case_id, terms, packed in rows:
                found[case_id] = IndexEntry(case_id, tuple(terms), packed)
        return found

    def all_held(self, generation: int) -> Iterable[IndexEntry]:
        """What is held of every case, for verification."""
        rows = self.session.connection().execute(
            select(_CASES.c.case_id, _CASES.c.terms, _CASES.c.packed).where(
                _CASES.c.generation == generation
            )
        )
        for case_id, terms, packed in rows:
            yield IndexEntry(case_id, tuple(terms), packed)

    def add_cases(self, generation: int, entries: Sequence[IndexEntry]) -> None:
        """Note what is held of cases, and count them."""
        rows = [
            {
                "generation": generation,
                "case_id": entry.case_id,
                "terms": list(entry.terms),
                "packed": entry.packed,
            }
            for entry in entries
        ]
        if rows:
            self.session.connection().execute(insert(_CASES), rows)
            self._count(generation, len(rows))

    def drop_cases(self, generation: int, case_ids: Collection[int]) -> None:
        """Forget what is held of cases, and count them off."""
        for chunk in chunks(sorted(case_ids)):
            self.session.connection().execute(
                delete(_CASES).where(_CASES.c.generation == generation, _CASES.c.case_id.in_(chunk))
            )
        self._count(generation, -len(case_ids))

    def add_pairs(self, generation: int, pairs: Mapping[str, Pairs]) -> None:
        """Put cases into the postings of terms that do not hold them."""
        known = self.terms(generation, pairs)
        self._change_counts({known[term][0]: len(pairs[term]) for term in known})
        fresh = {term: len(found) for term, found in pairs.items() if term not in known}
        ids = self._insert_terms(generation, fresh)
        self._append({known[term][0]: pairs[term] for term in known})
        self._insert_chunks({ids[term]: pairs[term] for term in fresh})

    def drop_pairs(self, generation: int, gone: Mapping[str, set[int]]) -> None:
        """Take cases out of the postings of terms that hold them."""
        known = self.terms(generation, gone)
        ids = {term_id: gone[term] for term, (term_id, _) in known.items()}
        changed = []
        for chunk in chunks(sorted(ids)):
            rows = self.session.connection().execute(
                select(_POSTINGS.c.term_id, _POSTINGS.c.chunk, _POSTINGS.c.pairs).where(
                    _POSTINGS.c.term_id.in_(chunk)
                )
            )
            for term_id, number, pairs in rows:
                held, packed = decode([pairs])
                stays = ~np.isin(held, np.fromiter(ids[term_id], dtype=np.int64))
                if not stays.all():
                    rest = np.stack([held[stays], packed[stays]], axis=1)
                    changed.append(_chunk_row(term_id, number, len(rest), rest.tobytes()))
        self._write_chunks(changed)
        self._change_counts({term_id: -len(cases) for term_id, cases in ids.items()})

    def _insert_terms(self, generation: int, cases: Mapping[str, int]) -> dict[str, int]:
        """Insert new terms with their keys; their ids."""
        if not cases:
            return {}
        rows = [
            {"generation": generation, "term": term, "cases": cases[term]} for term in sorted(cases)
        ]
        inserted = self.session.connection().execute(
            insert(_TERMS).returning(_TERMS.c.term, _TERMS.c.id), rows
        )
        ids: dict[str, int] = {row.term: row.id for row in inserted}
        keys = [
            {"generation": generation, "key": key, "term_id": term_id}
            for term, term_id in ids.items()
            if term.startswith(NAME)
            for key in sorted(vocabulary_keys(term.removeprefix(NAME)))
        ]
        if keys:
            self.session.connection().execute(insert(_KEYS), keys)
        return ids

    def _change_counts(self, more: Mapping[int, int]) -> None:
        if more:
            self.session.connection().execute(
                update(_TERMS)
                .where(_TERMS.c.id == bindparam("b_id"))
                .values(cases=_TERMS.c.cases + bindparam("b_more")),
                [{"b_id": term_id, "b_more": count} for term_id, count in more.items()],
            )

    def _append(self, pairs: Mapping[int, Pairs]) -> None:
        """Fill the last chunk of each term, and begin new ones."""
        last = self._last_chunks(pairs)
        changed, rest, begin = [], dict[int, Pairs](), dict[int, int]()
        for term_id, found in pairs.items():
            number, size, blob = last.get(term_id, (-1, CHUNK, b""))
            fits, rest[term_id] = found[: CHUNK - size], found[CHUNK - size :]
            begin[term_id] = number + 1
            if fits:
                data = blob + encode(fits)
                changed.append(_chunk_row(term_id, number, size + len(fits), data))
        self._write_chunks(changed)
        self._insert_chunks(rest, begin)

    def _insert_chunks(
        self, pairs: Mapping[int, Pairs], begin: Mapping[int, int] | None = None
    ) -> None:
        first = begin or {}
        rows = []
        for term_id, found in pairs.items():
            for place, start in enumerate(range(0, len(found), CHUNK), first.get(term_id, 0)):
                part = found[start : start + CHUNK]
                rows.append(
                    {"term_id": term_id, "chunk": place, "size": len(part), "pairs": encode(part)}
                )
        if rows:
            self.session.connection().execute(insert(_POSTINGS), rows)

    def _write_chunks(self, rows: list[dict[str, int | bytes]]) -> None:
        if rows:
            self.session.connection().execute(
                update(_POSTINGS)
                .where(
                    _POSTINGS.c.term_id == bindparam("b_term"),
                    _POSTINGS.c.chunk == bindparam("b_chunk"),
                )
                .values(size=bindparam("b_size"), pairs=bindparam("b_pairs")),
                rows,
            )

    def _last_chunks(self, term_ids: Collection[int]) -> dict[int, tuple[int, int, bytes]]:
        found: dict[int, tuple[int, int, bytes]] = {}
        for ids in chunks(sorted(term_ids)):
            newest = (
                select(_POSTINGS.c.term_id, func.max(_POSTINGS.c.chunk).label("chunk"))
                .where(_POSTINGS.c.term_id.in_(ids))
                .group_by(_POSTINGS.c.term_id)
                .subquery()
            )
            rows = self.session.connection().execute(
                select(
                    _POSTINGS.c.term_id, _POSTINGS.c.chunk, _POSTINGS.c.size, _POSTINGS.c.pairs
                ).join(
                    newest,
                    (newest.c.term_id == _POSTINGS.c.term_id)
                    & (newest.c.chunk == _POSTINGS.c.chunk),
                )
            )
            found.update({row.term_id: (row.chunk, row.size, row.pairs) for row in rows})
        return found

    def _count(self, generation: int, more: int) -> None:
        states = _table("index_generations")
        self.session.connection().execute(
            update(states).where(states.c.number == generation).values(cases=states.c.cases + more)
        )


def _chunk_row(term_id: int, chunk: int, size: int, pairs: bytes) -> dict[str, int | bytes]:
    return {"b_term": term_id, "b_chunk": chunk, "b_size": size, "b_pairs": pairs}
