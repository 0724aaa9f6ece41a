from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.record import PersonRecord
from matching.retrieval import Ranked, Tally, candidates_wanted, index_query
from matching.retrieval.attributes import BoolArray, IdArray, IntArray, PackedArray

NOBODY = index_query(PersonRecord("q"))


def everybody(ids: IntArray, packed: PackedArray) -> BoolArray:
    return np.ones(len(ids), dtype=bool)


def group(tally: Tally, scored: dict[int, float]) -> None:
    """Add cases with bits, the least telling first."""
    ordered = sorted(scored.items(), key=lambda item: item[1])
    ids = np.array([case_id for case_id, _ in ordered], dtype=np.uint32)
    tally.add(ids, np.array([bits for _, bits in ordered], dtype=np.float32))


def rank(tally: Tally, limit: int = 10) -> Ranked:
    return tally.rank(NOBODY, tally.packed_of, limit=limit, allowed=everybody)


def scores(ranked: Ranked) -> dict[int, float]:
    return dict(zip(ranked.case_ids.tolist(), ranked.scores.tolist(), strict=True))


def fresh(largest: int = 20) -> Tally:
    tally = Tally()
    tally.reserve(largest)
    return tally


def ids_of(*ids: int) -> IdArray:
    return np.array(ids, dtype=np.uint32)


def test_the_best_of_a_group_counts_once() -> None:
    tally = fresh()
    tally.add(ids_of(1, 2, 1), np.array([3, 3, 4], dtype=np.float32))
    assert scores(rank(tally)) == {1: 4.0, 2: 3.0}


def test_groups_add_up_and_the_next_query_begins_empty() -> None:
    tally = fresh()
    group(tally, {1: 4.0, 2: 4.0})
    group(tally, {2: 3.0})
    found = rank(tally)
    assert found.case_ids.tolist() == [2, 1]
    assert found.scores.tolist() == [7.0, 4.0]
    assert rank(tally).considered == 0
    group(tally, {2: 1.0})
    assert scores(rank(tally)) == {2: 1.0}


def test_ties_go_by_id_and_the_rest_is_counted() -> None:
    tally = fresh()
    group(tally, {9: 4.0, 3: 4.0, 7: 4.0})
    found = rank(tally, limit=2)
    assert found.case_ids.tolist() == [3, 7]
    assert found.considered == 3


def test_what_is_brought_in_needs_nothing_in_common() -> None:
    tally = fresh()
    group(tally, {3: 1.0})
    tally.bring_in(ids_of(5))
    assert scores(rank(tally)) == {3: 1.0, 5: 0.0}


@given(
    st.lists(
        st.dictionaries(st.integers(1, 60), st.floats(0.5, 30, width=32), max_size=30), max_size=5
    ),
    st.integers(1, 12),
)
def test_the_best_are_those_of_adding_up_one_by_one(
    groups: list[dict[int, float]], limit: int
) -> None:
    tally = fresh(60)
    total: dict[int, float] = {}
    for scored in groups:
        group(tally, scored)
        for case_id, bits in scored.items():
            total[case_id] = float(np.float32(np.float32(total.get(case_id, 0)) + np.float32(bits)))
    expected = sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit]
    assert list(scores(rank(tally, limit)).items()) == expected


def test_more_cases_ask_for_more_candidates() -> None:
    sizes = [candidates_wanted(n) for n in (0, 1_000, 100_000, 1_000_000, 5_000_000, 10_000_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 200
    assert sizes[3] == 500
