"""Compare sex, nationality, country of birth, languages and description."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz

from matching.evidence import Evidence, Outcome
from matching.profile import Profile
from matching.record import PersonRecord, Sex

_HEIGHT_TOLERANCE_CM = 5
"""Children grow and officers guess: heights this far apart still agree."""
_MARKS_AGREE, _MARKS_CLOSE = 85.0, 60.0
"""rapidfuzz token-set ratio, 0 to 100."""


def compare_sex(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Sex; unknown and other say nothing about a pair."""
    comparable = {Sex.FEMALE, Sex.MALE}
    if left.sex not in comparable or right.sex not in comparable:
        return Evidence("sex", Outcome.MISSING, 0.0, left.sex, right.sex, "sex.missing")
    return _equal("sex", left.sex == right.sex, profile, (left.sex, right.sex))


def _equal(field: str, same: bool, profile: Profile, values: tuple[str, str]) -> Evidence:  # noqa: FBT001 - the one fact it reports
    level = "agree" if same else "disagree"
    outcome = Outcome.AGREE if same else Outcome.DISAGREE
    reason = f"{field}.{'same' if same else 'different'}"
    return Evidence(field, outcome, profile.weight(field, level), *values, reason)


def _overlap(field: str, left: Iterable[str], right: Iterable[str], profile: Profile) -> Evidence:
    one, other = sorted(set(left)), sorted(set(right))
    values = (", ".join(one), ", ".join(other))
    if not one or not other:
        return Evidence(field, Outcome.MISSING, 0.0, *values, f"{field}.missing")
    return _equal(field, bool(set(one) & set(other)), profile, values)


def compare_nationality(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Nationality as a claim of identity; claims change, so disagreement is mild."""
    return _overlap("nationality", left.nationalities, right.nationalities, profile)


def compare_country_of_birth(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Country of birth; says little beside nationality."""
    return _overlap("country_of_birth", left.countries_of_birth, right.countries_of_birth, profile)


def compare_languages(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Languages spoken."""
    return _overlap("language", left.languages, right.languages, profile)


def compare_height(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Height as ranges with a tolerance."""
    one, other = left.description.height_cm, right.description.height_cm
    values = (_range(one), _range(other))
    if one is None or other is None:
        return Evidence("height", Outcome.MISSING, 0.0, *values, "height.missing")
    gap = max(one[0] - other[1], other[0] - one[1])
    return _equal("height", gap <= _HEIGHT_TOLERANCE_CM, profile, values)


def _range(value: tuple[int, int] | None) -> str:
    return "" if value is None else f"{value[0]}..{value[1]} cm"


def compare_eyes(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Colour of the eyes by code or word."""
    return _words("eye_colour", left.description.eye_colour, right.description.eye_colour, profile)


def compare_hair(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Colour of the hair by code or word; it can be dyed."""
    return _words(
        "hair_colour", left.description.hair_colour, right.description.hair_colour, profile
    )


def _words(field: str, left: str, right: str, profile: Profile) -> Evidence:
    if not left or not right:
        return Evidence(field, Outcome.MISSING, 0.0, left, right, f"{field}.missing")
    return _equal(field, left.casefold() == right.casefold(), profile, (left, right))


def compare_marks(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Distinguishing marks as free text; words in common count."""
    one, other = left.description.marks, right.description.marks
    if not one or not other:
        return Evidence("marks", Outcome.MISSING, 0.0, one, other, "marks.missing")
    alike = fuzz.token_set_ratio(one.casefold(), other.casefold())
    if alike >= _MARKS_AGREE:
        level, outcome = "agree", Outcome.AGREE
    elif alike >= _MARKS_CLOSE:
        level, outcome = "close", Outcome.CLOSE
    else:
        level, outcome = "disagree", Outcome.DISAGREE
    reason = {"agree": "marks.same", "close": "marks.similar"}.get(level, "marks.different")
    return Evidence("marks", outcome, profile.weight("marks", level), one, other, reason)
