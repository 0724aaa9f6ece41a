"""Metrics on hand-made cases and by their properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.evaluation.metrics import (
    best,
    bootstrap_interval,
    calibration,
    curve,
    quality_at,
    recall_at,
)

pairs = st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=1, max_size=60)


def test_quality_counts_what_retrieval_lost() -> None:
    found = quality_at([5.0, 3.0, -2.0], [True, False, True], total=4, threshold=0.0)
    assert (found.precision, found.recall) == (0.5, 0.25)
    assert found.f1 == pytest.approx(2 * 1 / (2 + 4))


@given(pairs)
def test_recall_rises_along_the_curve(found: list[tuple[float, bool]]) -> None:
    total = sum(match for _, match in found) + 1
    points = curve([w for w, _ in found], [m for _, m in found], total=total)
    assert [p.recall for p in points] == sorted(p.recall for p in points)
    assert [p.threshold for p in points] == sorted((p.threshold for p in points), reverse=True)
    top = best(points)
    assert all(top.f1 >= point.f1 for point in points)
    again = quality_at(
        [w for w, _ in found], [m for _, m in found], total=total, threshold=top.threshold
    )
    assert again.f1 == pytest.approx(top.f1)


def test_recall_at_k() -> None:
    ranks = [0, 2, None, 11]
    assert [recall_at(ranks, k) for k in (1, 3, 100)] == [0.25, 0.5, 0.75]


def test_a_calibrated_score_has_no_error() -> None:
    bins, error = calibration(
        [0.25] * 4 + [0.75] * 4, [True, False, False, False, True, True, True, False]
    )
    assert error == pytest.approx(0.0)
    assert sum(item.pairs for item in bins) == 8
    assert calibration([1.0], [False])[1] == pytest.approx(1.0)


def test_the_interval_holds_the_mean_and_repeats() -> None:
    values = [1.0] * 80 + [0.0] * 20
    low, high = bootstrap_interval(values, seed=3)
    assert low < 0.8 < high
    assert bootstrap_interval(values, seed=3) == (low, high)
    assert bootstrap_interval(values, seed=4) != (low, high)
