"""All statements on the terms and keys of the SQL index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session

from matching.retrieval.terms import JOIN, NAME, term_keys
from service.cases.repository import chunks
from service.index.models import STREAM, IndexKey, IndexTerm
from service.store.among import among
from service.store.base import table_of
from service.store.writing import add_bound, insert_bound, insert_plain

_TERMS = table_of(IndexTerm)
_KEYS = table_of(IndexKey)


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the vocabulary: its id and how many cases hold it."""

    id: int
    cases: int


class VocabularyRepository:
    """Terms of one generation within one transaction."""

    def __init__(self, session: Session, generation: int) -> None:
        self._session = session
        self._generation = generation

    def terms_under(self, keys: Collection[int]) -> list[tuple[int, int, str]]:
        """Key, id and text of the terms of name parts under the keys."""
        found: list[tuple[int, int, str]] = []
        for chunk in chunks(sorted(keys)):
            rows = self._session.connection().execute(
                select(_KEYS.c.key, _KEYS.c.term_id, _KEYS.c.term).where(
                    _KEYS.c.generation == self._generation, _KEYS.c.key.in_(chunk)
                )
            )
            found.extend((row.key, row.term_id, row.term) for row in rows)
        return found

    def counts(self, term_ids: Collection[int]) -> dict[int, int]:
        """How many cases hold each of the terms."""
        found: dict[int, int] = {}
        for chunk in chunks(sorted(term_ids)):
            rows = self._session.connection().execute(
                select(_TERMS.c.id, _TERMS.c.cases).where(_TERMS.c.id.in_(chunk))
            )
            found.update({row.id: row.cases for row in rows})
        return found

    def known(self, terms: Collection[str]) -> dict[str, Term]:
        """Those of the terms that exist."""
        return {term: Term(term_id, cases) for term, term_id, cases in self._rows(terms)}

    def add(self, cases: Mapping[str, int]) -> dict[str, int]:
        """Insert new terms with their keys and how many cases hold each; their ids."""
        if not cases:
            return {}
        # In the order of the tree they go into: a large share fills its pages one by one.
        rows = [(self._generation, term, cases[term]) for term in sorted(cases)]
        insert_bound(self._session, _TERMS, ("generation", "term", "cases"), rows)
        ids = {term: int(term_id) for term, term_id, _ in self._rows(cases)}
        keys = [
            (self._generation, key, term_id, term)
            for term, term_id in ids.items()
            for key in term_keys(term)
        ]
        insert_plain(self._session, _KEYS, sorted(keys))
        return ids

    def change_counts(self, more: Mapping[int, int]) -> None:
        """Add to the number of cases of terms."""
        rows = [(more[term_id], term_id) for term_id in sorted(more)]
        add_bound(self._session, _TERMS, "cases", rows)

    def _rows(self, terms: Collection[str]) -> Sequence[Any]:
        """Text, id and number of cases of those of the terms that exist."""
        if not terms:
            return ()
        columns = _TERMS.c
        query = select(columns.term, columns.id, columns.cases).where(
            columns.generation == self._generation,
            among(self._session, columns.term, sorted(terms)),
        )
        return self._session.connection().execute(query).all()

    def all_terms(self) -> Iterator[tuple[int, str, int]]:
        """Id, text and number of cases of every term, by rising id, streamed."""
        columns = _TERMS.c.id, _TERMS.c.term, _TERMS.c.cases
        query = select(*columns).where(_TERMS.c.generation == self._generation)
        yield from _streamed(self._session, query.order_by(_TERMS.c.id))

    def all_keys(self) -> Iterator[tuple[int, int]]:
        """Every key with the id of a term under it, streamed."""
        query = select(_KEYS.c.key, _KEYS.c.term_id).where(_KEYS.c.generation == self._generation)
        yield from _streamed(self._session, query)

    def count_held(self) -> int:
        """How many times any term of the vocabulary is held by a case."""
        query = select(func.sum(_TERMS.c.cases)).where(_TERMS.c.generation == self._generation)
        return self._session.connection().scalar(query) or 0

    def without_keys(self) -> int:
        """Name parts that cannot be found, for want of a key."""
        keyed = select(_KEYS.c.term_id).where(_KEYS.c.generation == self._generation)
        is_part = _TERMS.c.term.startswith(NAME) | _TERMS.c.term.startswith(JOIN)
        parts = select(_TERMS.c.id).where(_TERMS.c.generation == self._generation, is_part)
        # Sets: PostgreSQL would ask NOT IN, SQLite a join, anew for every term.
        query = select(func.count()).select_from(parts.except_(keyed).subquery())
        return self._session.connection().scalar(query) or 0

    def drop_share(self, most: int) -> bool:
        """Delete about so many rows of the generation; true while some are left."""
        connection = self._session.connection()
        term_ids = connection.scalars(
            select(_TERMS.c.id).where(_TERMS.c.generation == self._generation).limit(most)
        ).all()
        if term_ids:
            for chunk in chunks(term_ids):
                connection.execute(delete(_TERMS).where(_TERMS.c.id.in_(chunk)))
            return True
        keys = connection.scalars(
            select(_KEYS.c.key)
            .where(_KEYS.c.generation == self._generation)
            .order_by(_KEYS.c.key)
            .limit(most)
        ).all()
        if keys:
            connection.execute(
                delete(_KEYS).where(
                    _KEYS.c.generation == self._generation,
                    _KEYS.c.key.between(min(keys), max(keys)),
                )
            )
        return bool(keys)


def _streamed(session: Session, query: Any) -> Iterator[Any]:
    rows = session.connection().execute(query.execution_options(yield_per=STREAM))
    yield from rows
