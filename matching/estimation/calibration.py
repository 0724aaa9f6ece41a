"""From match weights to probabilities: fitted on held-out truth, never on what set the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.bulk.sounds import FloatArray

ROUNDS = 100
CONVERGED = 1e-8
MOST_SLOPE = 5.0
"""Steeper than any evidence: the fit has separated too few pairs."""
LEAST_STEP = 1e-4
"""Newton's step is halved until the loss falls, down to this share of it."""


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


def platt(bits: Sequence[float] | FloatArray, matches: Sequence[bool]) -> Logistic:
    """Fit a logistic curve by Newton's method, targets smoothed as Platt (1999) does.

    Args:
        bits: Match weights.
        matches: Whether each pair is one person.

    Raises:
        ValueError: If all pairs are of one kind, or no curve that rises fits them.
    """
    x, y = np.asarray(bits, dtype=float), np.asarray(matches, dtype=bool)
    positive, negative = int(y.sum()), int((~y).sum())
    if not positive or not negative:
        raise ValueError("calibration needs pairs of one person and of two")
    target = np.where(y, (positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0))
    centre, spread = float(x.mean()), float(x.std()) or 1.0
    design = np.stack([(x - centre) / spread, np.ones(len(x))], axis=1)
    found = np.array([0.0, float(np.log((positive + 1.0) / (negative + 1.0)))])
    loss = _loss(design, target, found)
    for _ in range(ROUNDS):
        said = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -700, 700)))
        gradient = design.T @ (said - target)
        curvature = (design * (said * (1.0 - said))[:, None]).T @ design + 1e-9 * np.eye(2)
        step, share = np.linalg.solve(curvature, gradient), 1.0
        while share > LEAST_STEP and _loss(design, target, found - share * step) > loss:
            share /= 2.0
        found = found - share * step
        loss = _loss(design, target, found)
        if np.abs(share * step).max() < CONVERGED:
            break
    slope = float(found[0]) / spread
    if not 0.0 < slope < MOST_SLOPE:
        raise ValueError("no rising curve fits these pairs; there may be too few")
    return Logistic(slope, float(found[1]) - slope * centre)


def _loss(design: FloatArray, target: FloatArray, found: FloatArray) -> float:
    odds = design @ found
    return float((np.logaddexp(0.0, odds) - target * odds).sum())
