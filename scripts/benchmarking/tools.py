"""The tools that a benchmark compares, each a function from two records to a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from anyascii import anyascii
from rapidfuzz import fuzz

from matching.evidence import Band
from matching.profile import Profile, TermFrequencies
from matching.record import PersonRecord
from matching.scorer import assess

Score = Callable[[PersonRecord, PersonRecord], float]
BASELINE_THRESHOLD = 90.0
"""WRatio from which the baseline links, its bonus for the same birthday included."""
DATE_BONUS = 10.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with its version and default threshold."""

    name: str
    version: str
    threshold: float
    score: Score


def ours(profile: Profile, frequencies: TermFrequencies) -> Tool:
    """EMPD at the band possible."""

    def score(left: PersonRecord, right: PersonRecord) -> float:
        return assess(left, right, profile, frequencies).match_weight

    return Tool("empd", profile.id, profile.bands[Band.POSSIBLE], score)


def baseline() -> Tool:
    """WRatio of rapidfuzz on names in ASCII, and a bonus for the same date of birth."""
    return Tool("rapidfuzz", version("rapidfuzz"), BASELINE_THRESHOLD, _baseline_score)


def _baseline_score(left: PersonRecord, right: PersonRecord) -> float:
    names = max(
        (
            fuzz.WRatio(anyascii(one.text).lower(), anyascii(other.text).lower())
            for one in left.names
            for other in right.names
        ),
        default=0.0,
    )
    same = {born.date.text for born in left.births} & {born.date.text for born in right.births}
    return names + (DATE_BONUS if same else -DATE_BONUS)
