"""Search the index by its tables alone: few statements, whatever the size of the collection."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from matching.retrieval import (
    IndexQuery,
    Ranked,
    Tally,
    TermGroup,
    exact_groups,
    expand,
    likely_parts,
)
from matching.retrieval.expansion import Likely
from matching.retrieval.inverted import bounded
from matching.retrieval.ranking import MAX_POSTINGS, Allowed
from matching.retrieval.terms import is_rare, keys_of, rare_key
from service.index.postings.repository import PAIR, PairArray, PostingRepository
from service.index.repository import GenerationState
from service.index.vocabulary.repository import VocabularyRepository

_tallies = threading.local()
_NO_PAIRS: PairArray = np.zeros(0, dtype=PAIR)


def own_tally() -> Tally:
    """The arrays of this thread to add up in."""
    tally: Tally | None = getattr(_tallies, "tally", None)
    if tally is None:
        tally = _tallies.tally = Tally()
    return tally


@dataclass(frozen=True, slots=True)
class _Found:
    """Name parts of the vocabulary that may be one part asked for."""

    term_ids: list[int]
    terms: list[str]
    likely: Likely


class SqlReader:
    """One generation, read in one transaction."""

    def __init__(self, session: Session, state: GenerationState) -> None:
        self._number = state.number
        self._cases = state.cases
        self._vocabulary = VocabularyRepository(session, self._number)
        self._postings = PostingRepository(session)

    def plan(self, query: IndexQuery) -> list[TermGroup]:
        """The terms of each part of the query, for an index that is asked by terms."""
        groups = []
        for found, term_ids, bits, cases in self._expanded(query):
            text = dict(zip(found.term_ids, found.terms, strict=True))
            terms = tuple(text[term_id] for term_id in term_ids)
            groups.append(TermGroup(terms, bits, cases))
        return groups

    def _expanded(
        self, query: IndexQuery
    ) -> list[tuple[_Found, list[int], np.ndarray, np.ndarray]]:
        """For each part: what lies under its keys, and the terms followed with bits and cases."""
        found = self._lookup(query)
        counts = self._vocabulary.counts(
            {one.term_ids[place] for one in found for place in one.likely.places.tolist()}
        )
        groups = []
        for one in found:
            term_ids = [one.term_ids[place] for place in one.likely.places.tolist()]
            cases = np.array([counts[term_id] for term_id in term_ids], dtype=np.int64)
            kept, bits = expand(one.likely, cases, self._cases)
            groups.append((one, [term_ids[place] for place in kept.tolist()], bits, cases[kept]))
        return groups

    def _lookup(self, query: IndexQuery) -> list[_Found]:
        keys = {part: keys_of(part) for part in query.parts}
        under: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for key, term_id, term in self._vocabulary.terms_under(frozenset().union(*keys.values())):
            under[key].append((term_id, term))
        found = []
        for readings, part_keys in keys.items():
            terms = dict(item for key in part_keys for item in under.get(key, ()))
            texts = list(terms.values())
            found.append(_Found(list(terms), texts, likely_parts(readings, texts)))
        return found

    def search(self, query: IndexQuery, *, limit: int, allowed: Allowed) -> tuple[Ranked, bool]:
        """The best candidates, and whether terms were left out."""
        lists, days = self._lists(query)
        sizes = [[size for _, size in terms] for terms, _ in lists]
        kept, cut = bounded(sizes, [bits for _, bits in lists], MAX_POSTINGS)
        wanted = {
            term for (terms, _), most in zip(lists, kept, strict=True) for term, _ in terms[:most]
        }
        fetched = self._fetch(wanted | days)
        tally = own_tally()
        tally.reserve(max((int(p["case"].max()) for p in fetched.values() if len(p)), default=0))
        for (terms, bits), most in zip(lists, kept, strict=True):
            found = [fetched.get(term, _NO_PAIRS) for term, _ in terms[:most]][::-1]
            if found:
                pairs = np.concatenate(found)
                tally.note(pairs["case"], pairs["packed"])
                tally.add(pairs["case"], np.repeat(bits[:most][::-1], [len(one) for one in found]))
        for term in days:
            pairs = fetched.get(term, _NO_PAIRS)
            tally.note(pairs["case"], pairs["packed"])
            tally.bring_in(pairs["case"])
        return tally.rank(query, tally.packed_of, limit=limit, allowed=allowed), cut

    def _lists(
        self, query: IndexQuery
    ) -> tuple[list[tuple[list[tuple[int | str, int]], np.ndarray]], set[int | str]]:
        """Terms to follow by id, or rare ones by text, with sizes and bits; then those of days."""
        lists: list[tuple[list[tuple[int | str, int]], np.ndarray]] = []
        for _, term_ids, bits, cases in self._expanded(query):
            lists.append((list(zip(term_ids, cases.tolist(), strict=True)), bits))
        exact = exact_groups(query)
        plain = {term for terms, _ in exact for term in terms if not is_rare(term)}
        known = self._vocabulary.known(plain | set(query.days))
        for terms, bit in exact:
            group: list[tuple[int | str, int]] = [(term, 1) for term in terms if is_rare(term)]
            group += [(known[term].id, known[term].cases) for term in terms if term in known]
            lists.append((group, np.full(len(group), bit, dtype=np.float32)))
        return lists, {known[term].id for term in query.days if term in known}

    def _fetch(self, terms: set[int | str]) -> dict[int | str, PairArray]:
        by_id = self._postings.of_terms([term for term in terms if isinstance(term, int)])
        found: dict[int | str, PairArray] = dict(by_id.items())
        rare = {rare_key(term): term for term in terms if isinstance(term, str)}
        for key, pairs in self._postings.of_rare(self._number, rare).items():
            found[rare[key]] = np.array(pairs, dtype=PAIR)
        return found
