from __future__ import annotations

import random

import numpy as np

from matching.retrieval.inverted import InvertedFile, bounded
from matching.retrieval.terms import IndexEntry

TERMS = ("n:amad", "n:salam", "n:tasfai", "d:20090314", "y:2009", "x:AB1", "p:+491", "h:1000:4")


def entry(case_id: int, rng: random.Random) -> IndexEntry:
    return IndexEntry(case_id, tuple(sorted(rng.sample(TERMS, rng.randint(1, 5)))), case_id)


def held(file: InvertedFile) -> dict[str, list[int]]:
    return {term: sorted(file.exact(term).tolist()) for term in TERMS}


def test_any_changes_leave_what_a_fresh_file_holds() -> None:
    rng = random.Random(3)
    file, entries = InvertedFile(), dict[int, IndexEntry]()
    for _ in range(60):
        if entries and rng.random() < 0.4:
            gone = rng.sample(sorted(entries), min(3, len(entries)))
            file.drop([entries.pop(case_id) for case_id in gone])
        else:
            more = [entry(n, rng) for n in rng.sample(range(1, 50), 4) if n not in entries]
            file.put(more)
            entries.update({one.case_id: one for one in more})
        fresh = InvertedFile()
        fresh.put(list(entries.values()))
        assert held(file) == held(fresh)
        assert file.cases == len(entries)
    ids = np.array(sorted(entries))
    assert file.packed_of(ids).tolist() == ids.tolist()


def test_putting_in_twice_changes_nothing() -> None:
    file, one = InvertedFile(), IndexEntry(4, ("n:amad", "x:AB1"), 9)
    file.put([one])
    before = held(file)
    file.put([one])
    assert held(file) == before


class TestBounds:
    def test_nothing_is_left_out_while_it_fits(self) -> None:
        assert bounded([[5, 5], [5]], [bits(4, 3), bits(2)], 15) == ([2, 1], False)

    def test_the_least_telling_are_left_out_first(self) -> None:
        assert bounded([[5, 90], [5]], [bits(4, 1), bits(2)], 15) == ([1, 1], True)

    def test_the_most_telling_is_always_followed(self) -> None:
        assert bounded([[900]], [bits(4)], 15) == ([1], False) or bounded(
            [[900], [5]], [bits(4), bits(1)], 15
        ) == ([1, 0], True)


def bits(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)
