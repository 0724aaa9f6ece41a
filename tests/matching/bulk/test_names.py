"""Arrays of names score as the explained comparison does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Name, NamePart, TermFrequencies, compare_names, load_profile, name_weights
from matching.bulk.names import NameTable
from matching.bulk.spoken import Spoken
from matching.record import NamePartKind

PROFILE = load_profile()
KNOWN = TermFrequencies(5_000, {"muamad": 700, "ali": 300, "asan": 90})
WORDS = (
    "Mohammed Muhammad محمد Ali Cali علي Hassan Hussein حسين Abdul Rahman Abdulrahman عبدالرحمن "
    "Amina አሚና Саша Oleksandr Олександр Nguyễn Thị Müller Mueller J Juan ben al- 김민준 Minjun "
    "王小明 Xiaoming Wang יצחק Yitzhak Γεώργιος Giorgos de la Cruz Đặng 3 ☃ Þór"
).split()
names_of_words = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
any_names = names_of_words | st.text(max_size=40)
parts = st.builds(NamePart, st.sampled_from(WORDS), st.sampled_from(list(NamePartKind)))
structured = st.lists(parts, max_size=5).map(lambda found: Name(tuple(found)))


@settings(max_examples=200, deadline=None)
@given(st.lists(any_names | structured, max_size=4), st.lists(any_names | structured, max_size=6))
def test_every_query_against_every_name(queries: list[str | Name], names: list[str | Name]) -> None:
    bits = name_weights(queries, names, PROFILE, KNOWN)
    assert bits.shape == (len(queries), len(names))
    one_by_one = [[compare_names(q, n, PROFILE, KNOWN).weight for n in names] for q in queries]
    assert bits == pytest.approx(np.array(one_by_one).reshape(bits.shape), abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(st.lists(structured, min_size=1, max_size=6), st.data())
def test_pairs_of_rows(names: list[Name], data: st.DataObject) -> None:
    rows = st.lists(st.integers(0, len(names) - 1), min_size=3, max_size=3)
    left, right = np.array(data.draw(rows)), np.array(data.draw(rows))
    table = NameTable(Spoken.of(names), PROFILE, KNOWN)
    found = table.scores(table, left, right)
    for place, (i, j) in enumerate(zip(left, right, strict=True)):
        expected = compare_names(names[i], names[j], PROFILE, KNOWN)
        assert found.bits[place] == pytest.approx(expected.weight, abs=1e-9)
        assert found.given_differs[place] == (expected.reason == "name.given_differs")
        assert found.known[place] == (expected.outcome != "missing")


def test_a_list_asked_again_gives_the_same() -> None:
    names = [f"{one} {other}" for one in WORDS for other in WORDS]
    first = name_weights(["Muhammad Ali"], names, PROFILE)
    assert (name_weights(["Muhammad Ali"], names, PROFILE) == first).all()
    assert names[int(first.argmax())] in {"Muhammad Ali", "Ali Muhammad"}
