"""Every name of the collection compared with rapidfuzz, for every query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from matching.record import PersonRecord
from scripts.benchmarking.rivals.base import Person, Source, first_of_each, people, person

SAME_DAY, SAME_YEAR, OTHER_SEX, SAME_NATION = 15.0, 5.0, -10.0, 5.0
"""Points beside 0 to 100 for the name: what a careful amateur would add."""
_OVERSHOOT = 4
"""Names fetched for each candidate asked for: a case may have several."""
FloatArray = npt.NDArray[np.float32]


class BruteForce:
    """A scorer over all names, words in alphabetical order, with or without birth, sex, nation."""

    def __init__(self, _folder: Path, *, scorer: str, with_attributes: bool) -> None:
        self._scorer: Callable[..., float] = _SCORERS[scorer]
        self._scale = 1.0 if scorer == "WRatio" else 100.0
        self._with_attributes = with_attributes
        self._names: list[str] = []
        self._cases = np.zeros(0, dtype=np.int64)
        self._days = self._years = self._sexes = self._nations = self._cases
        beside = "birth, sex and nationality" if with_attributes else "nothing else"
        self.settings = f"rapidfuzz {scorer}, sorted words of every name, {beside}; one thread"

    def build(self, source: Source) -> None:
        """Keep every name as a row of its own."""
        rows: list[tuple[int, int, int, int, int]] = []
        for case in people(source):
            for name in case.names:
                self._names.append(_sorted_words(name))
                rows.append((case.case_id, *_codes(case)))
        columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        self._cases, self._days, self._years, self._sexes, self._nations = columns

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best name of the query counts; a query without a name finds by attributes."""
        asked = person(0, record)
        scores = np.zeros(len(self._names), dtype=np.float32)
        if asked.names:
            queries = [_sorted_words(name) for name in asked.names]
            found = process.cdist(queries, self._names, scorer=self._scorer, dtype=np.float32)
            scores = found.max(axis=0) * self._scale
        if self._with_attributes:
            scores += self._points(asked)
        wanted = min(_OVERSHOOT * limit + len(exclude), len(scores))
        top = np.argpartition(-scores, wanted - 1)[:wanted]
        order = top[np.lexsort((self._cases[top], -scores[top]))]
        return first_of_each(self._cases[order].tolist(), exclude, limit)

    def _points(self, asked: Person) -> FloatArray:
        day, year, sex, nation = _codes(asked)
        points = np.zeros(len(self._names), dtype=np.float32)
        if year:
            points += np.where(self._years == year, SAME_YEAR, 0.0)
        if day:
            points += np.where(self._days == day, SAME_DAY - SAME_YEAR, 0.0)
        if sex:
            points += np.where((self._sexes != sex) & (self._sexes != 0), OTHER_SEX, 0.0)
        if nation:
            points += np.where(self._nations == nation, SAME_NATION, 0.0)
        return points

    def size_bytes(self) -> int:
        """Nothing is on disk."""
        return 0

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """Goes with the process."""


_SCORERS: dict[str, Callable[..., float]] = {
    "JaroWinkler": JaroWinkler.normalized_similarity,
    "WRatio": fuzz.WRatio,
}


def _sorted_words(name: str) -> str:
    return " ".join(sorted(name.split()))


def _codes(case: Person) -> tuple[int, int, int, int]:
    """Day, year, sex and nationality as numbers; 0 where not known."""
    nation = int.from_bytes(case.nation.encode(), "big")
    return int(case.born or 0), case.year, ord(case.sex) if case.sex else 0, nation


jaro_winkler_names = partial(BruteForce, scorer="JaroWinkler", with_attributes=False)
jaro_winkler = partial(BruteForce, scorer="JaroWinkler", with_attributes=True)
wratio = partial(BruteForce, scorer="WRatio", with_attributes=True)
