"""Compare sex, nationality, country of birth and languages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from matching.evidence import Evidence, Outcome, unsaid
from matching.profile import Profile
from matching.record import Person, Sex

KEPT_CODES = 10_000
"""Lists of codes kept as read: most records name one country of two hundred."""
_COMPARABLE_SEX = frozenset({Sex.FEMALE, Sex.MALE})


def compare_sex(left: Person, right: Person, profile: Profile) -> Evidence:
    """Sex; unknown and other say nothing about a pair."""
    if left.sex not in _COMPARABLE_SEX or right.sex not in _COMPARABLE_SEX:
        return Evidence("sex", Outcome.MISSING, 0.0, left.sex, right.sex, "sex.missing")
    return equal("sex", left.sex == right.sex, profile, (left.sex, right.sex))


def equal(field: str, same: bool, profile: Profile, values: tuple[str, str]) -> Evidence:  # noqa: FBT001 - the one fact it reports
    """Evidence of a field that agrees or does not."""
    level = "agree" if same else "disagree"
    outcome = Outcome.AGREE if same else Outcome.DISAGREE
    reason = f"{field}.{'same' if same else 'different'}"
    return Evidence(field, outcome, profile.weight(field, level), *values, reason)


def _overlap(
    field: str, left: tuple[str, ...], right: tuple[str, ...], profile: Profile
) -> Evidence:
    if not left and not right:
        return unsaid(field)
    (one, one_text), (other, other_text) = _listed(left), _listed(right)
    if not one or not other:
        return Evidence(field, Outcome.MISSING, 0.0, one_text, other_text, f"{field}.missing")
    return equal(field, not one.isdisjoint(other), profile, (one_text, other_text))


@lru_cache(KEPT_CODES)
def _listed(values: tuple[str, ...]) -> tuple[frozenset[str], str]:
    """Codes to compare, and as the evidence shows them."""
    found = codes(values)
    return frozenset(found), ", ".join(found).upper()


def codes(values: Iterable[str]) -> list[str]:
    """Distinct codes in small letters and in order; empty ones say nothing."""
    return sorted({value.strip().casefold() for value in values} - {""})


def compare_nationality(left: Person, right: Person, profile: Profile) -> Evidence:
    """Nationality as a claim of identity; claims change, so disagreement is mild."""
    return _overlap("nationality", left.nationalities, right.nationalities, profile)


def compare_country_of_birth(left: Person, right: Person, profile: Profile) -> Evidence:
    """Country of birth; says little beside nationality."""
    return _overlap("country_of_birth", left.countries_of_birth, right.countries_of_birth, profile)


def compare_languages(left: Person, right: Person, profile: Profile) -> Evidence:
    """Languages spoken."""
    return _overlap("language", left.languages, right.languages, profile)
