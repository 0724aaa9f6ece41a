"""Compare the names of two records: the best pair of names decides."""

from __future__ import annotations

from matching.evidence import Evidence, Outcome
from matching.names.alignment import AlignedPart, Alignment, Part, PartLevel, align, prepare
from matching.profile import Profile, TermFrequencies
from matching.record import Name, NamePartKind, PersonRecord

_CLOSE_LEVELS = frozenset({PartLevel.SKELETON, PartLevel.CLOSE, PartLevel.NEAR, PartLevel.INITIAL})
_GIVEN = frozenset({NamePartKind.GIVEN})
_FIRST = 0
GIVEN_DIFFERS = "name.given_differs"
"""Reason code of names that agree but for the given one, as those of siblings do."""
MAX_NAMES = 8
"""Names of one record that are compared; more are variants of these in every collection we saw."""


def compare_name_fields(
    left: PersonRecord, right: PersonRecord, profile: Profile, frequencies: TermFrequencies
) -> Evidence:
    """The best agreement between any name of one record and any of the other."""
    if not left.names or not right.names:
        return Evidence("name", Outcome.MISSING, 0.0, _text(left), _text(right), "name.missing")
    return max(
        (
            compare_two(one, other, profile, frequencies)
            for one in left.names[:MAX_NAMES]
            for other in right.names[:MAX_NAMES]
        ),
        key=lambda item: (item.weight, *sorted((item.left, item.right))),
    )


def _text(record: PersonRecord) -> str:
    return record.names[0].text if record.names else ""


def compare_two(
    left: Name, right: Name, profile: Profile, frequencies: TermFrequencies
) -> Evidence:
    """Compare two names as sequences of parts in any order.

    Args:
        left: A name in any script.
        right: Another.
        profile: Settings and bits.
        frequencies: How common each folded part is.

    Returns:
        Evidence in bits within plus and minus the profile's limit.
    """
    lefts, rights = prepare(left), prepare(right)
    if not lefts or not rights:
        return Evidence("name", Outcome.MISSING, 0.0, left.text, right.text, "name.missing")
    settings = profile.names
    alignment = align(
        lefts,
        rights,
        close=settings["close_similarity"],
        near=settings["near_similarity"],
    )
    weight = _weight(alignment, lefts, rights, profile, frequencies)
    limit = settings["limit"]
    weight = min(max(weight, settings["whole_different"]), limit)
    outcome, reason = _outcome(alignment, lefts, rights, weight)
    if alignment.pairs and _given_clash(alignment, lefts, rights):
        reason = GIVEN_DIFFERS
    params = {
        "agreeing": str(len(alignment.pairs)),
        "only_left": str(len(alignment.left_over)),
        "only_right": str(len(alignment.right_over)),
    }
    return Evidence("name", outcome, weight, left.text, right.text, reason, params)


def _weight(
    alignment: Alignment,
    lefts: tuple[Part, ...],
    rights: tuple[Part, ...],
    profile: Profile,
    frequencies: TermFrequencies,
) -> float:
    settings = profile.names
    if not alignment.pairs:
        return settings["whole_different"]
    weight = sum(
        _pair_weight(pair, lefts, rights, profile, frequencies) for pair in alignment.pairs
    )
    clashes = min(len(alignment.left_over), len(alignment.right_over))
    surplus = abs(len(alignment.left_over) - len(alignment.right_over))
    if clashes and _given_clash(alignment, lefts, rights):
        weight = min(weight, settings["family_only"]) + settings["different_given"]
        clashes -= 1
    return weight + clashes * settings["different"] + surplus * settings["surplus"]


def _given_clash(alignment: Alignment, lefts: tuple[Part, ...], rights: tuple[Part, ...]) -> bool:
    """Whether both sides have given names and none of them agrees."""
    if _FIRST in alignment.left_over and _FIRST in alignment.right_over:
        # Whatever the parts are called: what stands first on both sides is most often given.
        return True
    left_given = any(lefts[place].kind in _GIVEN for place in alignment.left_over)
    right_given = any(rights[place].kind in _GIVEN for place in alignment.right_over)
    agreeing = any(
        lefts[pair.left[0]].kind in _GIVEN or rights[pair.right[0]].kind in _GIVEN
        for pair in alignment.pairs
    )
    return left_given and right_given and not agreeing


def _pair_weight(
    pair: AlignedPart,
    lefts: tuple[Part, ...],
    rights: tuple[Part, ...],
    profile: Profile,
    frequencies: TermFrequencies,
) -> float:
    settings = profile.names
    # The commoner of both spellings says how surprising the agreement is.
    information = min(
        max(profile.information(side[place].fold, frequencies) for place in places)
        for side, places in ((lefts, pair.left), (rights, pair.right))
    )
    return max(information + settings[pair.level.value], settings["least_agreement"])


def _outcome(
    alignment: Alignment, lefts: tuple[Part, ...], rights: tuple[Part, ...], weight: float
) -> tuple[Outcome, str]:
    if weight <= 0:
        some = "name.partly_different" if alignment.pairs else "name.different"
        return Outcome.DISAGREE, some
    levels = {pair.level for pair in alignment.pairs}
    over = bool(alignment.left_over or alignment.right_over)
    scripts = {
        (lefts[pair.left[0]].script, rights[pair.right[0]].script) for pair in alignment.pairs
    }
    crosses = any(one != other for one, other in scripts)
    if crosses:
        return (Outcome.CLOSE if levels & _CLOSE_LEVELS else Outcome.AGREE), "name.transliteration"
    if alignment.left_over and alignment.right_over:
        return Outcome.CLOSE, "name.partly_same"
    if levels & _CLOSE_LEVELS:
        return Outcome.CLOSE, "name.similar"
    if over:
        return Outcome.CLOSE, "name.fewer_parts"
    return Outcome.AGREE, _agreement(alignment, levels)


def _agreement(alignment: Alignment, levels: set[PartLevel]) -> str:
    if PartLevel.JOINED in levels:
        return "name.joined"
    if PartLevel.FOLD in levels:
        return "name.spelling"
    in_order = all(pair.left == pair.right for pair in alignment.pairs)
    return "name.same" if in_order else "name.other_order"
