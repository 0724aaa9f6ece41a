"""m- and u-probabilities without labels, by expectation and maximisation.

The model of Fellegi and Sunter (1969) has two classes of pairs, one person and two,
with fields that agree independently in each (fitted without labels: Winkler 1988).
Among pairs that retrieval offers, strangers fall into two kinds that differ more than
anything else does: of one origin, who share nationality, language and country, and of
another. A mixture of two classes finds these and loses the pairs of one person; so
three classes are fitted, and the first is told apart by where it starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.bulk.sounds import FloatArray, IntArray

ROUNDS = 500
CONVERGED = 1e-6
SMOOTH = 0.5
"""Pseudo-count of a level, so that none is impossible (Krichevsky and Trofimov 1981)."""
START_SHARES = (0.02, 0.4, 0.58)
"""One person, strangers of one origin, other strangers; about one in fifty pairs offered is one
person's, where thirty are offered for each record."""
ORIGIN = ("nationality", "country_of_birth", "language", "place_of_birth")
START_ORIGIN = 0.9
"""How often strangers of one origin agree on it, to start from."""
LEAST = 1e-9

Levels = tuple[FloatArray, ...]
"""Probabilities of the levels of each field."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What was fitted: shares of the classes, and probabilities of levels by class and field.

    Attributes:
        shares: Of one person's pairs, and of the two kinds of strangers'.
        levels: By class in the same order.
        rounds: Until nothing changed.
    """

    shares: tuple[float, ...]
    levels: tuple[Levels, ...]
    rounds: int

    @property
    def m(self) -> Levels:
        """m-probabilities: how often the levels occur among pairs of one person."""
        return self.levels[0]

    def probabilities(self, codes: IntArray) -> FloatArray:
        """Probability of one person for each pair, shape (pairs,)."""
        found: FloatArray = _responsibilities(codes, self.shares, self.levels)[0]
        return found


def frequencies(codes: IntArray, sizes: Sequence[int]) -> Levels:
    """How often each level of each field occurs among pairs that are compared in it.

    Args:
        codes: Levels, -1 where nothing is compared; shape (pairs, fields).
        sizes: Number of levels of each field.
    """
    every = np.ones(len(codes))
    return tuple(_shares(codes[:, place], every, size) for place, size in enumerate(sizes))


def fit(codes: IntArray, names: Sequence[str], start: Levels) -> Mixture:
    """Fit the shares of the classes and the probabilities of the levels in each.

    Args:
        codes: Levels of the pairs that retrieval offers, shape (pairs, fields).
        names: Of the fields.
        start: Probabilities of the levels among one person's pairs to start from.

    Returns:
        The mixture; the same input gives the same output.
    """
    sizes = [len(found) for found in start]
    found, counts = np.unique(codes, axis=0, return_counts=True)
    overall = frequencies(codes, sizes)
    levels: tuple[Levels, ...] = (start, _of_origin(overall, names), overall)
    shares: tuple[float, ...] = START_SHARES
    rounds = 0
    while rounds < ROUNDS:
        rounds += 1
        parts = counts * _responsibilities(found, shares, levels)
        before = shares
        shares = tuple(float(part.sum() / counts.sum()) for part in parts)
        levels = tuple(
            tuple(_shares(found[:, place], part, size) for place, size in enumerate(sizes))
            for part in parts
        )
        if max(abs(a - b) for a, b in zip(shares, before, strict=True)) < CONVERGED:
            break
    return Mixture(shares, levels, rounds)


def _of_origin(overall: Levels, names: Sequence[str]) -> Levels:
    """Strangers who agree on their origin: the best level there is the likeliest."""
    found = []
    for name, levels in zip(names, overall, strict=True):
        if name in ORIGIN:
            rest = (1.0 - START_ORIGIN) / (len(levels) - 1)
            found.append(np.append(np.full(len(levels) - 1, rest), START_ORIGIN))
        else:
            found.append(levels)
    return tuple(found)


def _responsibilities(
    codes: IntArray, shares: Sequence[float], levels: Sequence[Levels]
) -> FloatArray:
    """Probability of each class for each pair, shape (classes, pairs)."""
    logs = np.stack(
        [
            np.log(max(share, LEAST)) + _logs(codes, of_class)
            for share, of_class in zip(shares, levels, strict=True)
        ]
    )
    likely = np.exp(logs - logs.max(axis=0))
    found: FloatArray = likely / likely.sum(axis=0)
    return found


def _logs(codes: IntArray, levels: Levels) -> FloatArray:
    total = np.zeros(len(codes))
    for place, of_field in enumerate(levels):
        # The last stands for -1: nothing compared, nothing said.
        total += np.append(np.log(np.maximum(of_field, LEAST)), 0.0)[codes[:, place]]
    return total


def _shares(codes: IntArray, counts: FloatArray, size: int) -> FloatArray:
    said = codes >= 0
    sums = np.bincount(codes[said], weights=counts[said], minlength=size) + SMOOTH
    shares: FloatArray = sums / sums.sum()
    return shares
