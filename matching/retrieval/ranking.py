"""Add up what each case has in common with a query, over arrays indexed by case id."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.retrieval.attributes import (
    FloatArray,
    IdArray,
    IntArray,
    PackedArray,
    attribute_bits,
    most_without_day,
    of_kinds,
)
from matching.retrieval.terms import IndexQuery

LEAST_CANDIDATES = 200
"""Candidates scored for a search in a small collection."""
CANDIDATES_AT_MILLION = 500
"""Of a million cases this many are enough to hold the one asked for, where its evidence allows."""
_MILLION = 1_000_000
MAX_POSTINGS = 400_000
"""Cases fetched for one search: beyond it the least telling terms are left out."""

SAMPLED = 4
"""Times as many as are wanted get their attributes first, to tell how good the others must be."""
_ROUNDING = 1e-3
"""Bits by which sums of single precision may differ."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which cases may be candidates.

    Attributes:
        kinds: Of these kinds only; empty means all.
        exclude: Ids of cases that may not.
    """

    kinds: frozenset[str] = frozenset()
    exclude: frozenset[int] = frozenset()


def candidates_wanted(cases: int) -> int:
    """How many candidates to score: grows with the square root of the collection.

    Strangers who share as much with a query as the person asked for grow with the
    collection, but the most telling names stay rare; see docs/decisions/0008-retrieval.md.
    """
    return max(LEAST_CANDIDATES, grown(CANDIDATES_AT_MILLION, _MILLION, cases))


def grown(count: int, at_cases: int, cases: int) -> int:
    """What is `count` in a collection of one size, in another: with the root of their ratio."""
    return math.ceil(count * math.sqrt(cases / at_cases))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Case ids and scores, best first; `considered` were allowed and had a term in common."""

    case_ids: IntArray
    scores: FloatArray
    considered: int


class Tally:
    """Bits per case for one query at a time; arrays as long as the largest case id.

    Not for two threads at once: the arrays are reused, since making them anew costs
    more than a query.
    """

    def __init__(self) -> None:
        self._total = np.zeros(0, dtype=np.float32)
        self._best = np.zeros(0, dtype=np.float32)
        self._seen = np.zeros(0, dtype=bool)
        self._packed = np.zeros(0, dtype=np.uint32)
        self._days: list[IdArray] = []

    def reserve(self, largest_id: int) -> None:
        """Make room for case ids up to the given one."""
        if largest_id >= len(self._total):
            size = largest_id + 1 + largest_id // 8
            self._total = np.zeros(size, dtype=np.float32)
            self._best = np.zeros(size, dtype=np.float32)
            self._seen = np.zeros(size, dtype=bool)
            self._packed = np.zeros(size, dtype=np.uint32)

    def add(self, ids: IdArray, bits: FloatArray) -> None:
        """Add one group: of the terms that a case holds the best counts.

        Args:
            ids: Cases of all terms of the group, the least telling term first.
            bits: Bits of the term of each, shape (ids,).
        """
        # Once for all: numpy turns ids of four bytes into places anew each time they are used.
        places = ids.astype(np.intp)
        # A case that holds several terms is written several times: the last and best stays.
        self._best[places] = bits
        self._total[places] += self._best[places]
        self._seen[places] = True

    def bring_in(self, ids: IdArray) -> None:
        """Let cases be candidates that have nothing but their birthday in common."""
        self._seen[ids] = True
        self._days.append(ids)

    def note(self, ids: IdArray, packed: PackedArray) -> None:
        """Remember attributes that came with the postings, for `packed_of`."""
        self._packed[ids] = packed

    def packed_of(self, ids: IntArray) -> PackedArray:
        """Attributes that were noted for this query."""
        found: PackedArray = self._packed[ids]
        return found

    def rank(
        self,
        query: IndexQuery,
        packed_of: Callable[[IntArray], PackedArray],
        *,
        limit: int,
        allowed: Allowed,
    ) -> Ranked:
        """Add the attributes, cut, and empty the tally.

        Args:
            query: What is asked.
            packed_of: Packed attributes of given cases.
            limit: How many to return.
            allowed: Which candidates the scope allows.

        Returns:
            At most `limit` candidates, ties by id.
        """
        sums, days = self._taken_out(allowed)
        if allowed.kinds:
            sums = sums.at(np.flatnonzero(of_kinds(packed_of(sums.ids), allowed.kinds)))
        considered = len(sums.ids)
        if considered > SAMPLED * limit:
            sums = sums.at(_near(sums, days, query, packed_of, limit))
        scores = sums.scores + attribute_bits(query.packed, packed_of(sums.ids))
        return Ranked(*_best(sums.ids, scores, limit), considered)

    def _taken_out(self, allowed: Allowed) -> tuple[_Sums, IdArray]:
        """Sums of what is not excluded, and who was brought in; the tally is empty afterwards."""
        for case_id in allowed.exclude:
            if case_id < len(self._seen):
                self._seen[case_id] = False
                self._total[case_id] = 0
        ids = np.flatnonzero(self._seen)
        sums = _Sums(ids, self._total[ids])
        self._total[ids] = 0
        self._seen[ids] = False
        days = np.concatenate(self._days) if self._days else np.zeros(0, dtype=np.uint32)
        self._days.clear()
        return sums, days


@dataclass(frozen=True, slots=True)
class _Sums:
    """Cases and their bits without attributes.

    Attributes:
        ids: Rising, shape (cases,).
        scores: Shape (cases,).
    """

    ids: IntArray
    scores: FloatArray

    def at(self, places: IntArray) -> _Sums:
        return _Sums(self.ids[places], self.scores[places])


def _near(
    sums: _Sums,
    days: IdArray,
    query: IndexQuery,
    packed_of: Callable[[IntArray], PackedArray],
    limit: int,
) -> IntArray:
    """Places of those that attributes may lift among the best.

    An equal birthday, or a slip of one, says most of all attributes, and who has it was brought
    in: the others need to come near enough without.
    """
    most = SAMPLED * limit
    sample = sums.at(np.argpartition(sums.scores, len(sums.ids) - most)[-most:])
    lifted = sample.scores + attribute_bits(query.packed, packed_of(sample.ids))
    # So many reach this already: who cannot is not among the best.
    enough = _largest(lifted, limit)
    near = sums.scores >= enough - most_without_day(query.packed) - _ROUNDING
    places = np.minimum(np.searchsorted(sums.ids, days), len(sums.ids) - 1)
    near[places[sums.ids[places] == days]] = True
    return np.flatnonzero(near)


def _largest(scores: FloatArray, place: int) -> np.float32:
    """The score that so many reach at least."""
    found: np.float32 = np.partition(scores, len(scores) - place)[len(scores) - place]
    return found


def _best(ids: IntArray, scores: FloatArray, limit: int) -> tuple[IntArray, FloatArray]:
    if len(ids) > limit:
        top = np.flatnonzero(scores >= _largest(scores, limit))
        ids, scores = ids[top], scores[top]
    order = np.lexsort((ids, -scores))[:limit]
    return ids[order], scores[order]
