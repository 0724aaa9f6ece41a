"""The index in memory: for bulk comparison, and as the reference of the contract suite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import (
    NAME,
    IndexEntry,
    IntArray,
    TermGroup,
    exact_groups,
    expand_part,
    index_query,
    kind_code,
    kinds_of,
    rank_postings,
    vocabulary_keys,
)
from service.errors import IndexNotReady
from service.index.base import Candidate, Candidates, Generation, Scope


def scope_filter(scope: Scope, ids: IntArray, packed: IntArray) -> NDArray[np.bool_]:
    """Which candidates a scope allows."""
    allowed: NDArray[np.bool_] = np.ones(len(ids), dtype=bool)
    if scope.exclude:
        allowed &= ~np.isin(ids, np.fromiter(scope.exclude, dtype=np.int64))
    if scope.kinds:
        codes = [kind_code(kind) for kind in sorted(scope.kinds)]
        allowed &= np.isin(kinds_of(packed), codes)
    return allowed


class _Contents:
    """One generation."""

    def __init__(self) -> None:
        self.entries: dict[int, IndexEntry] = {}
        self.postings: dict[str, dict[int, int]] = defaultdict(dict)
        self.keys: dict[str, set[str]] = defaultdict(set)
        self.arrays: dict[str, tuple[IntArray, IntArray]] = {}
        self.groups: dict[str, TermGroup] = {}

    def put(self, entry: IndexEntry) -> None:
        self.drop(entry.case_id)
        self.entries[entry.case_id] = entry
        for term in entry.terms:
            if term not in self.postings and term.startswith(NAME):
                for key in vocabulary_keys(term.removeprefix(NAME)):
                    self.keys[key].add(term)
            self.postings[term][entry.case_id] = entry.packed
            self.arrays.pop(term, None)
        self.groups.clear()

    def drop(self, case_id: int) -> None:
        entry = self.entries.pop(case_id, None)
        if entry is None:
            return
        for term in entry.terms:
            self.postings[term].pop(case_id)
            self.arrays.pop(term, None)
            if not self.postings[term]:
                del self.postings[term]
                if term.startswith(NAME):
                    for key in vocabulary_keys(term.removeprefix(NAME)):
                        self.keys[key].discard(term)
        self.groups.clear()

    def of_term(self, term: str) -> tuple[IntArray, IntArray]:
        found = self.arrays.get(term)
        if found is None:
            held = self.postings.get(term, {})
            found = (
                np.fromiter(held.keys(), dtype=np.int64, count=len(held)),
                np.fromiter(held.values(), dtype=np.int64, count=len(held)),
            )
            self.arrays[term] = found
        return found

    def group(self, part: str) -> TermGroup:
        found = self.groups.get(part)
        if found is None:
            terms = {t for key in vocabulary_keys(part) for t in self.keys.get(key, ())}
            vocabulary = {t.removeprefix(NAME): len(self.postings[t]) for t in terms}
            found = self.groups[part] = expand_part(part, vocabulary, len(self.entries))
        return found


class MemoryIndex:
    """All in this process; gone with it."""

    def __init__(self) -> None:
        self._generations = {1: _Contents()}
        self._active = 1

    @property
    def _contents(self) -> _Contents:
        return self._generations[self._active]

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""
        contents = self._contents
        asked = index_query(query)
        groups = [contents.group(part) for part in asked.parts] + exact_groups(asked)
        ranked = rank_postings(
            asked,
            groups,
            contents.of_term,
            limit=limit,
            keep=lambda ids, packed: scope_filter(scope, ids, packed),
        )
        items = tuple(
            Candidate(int(case_id), float(score))
            for case_id, score in zip(ranked.case_ids, ranked.scores, strict=True)
        )
        return Candidates(items, ranked.considered, ranked.considered > limit)

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        postings = self._contents.postings
        counts = {token: len(postings.get(f"{NAME}{token}", ())) for token in tokens}
        return TermFrequencies(len(self._contents.entries), counts)

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them."""
        for entry in entries:
            self._contents.put(entry)

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""
        for case_id in case_ids:
            self._contents.drop(case_id)

    def build(self, entries: Iterable[IndexEntry]) -> Generation:
        """Build a new generation beside the active one."""
        number = max(self._generations) + 1
        contents = self._generations[number] = _Contents()
        for entry in entries:
            contents.put(entry)
        return Generation(number, f"memory-{number}")

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on, and drop the others."""
        if generation.number not in self._generations:
            raise IndexNotReady("this generation of the index was not built")
        self._active = generation.number
        self._generations = {generation.number: self._contents}

    def generation(self) -> Generation:
        """The generation that answers."""
        return Generation(self._active, f"memory-{self._active}")

    def healthy(self) -> bool:
        """Always: it lives in this process."""
        return True
