"""m-probabilities from what persons decided, drawn towards what was believed before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from matching.estimation.patterns import Patterns
from matching.profile import Profile

BELIEF = 50.0
"""Verdicts that the profile's own m counts for: ten decisions move little, thousands decide."""
LEAST = 1e-6


def posterior_m(confirmed: Patterns, profile: Profile) -> dict[str, dict[str, float]]:
    """The m-probabilities of the profile after pairs that persons confirmed to be one person.

    Only m is learnt: pairs that were looked at are no sample of strangers, so verdicts
    of different persons say nothing about u.

    Args:
        confirmed: Levels of confirmed pairs.
        profile: What is believed so far.

    Returns:
        Field to level to m, for levels that the profile holds.
    """
    found: dict[str, dict[str, float]] = {}
    for place, (field, levels) in enumerate(confirmed.fields.items()):
        known = [level for level in levels if f"{field}.{level}" in profile.m]
        if not known:
            continue
        codes = confirmed.codes[:, place]
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        total = float(counts.sum())
        found[field] = {
            level: _posterior(
                profile.m[f"{field}.{level}"], float(counts[levels.index(level)]), total
            )
            for level in known
        }
    return found


def _posterior(before: float, count: float, total: float) -> float:
    value = (before * BELIEF + count) / (BELIEF + total)
    return min(max(value, LEAST), 1.0)


def changed(
    proposed: Mapping[str, Mapping[str, float]], profile: Profile
) -> list[tuple[str, float, float]]:
    """Levels with m before and after, the largest change in bits first."""
    rows = [
        (f"{field}.{level}", profile.m[f"{field}.{level}"], after)
        for field, levels in proposed.items()
        for level, after in levels.items()
    ]
    return sorted(rows, key=lambda row: -abs(np.log2(row[2] / row[1])))
