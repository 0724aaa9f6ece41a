from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.names.folding import fold
from matching.names.skeletons import MAX_ALTERNATES, skeleton, skeletons
from matching.names.tokens import tokenize


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mohammad", "محمد"),
        ("Jamal", "Gamal"),
        ("Zainab", "Seinab"),
        ("Dawit", "Daut"),
        ("Fatima", "فاطمه"),
        ("Ahmad", "Ahmet"),
    ],
)
def test_spellings_share_a_skeleton(one: str, other: str) -> None:
    assert skeletons(fold(one)) & skeletons(fold(other))


def test_a_leading_vowel_of_any_colour_is_kept() -> None:
    assert skeleton(fold("Omar")) == skeleton(fold("Umar")) == skeleton(fold("عمر"))
    assert skeleton(fold("Ali")) != skeleton(fold("Lei"))


@given(st.text(max_size=60))
def test_the_usual_skeleton_is_among_a_bounded_number(text: str) -> None:
    for part in tokenize(text):
        found = skeletons(fold(part))
        assert len(found) <= MAX_ALTERNATES
        assert skeleton(fold(part)) in found or not skeleton(fold(part))
