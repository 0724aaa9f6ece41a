"""The index in the database of the store, written in the record's own transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
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
    IndexQuery,
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
"""Cases, then terms, written at a time during a build."""
MAX_POSTINGS = 120_000
"""Cases fetched for one search: beyond it the least telling terms are left out."""


class SqlIndex:
    """Vocabulary and postings in tables; good on SQLite and PostgreSQL."""

    def __init__(self, session: Session) -> None:
        self._repository = IndexRepository(session)

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""
        state = self._state()
        asked = index_query(query)
        groups, known = self._groups(asked, state)
        kept, cut = _bounded(groups, known)
        wanted = {term for group in kept for term in group.weights}
        postings = self._repository.postings([known[term][0] for term in wanted])
        nothing = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        ranked = rank_postings(
            asked,
            kept,
            lambda term: postings.get(known[term][0], nothing),
            limit=limit,
            keep=lambda ids, packed: scope_filter(scope, ids, packed),
        )
        items = tuple(
            Candidate(int(case_id), float(score))
            for case_id, score in zip(ranked.case_ids, ranked.scores, strict=True)
        )
        return Candidates(items, ranked.considered, cut or ranked.considered > limit)

    def _groups(
        self, asked: IndexQuery, state: IndexState
    ) -> tuple[list[TermGroup], dict[str, tuple[int, int]]]:
        """What to look for, and the id and number of cases of every term of it that exists."""
        number = state.number or 0
        keys = {part: vocabulary_keys(part) for part in asked.parts}
        under = self._repository.vocabulary(number, frozenset[str]().union(*keys.values()))
        known: dict[str, tuple[int, int]] = {}
        groups = []
        for part, part_keys in keys.items():
            found = {term: at for key in part_keys for term, at in under.get(key, {}).items()}
            known.update(found)
            vocabulary = {term.removeprefix(NAME): cases for term, (_, cases) in found.items()}
            groups.append(expand_part(part, vocabulary, state.cases))
        exact = exact_groups(asked)
        known.update(self._repository.terms(number, {t for group in exact for t in group.weights}))
        return groups + exact, known

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        state = self._state()
        known = self._repository.terms(state.number or 0, {f"{NAME}{token}" for token in tokens})
        counts = {term.removeprefix(NAME): cases for term, (_, cases) in known.items()}
        return TermFrequencies(state.cases, counts)

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them."""
        newest = {entry.case_id: entry for entry in entries}
        number = self._lock().number or 0
        held = self._repository.held(number, newest)
        stale = {case_id: entry for case_id, entry in held.items() if newest[case_id] != entry}
        fresh = [entry for case_id, entry in newest.items() if held.get(case_id) != entry]
        gone, added = _difference(stale, fresh)
        self._repository.drop_pairs(number, gone)
        self._repository.add_pairs(number, added)
        if stale:
            self._repository.drop_cases(number, stale)
        self._repository.add_cases(number, fresh)

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""
        number = self._lock().number or 0
        held = self._repository.held(number, case_ids)
        if held:
            gone, _ = _difference(held, [])
            self._repository.drop_pairs(number, gone)
            self._repository.drop_cases(number, held)

    def build(self, entries: Iterable[IndexEntry]) -> Generation:
        """Build a new generation beside the active one.

        Nobody else writes the index until the transaction ends: what is registered
        meanwhile waits, and goes into the generation that answers then.
        """
        self._repository.lock()
        state = self._repository.new_generation()
        number = state.number or 0
        pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        source = iter(entries)
        while batch := list(islice(source, BUILD_BATCH)):
            self._repository.add_cases(number, batch)
            for entry in batch:
                pair = (entry.case_id, entry.packed)
                for term in entry.terms:
                    pairs[term].append(pair)
        # Every posting is written once, when all of its cases are known.
        terms = iter(sorted(pairs))
        while some := list(islice(terms, BUILD_BATCH)):
            self._repository.add_pairs(number, {term: pairs.pop(term) for term in some})
        return _generation(state)

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on, and drop the others."""
        if not self._repository.activate(generation.number):
            raise IndexNotReady("this generation of the index was not built")
        self._repository.drop_others(generation.number)
        self._repository.refresh_statistics()

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
        return self._usable(self._repository.active)

    def _lock(self) -> IndexState:
        return self._usable(self._repository.lock)

    def _usable(self, read: Callable[[], IndexState | None]) -> IndexState:
        try:
            state = read()
        except (OperationalError, ProgrammingError) as error:
            raise IndexUnavailable("the candidate index cannot be read") from error
        if state is None or state.term_schema != SCHEMA:
            raise IndexNotReady("the candidate index must be built: run `empd index build`")
        return state


def _bounded(
    groups: list[TermGroup], known: dict[str, tuple[int, int]]
) -> tuple[list[TermGroup], bool]:
    """Leave out the least telling terms when they would fetch too many cases."""
    weights: dict[str, float] = {}
    for group in groups:
        for term, bits in group.weights.items():
            weights[term] = max(bits, weights.get(term, bits))
    asked = sorted((term for term in weights if term in known), key=lambda t: (-weights[t], t))
    kept, fetched = set[str](), 0
    for term in asked:
        if fetched and fetched + known[term][1] > MAX_POSTINGS:
            break
        fetched += known[term][1]
        kept.add(term)
    bounded = [
        TermGroup({term: bits for term, bits in group.weights.items() if term in kept})
        for group in groups
    ]
    return bounded, len(kept) < len(asked)


def _difference(
    stale: Mapping[int, IndexEntry], fresh: Iterable[IndexEntry]
) -> tuple[dict[str, set[int]], dict[str, list[tuple[int, int]]]]:
    """Cases to take out of and to put into the postings of each term; what stays is left alone."""
    gone: dict[str, set[int]] = defaultdict(set)
    added: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for case_id, entry in stale.items():
        for term in entry.terms:
            gone[term].add(case_id)
    for entry in fresh:
        before = stale.get(entry.case_id)
        for term in entry.terms:
            # The attributes stand in every posting: when they change, all are rewritten.
            if before and before.packed == entry.packed and entry.case_id in gone.get(term, ()):
                gone[term].discard(entry.case_id)
            else:
                added[term].append((entry.case_id, entry.packed))
    return {term: cases for term, cases in gone.items() if cases}, dict(added)


def _generation(state: IndexState) -> Generation:
    return Generation(state.number or 0, f"sql-{state.number}")
