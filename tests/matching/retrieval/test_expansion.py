from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from matching.retrieval import NAME, expand, likely_parts
from matching.retrieval.expansion import MAX_EXPANSIONS, MIN_SIMILARITY, fold_similarities


def fold_similarity(left: str, right: str) -> float:
    """Pair by pair, what `fold_similarities` says of many."""
    alike = JaroWinkler.similarity(left, right) + OSA.normalized_similarity(left, right)
    return alike / 2


def weigh(part: str, entries: dict[str, int], total: int) -> dict[str, float]:
    texts = list(entries)
    likely = likely_parts((part,), [f"{NAME}{text}" for text in texts])
    found = [texts[place] for place in likely.places.tolist()]
    kept, bits = expand(likely, np.array([entries[text] for text in found], dtype=np.int64), total)
    return {found[place]: float(bit) for place, bit in zip(kept.tolist(), bits, strict=True)}


@given(st.text(alphabet="abdimnu", max_size=8), st.text(alphabet="abdimnu", max_size=8))
def test_similarity_has_two_equal_sides(one: str, other: str) -> None:
    there, back = fold_similarities((one,), [other])[0], fold_similarities((other,), [one])[0]
    assert there == pytest.approx(back)
    assert there == pytest.approx(fold_similarity(one, other), abs=1e-6)


def test_the_rarer_and_the_more_alike_weigh_more() -> None:
    found = weigh("kalid", {"kalid": 5, "kalad": 5, "muamad": 5}, 1_000)
    assert set(found) == {"kalid", "kalad"}
    assert found["kalid"] > found["kalad"]
    assert weigh("kalid", {"kalid": 400}, 1_000)["kalid"] < found["kalid"]


def test_what_nobody_bears_any_more_is_not_followed() -> None:
    assert set(weigh("kalid", {"kalid": 0, "kalad": 2}, 1_000)) == {"kalad"}


@given(st.permutations(["n:alireza", "j:alireza", "n:aliresa", "j:aliresa", "n:alireca"]))
def test_the_order_of_the_terms_is_of_no_account(terms: list[str]) -> None:
    likely = likely_parts(("alireza",), terms)
    found = [terms[place] for place in likely.places.tolist()]
    assert found[:2] == ["j:alireza", "n:alireza"]
    assert found == sorted(found, key=lambda term: (-fold_similarity("alireza", term[2:]), term))


def test_another_reading_is_followed_and_says_a_little_less() -> None:
    alike = fold_similarities(("kalid", "hulud"), ["hulud", "kalid"])
    assert alike[1] == 1 > alike[0] > 0.9


def test_expansion_is_bounded_and_nothing_unlike_is_followed() -> None:
    letters = "abdfgijklmnprstu"
    alike = {f"kalid{a}{b}": 1 for a, b in itertools.product(letters, letters)}
    assert len(weigh("kalid", alike, 1_000)) == MAX_EXPANSIONS
    assert fold_similarity("kalid", "susan") < MIN_SIMILARITY
    assert weigh("kalid", {"susan": 1}, 1_000) == {}


def test_nothing_under_the_keys_is_nothing_to_follow() -> None:
    assert weigh("kalid", {}, 1_000) == {}
