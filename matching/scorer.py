"""Assess one pair of records: the prior plus the bits of every comparison."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from matching.compare.appearance import (
    compare_eyes,
    compare_hair,
    compare_height,
    compare_weight,
)
from matching.compare.attributes import (
    compare_country_of_birth,
    compare_languages,
    compare_nationality,
    compare_sex,
)
from matching.compare.dates import compare_births
from matching.compare.events import compare_events
from matching.compare.identifiers import compare_documents, compare_emails, compare_phones
from matching.compare.names import GIVEN_DIFFERS, compare_name_fields
from matching.compare.relatives import compare_relatives
from matching.compare.texts import ADDRESS, CITY, MARKS, PLACE_OF_BIRTH, POSTCODE
from matching.evidence import Assessment, Evidence
from matching.profile import JointLimit, Profile, TermFrequencies
from matching.record import Person

_Comparison = Callable[[Person, Person, Profile], Evidence]
_COMPARISONS: tuple[_Comparison, ...] = (
    compare_births,
    compare_sex,
    compare_nationality,
    compare_country_of_birth,
    PLACE_OF_BIRTH.compare,
    compare_languages,
    ADDRESS.compare,
    CITY.compare,
    POSTCODE.compare,
    compare_documents,
    compare_phones,
    compare_emails,
    compare_height,
    compare_weight,
    compare_eyes,
    compare_hair,
    MARKS.compare,
    compare_events,
)


def assess(
    left: Person, right: Person, profile: Profile, frequencies: TermFrequencies
) -> Assessment:
    """Score a pair and say why.

    Args:
        left: One record.
        right: The other; exchanging them exchanges only the sides of the evidence.
        profile: Every weight and threshold.
        frequencies: How common each folded name part is in the collection.

    Returns:
        Prior, evidence in a fixed order, band and calibrated probability.
    """
    found = [
        compare_name_fields(left, right, profile, frequencies),
        *(compare(left, right, profile) for compare in _COMPARISONS),
        compare_relatives(left, right, profile, frequencies),
    ]
    evidence = _with_joint_limits([_bounded(item, profile) for item in found], profile)
    bits = profile.prior + sum(item.weight for item in evidence)
    return Assessment(
        profile.prior, tuple(evidence), profile.id, profile.band(bits), profile.probability(bits)
    )


def _bounded(item: Evidence, profile: Profile) -> Evidence:
    limit = profile.weight_limit
    if -limit <= item.weight <= limit:
        return item
    return dataclasses.replace(item, weight=min(max(item.weight, -limit), limit))


def _with_joint_limits(evidence: list[Evidence], profile: Profile) -> list[Evidence]:
    """Scale fields that depend on one another down to what they may give together.

    Siblings share nearly everything but the given name: where that differs, what
    a family shares says little.
    """
    siblings = any(item.reason == GIVEN_DIFFERS for item in evidence)
    for joint in profile.joint:
        evidence = _limited(evidence, joint)
    return _limited(evidence, profile.siblings, signs=(1,)) if siblings else evidence


def _limited(
    evidence: list[Evidence], joint: JointLimit, *, signs: Sequence[int] = (1, -1)
) -> list[Evidence]:
    """Scale what speaks one way in some fields; one changed claim changes all of them."""
    # Most fields of most pairs weigh nothing: looked through once for both ways.
    weights = [item.weight for item in evidence if item.weight and item.field in joint.fields]
    for sign in signs:
        together = 0.0
        for weight in weights:
            together += max(weight * sign, 0.0)
        evidence = _scaled(evidence, joint, together, sign)
    return evidence


def _scaled(
    evidence: list[Evidence], joint: JointLimit, together: float, sign: int
) -> list[Evidence]:
    if together <= joint.limit:
        return evidence
    share = joint.limit / together
    return [
        dataclasses.replace(item, weight=item.weight * share)
        if item.field in joint.fields and item.weight * sign > 0
        else item
        for item in evidence
    ]
