"""The index in the database of the store, written in the record's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

import numpy as np
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import Session

from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import (
    NAME,
    SCHEMA,
    IndexEntry,
    TermGroup,
    exact_groups,
    expand_part,
    index_query,
    rank_postings,
    vocabulary_keys,
)
from service.errors import IndexNotReady, IndexUnavailable
from service.index.base import Candidate, Candidates, Generation, Scope
from service.index.memory import scope_filter
from service.index.models import IndexState
from service.index.repository import IndexRepository

BUILD_BATCH = 2_000
"""Cases written at a time during a build."""
MAX_POSTINGS = 120_000
"""Cases fetched for one search: beyond it the least telling terms are left out and the answer says so."""


class SqlIndex:
    """Vocabulary and postings in tables; good on SQLite and PostgreSQL."""

    def __init__(self, session: Session) -> None:
        self._repository = IndexRepository(session)

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""
        state = self._state()
        number = state.number or 0
        asked = index_query(query)
        groups = [self._group(number, part, state.cases) for part in asked.parts]
        groups.extend(exact_groups(asked))
        kept, cut = self._bounded(number, groups)
        postings = self._repository.postings(number, {t for group in kept for t in group.weights})
        nothing = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        ranked = rank_postings(
            asked,
            kept,
            lambda term: postings.get(term, nothing),
            limit=limit,
            keep=lambda ids, packed: scope_filter(scope, ids, packed),
        )
        items = tuple(
            Candidate(int(case_id), float(score))
            for case_id, score in zip(ranked.case_ids, ranked.scores, strict=True)
        )
        return Candidates(items, ranked.considered, cut or ranked.considered > limit)

    def _group(self, generation: int, part: str, total: int) -> TermGroup:
        vocabulary = self._repository.vocabulary(generation, vocabulary_keys(part))
        return expand_part(part, vocabulary, total)

    def _bounded(self, generation: int, groups: list[TermGroup]) -> tuple[list[TermGroup], bool]:
        """Leave out the least telling terms when they would fetch too many cases."""
        weights = {term: bits for group in groups for term, bits in group.weights.items()}
        known = self._repository.terms(generation, weights)
        kept, fetched = set[str](), 0
        for term in sorted(known, key=lambda term: (-weights[term], term)):
            if fetched and fetched + known[term][1] > MAX_POSTINGS:
                break
            fetched += known[term][1]
            kept.add(term)
        bounded = [
            TermGroup({term: bits for term, bits in group.weights.items() if term in kept})
            for group in groups
        ]
        return bounded, len(kept) < len(known)

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        state = self._state()
        known = self._repository.terms(state.number or 0, {f"{NAME}{token}" for token in tokens})
        counts = {term.removeprefix(NAME): cases for term, (_, cases) in known.items()}
        return TermFrequencies(state.cases, counts)

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them."""
        number = self._state().number or 0
        newest = {entry.case_id: entry for entry in entries}
        held = self._repository.held(number, newest)
        changed = [entry for case_id, entry in held.items() if newest[case_id] != entry]
        if changed:
            self._repository.take_out(number, changed)
        fresh = [entry for case_id, entry in newest.items() if held.get(case_id) != entry]
        if fresh:
            self._repository.add(number, fresh)

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""
        number = self._state().number or 0
        held = self._repository.held(number, case_ids)
        if held:
            self._repository.take_out(number, list(held.values()))

    def build(self, entries: Iterable[IndexEntry]) -> Generation:
        """Build a new generation beside the active one."""
        state = self._repository.new_generation()
        source = iter(entries)
        while batch := list(islice(source, BUILD_BATCH)):
            self._repository.add(state.number or 0, batch)
        return _generation(state)

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on, and drop the others."""
        if not self._repository.activate(generation.number):
            raise IndexNotReady("this generation of the index was not built")
        self._repository.drop_others(generation.number)

    def generation(self) -> Generation:
        """The generation that answers."""
        return _generation(self._state())

    def healthy(self) -> bool:
        """Whether the index answers.

        Raises:
            IndexUnavailable: If its tables cannot be read.
            IndexNotReady: If no generation of this version is active.
        """
        return self._state().active

    def verify(self, expected: Iterable[IndexEntry]) -> tuple[int, int, int]:
        """Compare with what the store says.

        Returns:
            How many cases are missing, stale, and held though they should not be.
        """
        held = {e.case_id: e for e in self._repository.all_held(self._state().number or 0)}
        missing = stale = 0
        for entry in expected:
            found = held.pop(entry.case_id, None)
            missing += found is None
            stale += found is not None and found != entry
        return missing, stale, len(held)

    def _state(self) -> IndexState:
        try:
            state = self._repository.active()
        except (OperationalError, ProgrammingError) as error:
            raise IndexUnavailable("the candidate index cannot be read") from error
        if state is None or state.term_schema != SCHEMA:
            raise IndexNotReady("the candidate index must be built: run `empd index build`")
        return state


def _generation(state: IndexState) -> Generation:
    return Generation(state.number or 0, f"sql-{state.number}")
