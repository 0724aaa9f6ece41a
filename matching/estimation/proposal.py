"""A profile with other m and u: proposed as data, never put to use by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tomlkit

from matching.bulk.sounds import FloatArray
from matching.estimation.mixture import Mixture
from matching.profile import Profile

LEAST_M = 0.03
"""Records err at least this often: a generator that errs less must not make a field a judge."""
LEAST_M_OF = {"sex": 0.005}
"""Sex is wrong in about one record of two hundred."""
LEAST = 0.0001
_DIGITS = 3

Probabilities = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Field to level to `m` and, where it is estimated too, `u`."""


def from_mixture(
    mixture: Mixture,
    fields: Mapping[str, tuple[str, ...]],
    profile: Profile,
    chosen: Sequence[str],
) -> dict[str, dict[str, dict[str, float]]]:
    """The m of one person's pairs, and u of the strangers that retrieval offers.

    Where a floor lifts a rare level, the m of a field add up to a little over one.

    Args:
        mixture: As fitted to the pairs that retrieval offers.
        fields: Names of the fields and their levels, as the mixture has them.
        profile: Which levels there are.
        chosen: Fields to take over.
    """
    strangers = np.array(mixture.shares[1:]) / sum(mixture.shares[1:])
    found: dict[str, dict[str, dict[str, float]]] = {}
    for place, (field, levels) in enumerate(fields.items()):
        if field not in chosen:
            continue
        u: FloatArray = strangers[0] * mixture.levels[1][place]
        u = u + strangers[1] * mixture.levels[2][place]
        m = mixture.m[place]
        found[field] = {
            level: {
                "m": _probability(float(m[number]), LEAST_M_OF.get(field, LEAST_M)),
                "u": _probability(float(u[number]), LEAST),
            }
            for number, level in enumerate(levels)
            if f"{field}.{level}" in profile.weights
        }
    return found


def _probability(value: float, least: float) -> float:
    return float(f"{min(max(value, least), 1.0):.{_DIGITS}g}")


def with_levels(text: str, levels: Probabilities, *, name: str, provenance: str) -> str:
    """A profile's text with other probabilities; comments and everything else stay.

    Args:
        text: The profile as TOML.
        levels: What to set.
        name: Of the new profile.
        provenance: How the numbers came about, one line.
    """
    # The comments before the first key speak of the profile that this one comes from.
    document = tomlkit.parse(text[text.index("name = ") :])
    document["name"] = name
    document["provenance"] = provenance
    tables = document["levels"]
    for field, of_field in levels.items():
        for level, probabilities in of_field.items():
            for which, value in probabilities.items():
                tables[field][level][which] = float(f"{value:.{_DIGITS}g}")
    return tomlkit.dumps(document)


def with_calibration(text: str, slope: float, intercept: float) -> str:
    """A profile's text with another line from bits to probabilities.

    Args:
        text: The profile as TOML.
        slope: Of the log odds over bits.
        intercept: Log odds at no bits.
    """
    document = tomlkit.parse(text)
    document["calibration"]["slope"] = round(slope, 4)
    document["calibration"]["intercept"] = round(intercept, 4)
    return tomlkit.dumps(document)
