"""How alike many pairs of name parts sound: `sound_similarity` over arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist, cpdist

from matching.names.similarity import (
    FOLD_SHARE,
    LATIN_SHARE,
    LEAST_FOLD,
    NICKNAME,
    OTHER_READING,
    SKELETON_SHARE,
)

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
TextArray = NDArray[np.object_]
_LETTER_KINDS = 16
"""Columns of letter counts: sixteen bytes a reading, one vector instruction to compare."""
WORKERS = 2
"""Threads of rapidfuzz; the embedded default runs on two cores."""
WORTH_THREADS = 50_000
"""Comparisons below which starting threads costs more than it saves."""


FACTS = np.dtype(
    [
        ("tie", "<f8"),
        ("skeleton", "<i8"),
        ("letters", "<i4"),
        ("letter", "<u4"),
        ("vowelless", "?"),
        ("initial", "?"),
        ("grouped", "?"),
        ("start", "<u4"),
        ("readings", "<u2"),
    ]
)
"""Of a part: tie-break, code of its skeleton, which kept letters it has, its first letter, whether
its script leaves vowels out, it is an initial, it belongs to groups of nicknames; where its
readings stand and how many they are. All of the likeliest reading."""
FactArray = NDArray[np.void]


class SoundTable:
    """Sounds by number, their readings as parallel columns.

    Attributes:
        facts: Of each sound, shape (sounds,).
        first: Where the readings of each begin, and their end, shape (sounds + 1,).
        fold: Of each reading.
    """

    def __init__(
        self,
        facts: FactArray,
        texts: TextArray,
        counts: IntArray,
        groups: Mapping[int, frozenset[int]],
    ) -> None:
        """Lay out sounds; their places are their numbers.

        Args:
            facts: Of each sound.
            texts: Latin letters, fold and skeleton of all readings, the likeliest of each
                sound first, shape (readings, 3).
            counts: Readings of each sound, shape (sounds,).
            groups: Nicknames' groups of the sounds that have any, by number.
        """
        self.facts = facts
        self._groups = groups
        self.latins, self.folds, self.skeletons = texts.T
        self.fold: list[str] = self.folds.tolist()
        self.first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        self.main = np.zeros(len(texts), dtype=bool)
        self.main[self.first[:-1]] = True
        self.sound_of = np.repeat(np.arange(len(facts)), counts)
        self.grouped: NDArray[np.bool_] = facts["grouped"]

    def likeliest(self, column: TextArray) -> list[str]:
        """The texts of a column, of the likeliest reading of each sound."""
        found: list[str] = column[self.first[:-1]].tolist()
        return found

    def __len__(self) -> int:
        return len(self.facts)

    @cached_property
    def letters(self) -> NDArray[np.uint8]:
        """How often letters occur in each reading, shape (readings, kinds of letters)."""
        counts = [_letters(fold) for fold in self.fold]
        return np.array(counts, dtype=np.uint8).reshape(-1, _LETTER_KINDS)

    @cached_property
    def length(self) -> IntArray:
        """Letters of the fold of each reading."""
        return np.array([len(fold) for fold in self.fold], dtype=np.int64)

    def pairs(self, other: SoundTable, left: IntArray, right: IntArray) -> FloatArray:
        """How alike pairs of own and another table's numbers sound, shape (pairs,)."""
        if len(left) == 0:
            return np.zeros(0)
        first_left, first_right = self.first[left], other.first[right]
        extra_left = self.first[left + 1] - first_left - 1
        extra_right = other.first[right + 1] - first_right - 1
        pair = np.arange(len(left))
        # Likeliest against likeliest, then each other reading against the other side's likeliest.
        rows_left = np.concatenate(
            [first_left, _others(first_left, extra_left), np.repeat(first_left, extra_right)]
        )
        rows_right = np.concatenate(
            [first_right, np.repeat(first_right, extra_left), _others(first_right, extra_right)]
        )
        of = np.concatenate([pair, np.repeat(pair, extra_left), np.repeat(pair, extra_right)])
        alike = self._readings(other, rows_left, rows_right)
        alike[len(left) :] *= OTHER_READING
        best = np.zeros(len(left))
        np.maximum.at(best, of, alike)
        self._raise_nicknames(other, best, left, right)
        return best

    def all_pairs(self, other: SoundTable) -> FloatArray:
        """How alike every own sound is to every other's, shape (own, other); for few own ones."""
        gate = cdist(
            self.fold,
            other.fold,
            scorer=OSA.normalized_similarity,
            score_cutoff=LEAST_FOLD,
            dtype=np.float64,
            workers=threads_for(len(self.fold) * len(other.fold)),
        )
        mine, others = np.nonzero(gate)
        main_left, main_right = self.main[mine], other.main[others]
        allowed = main_left | main_right
        mine, others = mine[allowed], others[allowed]
        alike = self._near(other, mine, others, gate[mine, others])
        alike[~(main_left & main_right)[allowed]] *= OTHER_READING
        best = np.zeros((len(self), len(other)))
        np.maximum.at(best, (self.sound_of[mine], other.sound_of[others]), alike)
        left, right = np.nonzero(self.grouped[:, None] & other.grouped[None, :])
        nicknames = best[left, right]
        self._raise_nicknames(other, nicknames, left, right)
        best[left, right] = nicknames
        return best

    def _readings(self, other: SoundTable, left: IntArray, right: IntArray) -> FloatArray:
        """`reading_similarity` of pairs of rows."""
        found = np.zeros(len(left))
        may = np.flatnonzero(self._may_be_near(other, left, right))
        folds = _osa(self.folds, left[may], other.folds, right[may])
        enough = folds >= LEAST_FOLD
        near = may[enough]
        found[near] = self._near(other, left[near], right[near], folds[enough])
        return found

    def _may_be_near(self, other: SoundTable, left: IntArray, right: IntArray) -> NDArray[np.bool_]:
        """Letters in common bound the similarity of folds from above, and are cheap to count."""
        common = np.minimum(self.letters[left], other.letters[right]).sum(axis=1, dtype=np.int64)
        longest = np.maximum(self.length[left], other.length[right])
        may: NDArray[np.bool_] = common >= LEAST_FOLD * longest
        return may

    def _near(
        self, other: SoundTable, left: IntArray, right: IntArray, folds: FloatArray
    ) -> FloatArray:
        latin = _osa(self.latins, left, other.latins, right)
        bones = _osa(self.skeletons, left, other.skeletons, right)
        alike = LATIN_SHARE * latin + FOLD_SHARE * folds + SKELETON_SHARE * bones
        alike[latin == 1.0] = 1.0
        return alike

    def _raise_nicknames(
        self, other: SoundTable, best: FloatArray, left: IntArray, right: IntArray
    ) -> None:
        may = self.grouped[left] & other.grouped[right] & (best < NICKNAME)
        for place in np.flatnonzero(may).tolist():
            one, two = self._groups[int(left[place])], other._groups[int(right[place])]
            if not one.isdisjoint(two):
                best[place] = NICKNAME


def threads_for(comparisons: int) -> int:
    """Threads that so many comparisons are worth."""
    return WORKERS if comparisons >= WORTH_THREADS else 1


def _letters(text: str) -> list[int]:
    """How often letters occur; those of one column together, so that the bound stays one."""
    counts = [0] * _LETTER_KINDS
    for letter in text:
        counts[ord(letter) % _LETTER_KINDS] += 1
    return counts


def _osa(
    left_texts: TextArray, left: IntArray, right_texts: TextArray, right: IntArray
) -> FloatArray:
    if len(left) == 0:
        return np.zeros(0)
    found: FloatArray = cpdist(
        left_texts[left].tolist(),
        right_texts[right].tolist(),
        scorer=OSA.normalized_similarity,
        dtype=np.float64,
        workers=threads_for(len(left)),
    )
    return found


def _others(first: IntArray, counts: IntArray) -> IntArray:
    """The rows after the first of each sound, as many as counted."""
    found: IntArray = np.repeat(first, counts) + within(counts) + 1
    return found


def within(counts: IntArray) -> IntArray:
    """The place of each item within its group, for groups of so many items one after the other."""
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    places: IntArray = np.arange(int(counts.sum())) - starts
    return places
