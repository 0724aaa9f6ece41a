"""Sums over pairs of term and case, by which two ways of holding them are compared.

Every pair is hashed with the attributes of its case and added up, in whatever order it comes:
memory stays the same however many there are, and a pair at the wrong term shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from matching.retrieval import IndexEntry
from matching.retrieval.terms import rare_key

BUCKETS = 4_096
"""Sums are kept by hash of the term: so many tell about how many terms differ."""
AT_ONCE = 5_000
"""Entries added in one go."""
_MASK = (1 << 64) - 1
Words = NDArray[np.uint64]


class PairSums:
    """A sum of hashes for each bucket of terms."""

    def __init__(self) -> None:
        self._sums: Words = np.zeros(BUCKETS, dtype=np.uint64)

    def add(self, keys: Words, cases: Words, packed: Words) -> None:
        """Add pairs.

        Args:
            keys: Hash of the term of each, shape (pairs,).
            cases: Internal id of its case, shape (pairs,).
            packed: Packed attributes of the case, shape (pairs,).
        """
        hashes = _mixed(keys + _mixed((cases << np.uint64(32)) | packed))
        np.add.at(self._sums, keys % np.uint64(BUCKETS), hashes)

    def of(self, entries: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
        """The same entries, added while they pass by."""
        source = iter(entries)
        while some := list(islice(source, AT_ONCE)):
            counts = [len(entry.terms) for entry in some]
            self.add(
                words(rare_key(term) for entry in some for term in entry.terms),
                np.repeat(words(entry.case_id for entry in some), counts),
                np.repeat(words(entry.packed for entry in some), counts),
            )
            yield from some

    def differing(self, other: PairSums) -> int:
        """About how many terms have other cases there; 0 when none has."""
        return int(np.count_nonzero(self._sums != other._sums))


def words(numbers: Iterable[int]) -> Words:
    """Integers, signed ones too, as words of 64 bits."""
    return np.fromiter((number & _MASK for number in numbers), dtype=np.uint64)


def _mixed(values: Words) -> Words:
    """The finalizer of SplitMix64: each bit of a word sways all bits of the result."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Words = values ^ (values >> np.uint64(31))
    return mixed
