"""Compare dates of birth: the best pair of claims decides."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matching.dates.relations import DateRelation, Related, relate
from matching.evidence import Evidence, Outcome, unsaid
from matching.profile import Profile
from matching.record import Basis, BirthDate, Person

_AGREE = frozenset({DateRelation.EXACT})
MOST_CLAIMS = 20
"""Claims of one record about birth that are compared, the first in order."""
_FIELD = "date_of_birth"


def compare_births(left: Person, right: Person, profile: Profile) -> Evidence:
    """The best agreement between any birth claim of one record and any of the other."""
    lefts, rights = left.births, right.births
    if not lefts and not rights:
        return unsaid(_FIELD, "date.missing")
    if not lefts or not rights:
        return Evidence(_FIELD, Outcome.MISSING, 0.0, _text(lefts), _text(rights), "date.missing")
    if len(lefts) == len(rights) == 1:
        return _compare(lefts[0], rights[0], profile)
    return max(
        (
            _compare(one, other, profile)
            for one in lefts[:MOST_CLAIMS]
            for other in rights[:MOST_CLAIMS]
        ),
        key=lambda item: (item.weight, *sorted((item.left, item.right))),
    )


def _text(births: Sequence[BirthDate]) -> str:
    return births[0].date.text if births else ""


def _compare(left: BirthDate, right: BirthDate, profile: Profile) -> Evidence:
    related = relate(left.date, right.date)
    weight = _weight(related, profile)
    if Basis.ASSESSED in (left.basis, right.basis):
        weight = max(weight, profile.dates["assessed_floor"])
    if related.relation in _AGREE:
        outcome = Outcome.AGREE
    else:
        outcome = Outcome.CLOSE if weight >= 0 else Outcome.DISAGREE
    reason = f"date.{related.relation.value}"
    return Evidence(_FIELD, outcome, weight, left.date.text, right.date.text, reason)


def _weight(related: Related, profile: Profile) -> float:
    if related.relation is not DateRelation.OVERLAP:
        return profile.dates[related.relation.value]
    # Two intervals that together span many years agree with almost anybody.
    return max(profile.dates["overlap_day"] - math.log2(1.0 + related.width_years), 0.0)
