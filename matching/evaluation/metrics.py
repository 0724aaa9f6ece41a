"""Precision, recall, F1 and calibration of scored pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision, recall and F1 at one threshold, each between 0 and 1."""

    threshold: float
    precision: float
    recall: float
    f1: float


def quality_at(
    weights: Sequence[float], matches: Sequence[bool], *, total: int, threshold: float
) -> Quality:
    """Quality when pairs at or above a threshold are linked.

    Args:
        weights: Score of each pair that was scored.
        matches: Whether each is truly one person.
        total: True pairs in all, those lost by retrieval included.
        threshold: Lowest score that links.
    """
    linked = np.asarray(weights, dtype=float) >= threshold
    true = np.asarray(matches, dtype=bool)
    right = int((linked & true).sum())
    return _quality(threshold, right, int(linked.sum()), total)


def _quality(threshold: float, right: int, linked: int, total: int) -> Quality:
    precision = right / linked if linked else 1.0
    recall = right / total if total else 1.0
    f1 = 2 * right / (linked + total) if linked + total else 1.0
    return Quality(threshold, precision, recall, f1)


def curve(weights: Sequence[float], matches: Sequence[bool], *, total: int) -> list[Quality]:
    """Quality at every score that occurs, from the highest down."""
    order = np.argsort(-np.asarray(weights, dtype=float), kind="stable")
    scores = np.asarray(weights, dtype=float)[order]
    right = np.cumsum(np.asarray(matches, dtype=bool)[order])
    if len(scores) == 0:
        return []
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], [True]))
    return [_quality(float(scores[i]), int(right[i]), int(i) + 1, total) for i in last]


def best(points: Sequence[Quality]) -> Quality:
    """The point with the highest F1; ties go to the higher threshold."""
    return max(points, key=lambda point: (point.f1, point.threshold))


def recall_at(ranks: Sequence[int | None], k: int) -> float:
    """Share of true partners that stand among the first k candidates.

    Args:
        ranks: Rank of each true partner from 0 on, None when it was not offered.
        k: How many candidates are looked at.
    """
    found = sum(rank is not None and rank < k for rank in ranks)
    return found / len(ranks) if ranks else 1.0


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Pairs of like probability: how many, what was said, what was true."""

    low: float
    high: float
    pairs: int
    said: float
    true: float


def calibration(
    probabilities: Sequence[float], matches: Sequence[bool], *, bins: int = 10
) -> tuple[list[CalibrationBin], float]:
    """The reliability table and the expected calibration error.

    Args:
        probabilities: Of each scored pair.
        matches: Whether each is truly one person.
        bins: Number of bins of equal width.

    Returns:
        The bins that hold pairs, and the mean distance of said and true, weighted by pairs.
    """
    said, true = np.asarray(probabilities, dtype=float), np.asarray(matches, dtype=bool)
    place = np.minimum((said * bins).astype(int), bins - 1)
    found = []
    for number in range(bins):
        inside: NDArray[np.bool_] = place == number
        count = int(inside.sum())
        if count:
            found.append(
                CalibrationBin(
                    number / bins,
                    (number + 1) / bins,
                    count,
                    float(said[inside].mean()),
                    float(true[inside].mean()),
                )
            )
    error = sum(item.pairs * abs(item.said - item.true) for item in found)
    return found, error / len(said) if len(said) else 0.0


def f1_interval(
    linked: Sequence[bool],
    matches: Sequence[bool],
    *,
    lost: int,
    seed: int,
    rounds: int = 500,
) -> tuple[float, float]:
    """The 95 % interval of F1 when pairs are drawn anew, by the Poisson bootstrap.

    Args:
        linked: Whether each pair that was scored is linked.
        matches: Whether each is truly one person.
        lost: True pairs that were never scored.
        seed: Of the resampling; the same seed gives the same interval.
        rounds: Resamples.
    """
    link, true = np.asarray(linked, dtype=bool), np.asarray(matches, dtype=bool)
    counts = [int((link & true).sum()), int((link & ~true).sum()), int((~link & true).sum()) + lost]
    rng = np.random.default_rng(seed)
    # Poisson weights of pairs that count alike add up to one Poisson number.
    right, wrong, missed = rng.poisson(counts, (rounds, 3)).T
    found = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def threshold_at(
    weights: Sequence[float], matches: Sequence[bool], *, precision: float
) -> float | None:
    """The lowest score at and above which precision is reached; None when it never is.

    Args:
        weights: Score of each pair.
        matches: Whether each is truly one person.
        precision: That is asked for, between 0 and 1.
    """
    points = curve(weights, matches, total=max(int(np.sum(matches)), 1))
    return min((p.threshold for p in points if p.precision >= precision), default=None)


def bootstrap_interval(
    values: Sequence[float], *, seed: int, rounds: int = 1_000, level: float = 0.95
) -> tuple[float, float]:
    """The percentile bootstrap interval of a mean (Efron 1979).

    Args:
        values: One number a case, such as 1 for found and 0 for lost.
        seed: Of the resampling; the same seed gives the same interval.
        rounds: Resamples.
        level: Coverage.
    """
    data = np.asarray(values, dtype=float)
    if len(data) == 0:
        return 0.0, 1.0
    rng = np.random.default_rng(seed)
    means = [data[rng.integers(0, len(data), len(data))].mean() for _ in range(rounds)]
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
