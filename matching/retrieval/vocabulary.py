"""Terms in memory, and which of them may be a part that is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from matching.bulk.growing import with_room
from matching.retrieval.attributes import FloatArray, IdArray, IntArray
from matching.retrieval.expansion import TermGroup, expand, likely_parts
from matching.retrieval.terms import (
    IndexEntry,
    IndexQuery,
    Readings,
    is_rare,
    keys_of,
    term_keys,
)

MAX_CACHED_PARTS = 20_000
"""Expanded parts kept between two changes; a bulk comparison asks for the same ones again."""


class Vocabulary:
    """Terms by number, and the numbers of the name parts under each key."""

    def __init__(self) -> None:
        self.terms: list[str] = []
        self._checks: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._of_check: IdArray = np.zeros(0, dtype=np.uint32)
        self._added: dict[str, int] = {}
        self._keys: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._under: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._more: dict[int, list[int]] = defaultdict(list)

    def load(self, terms: Sequence[str], keys: NDArray[np.uint32], under: IdArray) -> None:
        """Take over a whole vocabulary.

        Args:
            terms: All terms; their places are their numbers.
            keys: Keys of name parts, shape (pairs,).
            under: Number of the part under each key, shape (pairs,).
        """
        self.terms = list(terms)
        self._added.clear()
        # A table of half a million texts would take five times as much room.
        checks = np.fromiter(map(_check, self.terms), np.uint32, len(self.terms))
        by_check = np.argsort(checks, kind="stable")
        self._checks, self._of_check = checks[by_check], by_check.astype(np.uint32)
        order = np.argsort(keys, kind="stable")
        self._keys, self._under = keys[order], under[order]
        self._more.clear()

    def number(self, term: str) -> int | None:
        """The number of a term that is known."""
        return next(iter(self.numbers((term,))))

    def numbers(self, terms: Collection[str]) -> list[int | None]:
        """The number of each of the terms, None where it is not known."""
        checks = np.fromiter(map(_check, terms), np.uint32, len(terms))
        firsts = self._checks.searchsorted(checks, side="left").tolist()
        lasts = self._checks.searchsorted(checks, side="right").tolist()
        found = []
        for term, first, last in zip(terms, firsts, lasts, strict=True):
            number = self._added.get(term)
            if number is None and first < last:
                same = self._of_check[first:last].tolist()
                number = next((one for one in same if self.terms[one] == term), None)
            found.append(number)
        return found

    def add(self, term: str) -> int:
        """The number of a term, given now if it has none."""
        known = self.number(term)
        if known is not None:
            return known
        number = self._added[term] = len(self.terms)
        self.terms.append(term)
        for key in term_keys(term):
            self._more[key].append(number)
        return number

    def under(self, keys: Collection[int]) -> IntArray:
        """Distinct numbers of the name parts under any of the keys."""
        asked = np.fromiter(keys, dtype=np.uint32, count=len(keys))
        first = np.searchsorted(self._keys, asked, side="left")
        last = np.searchsorted(self._keys, asked, side="right")
        found = [
            self._under[one:end] for one, end in zip(first.tolist(), last.tolist(), strict=True)
        ]
        found.extend(
            np.array(self._more[key], dtype=np.uint32) for key in keys if key in self._more
        )
        return np.unique(np.concatenate(found)).astype(np.int64)


def _check(term: str) -> int:
    """A number of 32 bits that few terms share."""
    return crc32(term.encode())


class TermsInMemory(ABC):
    """Terms that are looked up fuzzily.

    Attributes:
        vocabulary: The terms.
        cases: How many cases there are.
    """

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self.cases = 0
        self._expanded: dict[Readings, tuple[IntArray, FloatArray]] = {}

    @abstractmethod
    def put(self, entries: Collection[IndexEntry]) -> None:
        """Put in cases that are not held."""

    @abstractmethod
    def drop(self, entries: Iterable[IndexEntry]) -> None:
        """Take out cases that are held with exactly these terms."""

    @abstractmethod
    def cases_with(self, numbers: IntArray) -> IntArray:
        """How many cases hold each of some terms, by their numbers; shape (numbers,)."""

    def set_cases(self, cases: int) -> None:
        """Take note of how many cases there are, on which what a term says depends."""
        if cases != self.cases:
            self.cases = cases
            self.changed()

    def counts(self, terms: Collection[str]) -> list[int]:
        """How many cases hold each of the terms."""
        numbers = self.vocabulary.numbers(terms)
        known = np.array([number for number in numbers if number is not None], dtype=np.int64)
        counts = iter(self.cases_with(known).tolist())
        return [0 if number is None else next(counts) for number in numbers]

    def plan(self, query: IndexQuery) -> list[TermGroup]:
        """The terms of each part of a query, for an index that is asked by terms."""
        groups = []
        for part in query.parts:
            numbers, bits = self.expanded(part)
            terms = tuple(self.vocabulary.terms[number] for number in numbers.tolist())
            groups.append(TermGroup(terms, bits, self.cases_with(numbers)))
        return groups

    def expanded(self, part: Readings) -> tuple[IntArray, FloatArray]:
        """Numbers and bits of the terms followed for a part, the most telling first."""
        found = self._expanded.get(part)
        if found is None:
            found = self._expand(part)
            if len(self._expanded) < MAX_CACHED_PARTS:
                self._expanded[part] = found
        return found

    def changed(self) -> None:
        """Forget what was worked out before a change."""
        self._expanded.clear()

    def _expand(self, part: Readings) -> tuple[IntArray, FloatArray]:
        numbers = self.vocabulary.under(keys_of(part))
        terms = self.vocabulary.terms
        likely = likely_parts(part, [terms[number] for number in numbers.tolist()])
        found = numbers[likely.places]
        kept, bits = expand(likely, self.cases_with(found), self.cases)
        return found[kept], bits


class CountedTerms(TermsInMemory):
    """Terms and how many cases hold each, for an index whose cases are elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: IntArray = np.zeros(0, dtype=np.int64)

    def load(self, counts: IntArray, cases: int) -> None:
        """Take over how many cases hold each term of the vocabulary, shape (terms,)."""
        self._counts, self.cases = counts, cases
        self.changed()

    def put(self, entries: Collection[IndexEntry]) -> None:
        """Count cases that are not counted."""
        for entry in entries:
            numbers = [self.vocabulary.add(term) for term in entry.terms if not is_rare(term)]
            self._counts = with_room(self._counts, len(self.vocabulary.terms))
            self._counts[numbers] += 1
        self.cases += len(entries)
        self.changed()

    def drop(self, entries: Iterable[IndexEntry]) -> None:
        """Count cases no more that are counted with exactly these terms."""
        for entry in entries:
            terms = [term for term in entry.terms if not is_rare(term)]
            known = [number for number in self.vocabulary.numbers(terms) if number is not None]
            self._counts[known] -= 1
            self.cases -= 1
        self.changed()

    def cases_with(self, numbers: IntArray) -> IntArray:
        """How many cases hold each of some terms."""
        found: IntArray = self._counts[numbers]
        return found
