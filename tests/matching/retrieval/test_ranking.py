from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.record import BirthDate, PartialDate, PersonRecord, Sex
from matching.retrieval import Ranked, Tally, candidates_wanted, index_entry, index_query
from matching.retrieval.attributes import IdArray, IntArray, PackedArray, attribute_bits
from matching.retrieval.ranking import Allowed

NOBODY = index_query(PersonRecord("q"))


def group(tally: Tally, scored: dict[int, float]) -> None:
    """Add cases with bits, the least telling first."""
    ordered = sorted(scored.items(), key=lambda item: item[1])
    ids = np.array([case_id for case_id, _ in ordered], dtype=np.uint32)
    tally.add(ids, np.array([bits for _, bits in ordered], dtype=np.float32))


def rank(tally: Tally, limit: int = 10) -> Ranked:
    return tally.rank(NOBODY, tally.packed_of, limit=limit, allowed=Allowed())


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


BIRTHS = ("2009-03-04", "2009-04-03", "2008-03-04", "2010-03-04", "2003-03-04", "2009-03", "2009",
          "1970", "2009-03-05", "")  # fmt: skip
ASKED = PersonRecord(
    "q",
    births=(BirthDate(PartialDate.parse(BIRTHS[0])),),
    sex=Sex.FEMALE,
    nationalities=("ER",),
)


def child(born: str, sex: Sex, nation: str) -> PersonRecord:
    births = (BirthDate(PartialDate.parse(born)),) if born else ()
    return PersonRecord("c", births=births, sex=sex, nationalities=(nation,) if nation else ())


CHILDREN = st.builds(
    child, st.sampled_from(BIRTHS), st.sampled_from(Sex), st.sampled_from(("ER", "SY", ""))
)


@given(
    st.lists(st.tuples(CHILDREN, st.sampled_from((0.0, 0.5, 4.0, 8.0, 20.0, 30.0))), max_size=60),
    st.integers(1, 4),
    st.frozensets(st.integers(0, 70), max_size=4),
)
def test_cases_that_get_no_attributes_would_not_have_been_among_the_best(
    held: list[tuple[PersonRecord, float]], limit: int, exclude: frozenset[int]
) -> None:
    query, tally = index_query(ASKED), fresh(60)
    cases = {n: (index_entry(n, record), bits) for n, (record, bits) in enumerate(held, 1)}
    group(tally, {n: bits for n, (_, bits) in cases.items() if bits})
    met = {n for n, (entry, _) in cases.items() if set(entry.terms) & set(query.days)}
    tally.bring_in(ids_of(*met))
    packed = np.array([0, *(entry.packed for entry, _ in cases.values())], dtype=np.uint32)
    candidates = sorted(n for n, (_, bits) in cases.items() if (bits or n in met))
    candidates = [n for n in candidates if n not in exclude]
    attributes = attribute_bits(query.packed, packed[candidates])
    total = {
        n: np.float32(cases[n][1]) + more for n, more in zip(candidates, attributes, strict=True)
    }
    found = tally.rank(
        query, lambda ids: packed[ids], limit=limit, allowed=Allowed(exclude=exclude)
    )
    assert found.considered == len(candidates)
    expected = sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit]
    assert list(scores(found).items()) == expected


def test_attributes_are_asked_for_near_cases_only() -> None:
    query, tally, asked = index_query(ASKED), fresh(2_000), list[int]()
    group(tally, dict.fromkeys(range(1, 1_001), 30.0) | dict.fromkeys(range(1_001, 2_001), 2.0))
    tally.bring_in(ids_of(1_500))
    packed = np.zeros(2_001, dtype=np.uint32)
    packed[1_500] = query.packed

    def packed_of(ids: IntArray) -> PackedArray:
        asked.extend(ids.tolist())
        return packed[ids]

    found = tally.rank(query, packed_of, limit=10, allowed=Allowed())
    assert found.case_ids.tolist() == list(range(1, 11))
    assert found.considered == 2_000
    assert 1_500 in asked
    assert not set(asked) & set(range(1_001, 1_500))


def test_more_cases_ask_for_more_candidates() -> None:
    sizes = [candidates_wanted(n) for n in (0, 1_000, 100_000, 1_000_000, 5_000_000, 10_000_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 200
    assert sizes[3] == 500
