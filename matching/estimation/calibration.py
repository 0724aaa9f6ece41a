"""From match weights to probabilities: fitted on held-out truth, never on what set the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.bulk.sounds import FloatArray

ROUNDS = 100
CONVERGED = 1e-10
KNOTS = 12
EDGE_PAIRS = 5.0
"""Pairs of belief in one half at each knot, so that no probability is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Probability = 1 / (1 + exp(-(slope * bits + intercept)))."""

    slope: float
    intercept: float

    def probabilities(self, bits: FloatArray) -> FloatArray:
        """Of pairs by their match weights."""
        found: FloatArray = 1.0 / (
            1.0 + np.exp(-np.clip(self.slope * bits + self.intercept, -700, 700))
        )
        return found


@dataclass(frozen=True, slots=True)
class Steps:
    """Probabilities at rising weights, straight lines of log odds between them."""

    bits: tuple[float, ...]
    probability: tuple[float, ...]

    def probabilities(self, bits: FloatArray) -> FloatArray:
        """Of pairs by their match weights."""
        at = np.asarray(self.probability)
        odds = np.interp(bits, self.bits, np.log(at / (1.0 - at)))
        found: FloatArray = 1.0 / (1.0 + np.exp(-odds))
        return found


def platt(bits: Sequence[float] | FloatArray, matches: Sequence[bool]) -> Logistic:
    """Fit a logistic curve by Newton's method, targets smoothed as Platt (1999) does.

    Args:
        bits: Match weights.
        matches: Whether each pair is one person.

    Raises:
        ValueError: If all pairs are of one kind.
    """
    x, y = np.asarray(bits, dtype=float), np.asarray(matches, dtype=bool)
    positive, negative = int(y.sum()), int((~y).sum())
    if not positive or not negative:
        raise ValueError("calibration needs pairs of one person and of two")
    target = np.where(y, (positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0))
    design = np.stack([x, np.ones(len(x))], axis=1)
    found = np.array([np.log(2.0), 0.0])
    for _ in range(ROUNDS):
        said = Logistic(*found).probabilities(x)
        gradient = design.T @ (said - target)
        curvature = (design * (said * (1.0 - said))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        found = found - step
        if np.abs(step).max() < CONVERGED:
            break
    return Logistic(float(found[0]), float(found[1]))


def isotonic(bits: Sequence[float] | FloatArray, matches: Sequence[bool]) -> Steps:
    """Fit rising probabilities by pooling adjacent violators (Ayer et al. 1955), in few knots.

    Args:
        bits: Match weights.
        matches: Whether each pair is one person.

    Raises:
        ValueError: If there are fewer pairs than knots.
    """
    x, y = np.asarray(bits, dtype=float), np.asarray(matches, dtype=float)
    if len(x) < KNOTS:
        raise ValueError(f"calibration needs {KNOTS} pairs at least")
    order = np.argsort(x, kind="stable")
    weights, means, places = _pools(y[order], x[order])
    grid = _grid(places, weights, means)
    probability = [_smoothed(places, weights, means, low, high) for low, high in grid]
    centres = [(low + high) / 2 for low, high in grid]
    rising = np.maximum.accumulate(probability)
    return Steps(tuple(centres), tuple(float(value) for value in rising))


def _pools(y: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Blocks of equal mean after pooling: their sizes, means and mean weights."""
    sizes: list[float] = []
    sums: list[float] = []
    places: list[float] = []
    for value, place in zip(y.tolist(), x.tolist(), strict=True):
        sizes.append(1.0)
        sums.append(value)
        places.append(place)
        while len(sizes) > 1 and sums[-2] * sizes[-1] >= sums[-1] * sizes[-2]:
            size, total, at = sizes.pop(), sums.pop(), places.pop()
            places[-1] = (places[-1] * sizes[-1] + at * size) / (sizes[-1] + size)
            sizes[-1] += size
            sums[-1] += total
    found = np.asarray(sizes)
    return found, np.asarray(sums) / found, np.asarray(places)


def _grid(places: FloatArray, weights: FloatArray, means: FloatArray) -> list[tuple[float, float]]:
    """Stretches of match weight with about equally much to learn in each."""
    information = weights * np.maximum(means * (1.0 - means), 1e-3)
    share = np.cumsum(information) / information.sum()
    edges = np.interp(
        np.linspace(0, 1, KNOTS + 1), np.append(0.0, share), np.append(places[0], places)
    )
    edges = np.unique(edges)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _smoothed(
    places: FloatArray, weights: FloatArray, means: FloatArray, low: float, high: float
) -> float:
    inside = (places >= low) & (places <= high)
    count = float(weights[inside].sum())
    total = float((weights * means)[inside].sum())
    overall = float((weights * means).sum() / weights.sum())
    return (total + EDGE_PAIRS * overall) / (count + EDGE_PAIRS)
