"""The vocabulary of an explanation: outcome, evidence, assessment, band.

Weights are bits (log2 of a likelihood ratio): positive speaks for the same
person, negative against. Adding them to the prior is the whole score, as in
Fellegi and Sunter, "A Theory for Record Linkage" (1969).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

_OTHER_SIDE = {"only_left": "only_right", "only_right": "only_left"}
"""Parameters that speak of one side."""


class Outcome(StrEnum):
    """How two values relate; MISSING and NOT_COMPARABLE never weigh."""

    AGREE = "agree"
    CLOSE = "close"
    DISAGREE = "disagree"
    MISSING = "missing"
    NOT_COMPARABLE = "not_comparable"


class Band(StrEnum):
    """Absolute bands of the match weight, set by the profile."""

    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    PROBABLE = "probable"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says about a pair.

    Attributes:
        field: Name of the compared field, such as `name` or `date_of_birth`.
        outcome: How the values relate.
        weight: Bits for (positive) or against (negative) the same person.
        left: The value of the left record that was compared, as text.
        right: The value of the right record.
        reason: Stable code such as `name.transliteration`.
        params: Small facts for the rendered sentence, no personal data.
    """

    field: str
    outcome: Outcome
    weight: float
    left: str = ""
    right: str = ""
    reason: str = ""
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def swapped(self) -> Evidence:
        """The same evidence seen from the other side."""
        params = {_OTHER_SIDE.get(name, name): value for name, value in self.params.items()}
        return Evidence(
            self.field, self.outcome, self.weight, self.right, self.left, self.reason, params
        )


@cache
def unsaid(field: str, reason: str = "") -> Evidence:
    """What a field gives about which neither record says anything.

    One for all pairs: most fields of most pairs are so, and this is never changed.

    Args:
        field: Name of the field.
        reason: Left out, the field's own code with `missing`.
    """
    return Evidence(field, Outcome.MISSING, 0.0, reason=reason or f"{field}.missing")


@dataclass(frozen=True, slots=True)
class Assessment:
    """The score of one pair: prior plus the sum of its evidence, in bits."""

    prior: float
    evidence: tuple[Evidence, ...]
    profile_id: str
    band: Band
    probability: float

    @property
    def match_weight(self) -> float:
        """Prior plus all weights, in bits."""
        return self.prior + sum(item.weight for item in self.evidence)
