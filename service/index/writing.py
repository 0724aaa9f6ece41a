"""Put cases into the tables of one generation, and take them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlmodel import Session

from matching.retrieval import IndexEntry
from matching.retrieval.terms import RARE, is_rare, rare_key
from service.index.postings.repository import Pairs, PostingRepository
from service.index.repository import IndexRepository
from service.index.vocabulary.repository import VocabularyRepository

MANY = 200
"""Entries from which a share begins chunks of its own, to be compacted later."""


class SqlWriter:
    """One generation, written in one transaction that holds the index lock."""

    def __init__(self, session: Session, number: int, *, postings: bool) -> None:
        self._number = number
        self._repository = IndexRepository(session)
        self._vocabulary = VocabularyRepository(session, number)
        self._postings = PostingRepository(session) if postings else None

    def replace(self, entries: Collection[IndexEntry]) -> dict[int, tuple[str, ...]]:
        """Put cases in, replacing what was held of them.

        Returns:
            The terms that were held of each case that changed.
        """
        newest = {entry.case_id: entry for entry in entries}
        held = self._repository.held(self._number, newest)
        fresh = [entry for case_id, entry in newest.items() if held.get(case_id) != entry]
        stale = {entry.case_id: held[entry.case_id] for entry in fresh if entry.case_id in held}
        self._drop(stale)
        self._put(fresh)
        return {entry.case_id: _terms(stale.get(entry.case_id)) for entry in fresh}

    def remove(self, case_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
        """Take cases out.

        Returns:
            The terms that were held of each that was in.
        """
        held = self._repository.held(self._number, case_ids)
        self._drop(held)
        return {case_id: entry.terms for case_id, entry in held.items()}

    def _put(self, entries: Collection[IndexEntry]) -> None:
        pairs: dict[str, Pairs] = defaultdict(list)
        rare: list[tuple[int, int, int]] = []
        for entry in entries:
            for term in entry.terms:
                # As `is_rare` says, without a call for each of millions of terms.
                if term[:2] in RARE:
                    rare.append((rare_key(term), entry.case_id, entry.packed))
                else:
                    pairs[term].append((entry.case_id, entry.packed))
        known = self._vocabulary.known(pairs)
        self._vocabulary.change_counts({known[term].id: len(pairs[term]) for term in known})
        fresh = self._vocabulary.add({t: len(p) for t, p in pairs.items() if t not in known})
        if self._postings is not None:
            ids = {**{term: found.id for term, found in known.items()}, **fresh}
            by_id = {ids[term]: found for term, found in pairs.items()}
            known_ids = {found.id for found in known.values()}
            first = min((entry.case_id for entry in entries), default=0)
            is_bulk = len(entries) >= MANY and first > self._postings.last_number(known_ids)
            self._postings.add(by_id, set(fresh.values()), append=not is_bulk)
            self._postings.add_rare(self._number, set(rare))
        self._repository.add_cases(self._number, list(entries))

    def _drop(self, held: Mapping[int, IndexEntry]) -> None:
        if not held:
            return
        gone: dict[str, set[int]] = defaultdict(set)
        rare: set[int] = set()
        for entry in held.values():
            for term in entry.terms:
                if is_rare(term):
                    rare.add(rare_key(term))
                else:
                    gone[term].add(entry.case_id)
        known = self._vocabulary.known(gone)
        ids = {found.id: gone[term] for term, found in known.items()}
        if self._postings is not None:
            self._postings.drop(ids)
            self._postings.drop_rare(self._number, rare, held)
        self._vocabulary.change_counts({term_id: -len(cases) for term_id, cases in ids.items()})
        self._repository.drop_cases(self._number, held)


def _terms(entry: IndexEntry | None) -> tuple[str, ...]:
    return entry.terms if entry is not None else ()
