"""Written parts of names by number, and what comparing needs of each as columns.

Taking a part apart costs far more than comparing it. A lexicon may be shared by all names of
a collection: it grows, and works a part out when it is first asked for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from matching.bulk.growing import with_room
from matching.bulk.sounds import FACTS, FactArray, IntArray, SoundTable, TextArray, within
from matching.names.alignment import tie_break
from matching.names.parts import Sound, kept_letters, sound_of

_LEAST_ROOM = 64
"""Rows of columns that begin small: most lexicons are those of one query."""
_TEXTS = 3
"""Columns of a reading: Latin letters, fold, skeleton."""


class Lexicon:
    """Parts by number; safe for several threads.

    Attributes:
        tokens: The written parts; their places are their numbers.
    """

    def __init__(self, *, lasting: bool = False) -> None:
        """Begin an empty one.

        Args:
            lasting: Whether it outlives the caches of names, which then need not keep its parts.
        """
        self.tokens: list[str] = []
        self._lasting = lasting
        self._sound_of = sound_of.__wrapped__ if lasting else sound_of
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()
        self._known: NDArray[np.bool_] = np.zeros(_LEAST_ROOM, dtype=bool)
        self._facts: FactArray = np.zeros(_LEAST_ROOM, dtype=FACTS)
        self._texts: TextArray = np.empty((_LEAST_ROOM, _TEXTS), dtype=object)
        self._readings = 0
        self._groups: dict[int, frozenset[int]] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    def numbers(self, tokens: Sequence[str]) -> IntArray:
        """Numbers of written parts, given now to those that have none; shape (tokens,)."""
        with self._lock:
            known = self._numbers
            for token in tokens:
                if token not in known:
                    known[token] = len(self.tokens)
                    self.tokens.append(token)
            return np.fromiter(map(known.__getitem__, tokens), np.int64, len(tokens))

    def work_out(self, numbers: IntArray) -> None:
        """Have parts ready before somebody asks for them."""
        with self._lock:
            self._fill(numbers)

    def sounds(self, numbers: IntArray) -> SoundTable:
        """How parts sound, in the order of their numbers given."""
        with self._lock:
            self._fill(numbers)
            facts = self._facts[numbers]
            counts = facts["readings"].astype(np.int64)
            rows = np.repeat(facts["start"].astype(np.int64), counts) + within(counts)
            grouped = np.flatnonzero(facts["grouped"]).tolist()
            groups = {place: self._groups[int(numbers[place])] for place in grouped}
            return SoundTable(facts, self._texts[rows], counts, groups)

    def _fill(self, numbers: IntArray) -> None:
        """Fill the columns of parts that nobody asked for before."""
        self._known = with_room(self._known, len(self.tokens))
        self._facts = with_room(self._facts, len(self.tokens))
        for number in numbers[~self._known[numbers]].tolist():
            sound = self._sound_of(self.tokens[number])
            start = self._readings
            self._readings += len(sound.readings)
            self._texts = with_room(self._texts, self._readings)
            for row, reading in enumerate(sound.readings, start):
                self._texts[row] = self._kept((reading.latin, reading.fold, reading.skeleton))
            self._facts[number] = (*_facts_of(sound), start, len(sound.readings))
            if sound.groups:
                self._groups[number] = sound.groups
            self._known[number] = True

    def _kept(self, texts: tuple[str, ...]) -> list[str]:
        """Many parts share a fold or a skeleton: where they last one text serves them all."""
        return [sys.intern(text) for text in texts] if self._lasting else list(texts)


def _facts_of(sound: Sound) -> tuple[float, int, int, int, bool, bool, bool]:
    """The first of `FACTS`: all but where the readings stand."""
    first = sound.readings[0]
    return (
        tie_break(first.fold),
        skeleton_code(first.skeleton),
        letters_in(kept_letters(first.latin)),
        ord(first.latin[0]),
        sound.vowelless,
        len(first.latin) == 1,
        bool(sound.groups),
    )


def letters_in(kept: str) -> int:
    """Which letters are among those that folding keeps, a bit each."""
    return sum({1 << (ord(letter) - ord("a")) for letter in kept})


@lru_cache(maxsize=100_000)
def skeleton_code(skeleton: str) -> int:
    """A number of a skeleton; should two share one, a pair takes the long way for nothing."""
    return int.from_bytes(blake2b(skeleton.encode(), digest_size=7).digest(), "big")
