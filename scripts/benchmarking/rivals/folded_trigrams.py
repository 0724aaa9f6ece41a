"""The simpler design that EMPD might have had: trigrams of folded parts in the same postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from matching.record import PersonRecord
from matching.retrieval import NAME, IndexQuery, Tally, index_query
from matching.retrieval.attributes import IdArray
from matching.retrieval.ranking import Allowed
from matching.retrieval.terms import JOIN
from scripts.benchmarking.rivals.base import Source


class FoldedTrigrams:
    """Every trigram of every folded part, weighted by rarity; the same days and attributes.

    No vocabulary, no keys, no expansion: what a part and its misspelling share are trigrams.
    """

    settings = "trigrams of folded parts, bits by rarity, EMPD's birthdays and attributes; memory"

    def __init__(self, _folder: Path) -> None:
        self._postings: dict[str, IdArray] = {}
        self._packed = np.zeros(1, dtype=np.uint32)
        self._cases = 0
        self._tally = Tally()

    def build(self, source: Source) -> None:
        """Collect the cases of every trigram and of every birthday."""
        lists: dict[str, list[int]] = defaultdict(list)
        packed: dict[int, int] = {}
        for entry in source.entries():
            packed[entry.case_id] = entry.packed
            parts = [term for term in entry.terms if term.startswith(NAME)]
            for gram in _grams(part.removeprefix(NAME) for part in parts):
                lists[gram].append(entry.case_id)
            for term in entry.terms:
                if not term.startswith((NAME, JOIN)):
                    lists[term].append(entry.case_id)
        self._cases = len(packed)
        self._packed = np.zeros(max(packed) + 1, dtype=np.uint32)
        self._packed[list(packed)] = list(packed.values())
        self._postings = {term: np.array(lists.pop(term), dtype=np.uint32) for term in list(lists)}
        self._tally.reserve(len(self._packed))

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """Add up the bits of all shared trigrams."""
        query = index_query(record)
        for gram in sorted(_grams(part for readings in query.parts for part in readings)):
            self._add(gram)
        for term in query.exact:
            self._add(term)
        for term in query.days:
            self._tally.bring_in(self._postings.get(term, _NOBODY))
        return self._ranked(query, exclude, limit)

    def _add(self, term: str) -> None:
        ids = self._postings.get(term, _NOBODY)
        if len(ids):
            bits = np.log2(self._cases / len(ids))
            self._tally.add(ids, np.full(len(ids), bits, dtype=np.float32))

    def _ranked(self, query: IndexQuery, exclude: frozenset[int], limit: int) -> Sequence[int]:
        allowed = Allowed(exclude=exclude)
        packed = self._packed
        ranked = self._tally.rank(query, lambda ids: packed[ids], limit=limit, allowed=allowed)
        found: list[int] = ranked.case_ids.tolist()
        return found

    def size_bytes(self) -> int:
        """Nothing is on disk."""
        return 0

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """Goes with the process."""


_NOBODY: IdArray = np.zeros(0, dtype=np.uint32)


def _grams(parts: Iterable[str]) -> set[str]:
    return {
        f"t:{padded[place : place + 3]}"
        for part in parts
        for padded in (f"^{part}$",)
        for place in range(max(len(padded) - 2, 1))
    }
