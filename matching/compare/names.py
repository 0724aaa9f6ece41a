"""Compare the names of two records: the best pair of names decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matching.compare.name_bits import soften
from matching.evidence import Evidence, Outcome
from matching.names.alignment import (
    AlignedPart,
    Alignment,
    PartLevel,
    align,
    joined_places,
    order_of,
)
from matching.names.parts import Part, Reading, prepare
from matching.names.similarity import NICKNAME, reading_similarity, sound_similarity
from matching.profile import Profile, TermFrequencies
from matching.record import Name, NamePartKind, Person

_CLOSE_LEVELS = frozenset({PartLevel.SIMILAR, PartLevel.NICKNAME, PartLevel.INITIAL})
GIVEN_DIFFERS = "name.given_differs"
"""Reason code of names that agree but for the given one, as those of siblings do."""
GIVEN_CLASH = 0.5
"""Severity of a clash of given names from which the reason says so."""
LEAST_SHIFTED = 2
"""Parts that must agree one place apart before that is taken for a chain of fathers' names."""
MAX_NAMES = 8
"""Names of one record that are compared; more are variants of these in every collection we saw."""


def compare_names(
    left: str | Name,
    right: str | Name,
    profile: Profile,
    frequencies: TermFrequencies | None = None,
) -> Evidence:
    """Compare two names alone, raw strings of any script or structured names.

    Args:
        left: A name.
        right: Another.
        profile: Settings and bits.
        frequencies: How common each folded part is; without it every part counts as uncommon.
    """
    one = Name.of(left) if isinstance(left, str) else left
    other = Name.of(right) if isinstance(right, str) else right
    return compare_two(one, other, profile, frequencies or TermFrequencies.empty())


def compare_name_fields(
    left: Person, right: Person, profile: Profile, frequencies: TermFrequencies
) -> Evidence:
    """The best agreement between any name of one record and any of the other."""
    lefts, rights = left.names, right.names
    if not lefts or not rights:
        return Evidence("name", Outcome.MISSING, 0.0, _text(lefts), _text(rights), "name.missing")
    if len(lefts) == len(rights) == 1:
        return compare_two(lefts[0], rights[0], profile, frequencies)
    return max(
        (
            compare_two(one, other, profile, frequencies)
            for one in lefts[:MAX_NAMES]
            for other in rights[:MAX_NAMES]
        ),
        key=lambda item: (
            item.outcome is not Outcome.MISSING,
            item.weight,
            *sorted((item.left, item.right)),
        ),
    )


def _text(names: Sequence[Name]) -> str:
    return names[0].text if names else ""


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
        Evidence in bits within the profile's limits for names.
    """
    lefts, rights = prepare(left), prepare(right)
    return compare_parts(lefts, rights, (left.text, right.text), profile, frequencies)


def compare_parts(
    lefts: Sequence[Part],
    rights: Sequence[Part],
    texts: tuple[str, str],
    profile: Profile,
    frequencies: TermFrequencies,
) -> Evidence:
    """The same for names that are prepared already; `texts` is what the evidence shows."""
    if not lefts or not rights:
        return Evidence("name", Outcome.MISSING, 0.0, *texts, "name.missing")
    alignment = align(lefts, rights, list(_offers(lefts, rights, profile, frequencies)))
    severity = given_clash(alignment, lefts, rights, profile)
    weight = total_bits(alignment, severity, profile)
    outcome, reason = _outcome(alignment, lefts, rights, weight)
    agreeing = [pair for pair in alignment.pairs if pair.weight > 0]
    if agreeing and severity >= GIVEN_CLASH:
        reason = GIVEN_DIFFERS
    params = {
        "agreeing": str(len(agreeing)),
        "only_left": str(len(lefts) - sum(len(pair.left) for pair in agreeing)),
        "only_right": str(len(rights) - sum(len(pair.right) for pair in agreeing)),
    }
    return Evidence("name", outcome, weight, *texts, reason, params)


def _offers(
    lefts: Sequence[Part], rights: Sequence[Part], profile: Profile, frequencies: TermFrequencies
) -> Iterator[tuple[float, AlignedPart]]:
    left_shares = [profile.share(part.fold, frequencies) for part in lefts]
    right_shares = [profile.share(part.fold, frequencies) for part in rights]
    for i, one in enumerate(lefts):
        for j, other in enumerate(rights):
            share = max(left_shares[i], right_shares[j])
            weight, level = part_bits(one, other, share, profile)
            yield order_of(weight, one, other), AlignedPart((i,), (j,), weight, level)
    for j, other in enumerate(rights):
        for i in joined_places(lefts, other.sound.readings[0].skeleton):
            share = max(min(left_shares[i : i + 2]), right_shares[j])
            weight = _joined_bits(lefts[i].joined, other, share, profile)
            offer = AlignedPart((i, i + 1), (j,), weight, PartLevel.JOINED)
            yield order_of(weight, lefts[i], other), offer
    for i, one in enumerate(lefts):
        for j in joined_places(rights, one.sound.readings[0].skeleton):
            share = max(left_shares[i], min(right_shares[j : j + 2]))
            weight = _joined_bits(rights[j].joined, one, share, profile)
            offer = AlignedPart((i,), (j, j + 1), weight, PartLevel.JOINED)
            yield order_of(weight, one, rights[j]), offer


def part_bits(one: Part, other: Part, share: float, profile: Profile) -> tuple[float, PartLevel]:
    """Bits and level of two parts set against each other.

    Args:
        one: A part.
        other: Another.
        share: Of the records that bear the commoner of both.
        profile: Settings and bits.
    """
    settings = profile.names
    if min(len(one.latin), len(other.latin)) == 1 and one.latin != other.latin:
        agrees = one.latin[0] == other.latin[0]
        return (
            (settings["initial"], PartLevel.INITIAL)
            if agrees
            else (settings["different"], PartLevel.DIFFERENT)
        )
    alike = sound_similarity(one.sound, other.sound)
    if alike <= 0.0:
        return settings["different"], PartLevel.DIFFERENT
    curve = profile.part_curve(one.sound.vowelless or other.sound.vowelless)
    bits = curve.bits(alike, share)
    if bits <= 0.0:
        return max(bits, settings["different"]), PartLevel.DIFFERENT
    return bits, _level(one, other, alike)


def _level(one: Part, other: Part, alike: float) -> PartLevel:
    if one.latin == other.latin:
        return PartLevel.EXACT
    if one.fold == other.fold:
        return PartLevel.FOLD
    return PartLevel.NICKNAME if alike == NICKNAME else PartLevel.SIMILAR


def _joined_bits(joined: Reading | None, other: Part, share: float, profile: Profile) -> float:
    alike = reading_similarity(joined, other.sound.readings[0]) if joined else 0.0
    curve = profile.part_curve(other.sound.vowelless)
    return curve.bits(alike, share) + profile.names["joined"]


def given_clash(
    alignment: Alignment, lefts: Sequence[Part], rights: Sequence[Part], profile: Profile
) -> float:
    """How surely the given names differ, 0 to 1; the surer side has no say alone."""
    if is_shifted(alignment, lefts, rights):
        return 1.0
    left = _severity(_given_place(lefts), [(p.left, p.weight) for p in alignment.pairs], profile)
    right = _severity(_given_place(rights), [(p.right, p.weight) for p in alignment.pairs], profile)
    return min(left, right)


def is_shifted(alignment: Alignment, lefts: Sequence[Part], rights: Sequence[Part]) -> bool:
    """Whether the parts agree one place apart, as names of a father and a child do.

    Ahmad Hassan Ali and Hassan Ali Omar share two parts of three, and neither is
    the other: in chains of fathers' names the place of a part says whose name it is.
    """
    agreeing = [pair for pair in alignment.pairs if pair.weight > 0]
    if not LEAST_SHIFTED <= len(agreeing) < min(len(lefts), len(rights)):
        return False
    apart = {pair.left[0] - pair.right[0] for pair in agreeing}
    return apart in ({1}, {-1})


def _given_place(parts: Sequence[Part]) -> int:
    # Whatever the parts are called: what stands first is most often given.
    return next((i for i, part in enumerate(parts) if part.kind is NamePartKind.GIVEN), 0)


def _severity(
    place: int, weights: Sequence[tuple[tuple[int, ...], float]], profile: Profile
) -> float:
    weight = next((weight for places, weight in weights if place in places), None)
    if weight is None:
        return 1.0
    return max(0.0, weight / profile.names["different"])


def total_bits(alignment: Alignment, severity: float, profile: Profile) -> float:
    """The bits of an alignment within the limits of the profile."""
    settings = profile.names
    agreeing = sum(pair.weight for pair in alignment.pairs if pair.weight > 0)
    clashing = sum(pair.weight for pair in alignment.pairs if pair.weight <= 0)
    surplus = len(alignment.left_over) + len(alignment.right_over)
    agreeing -= severity * max(0.0, agreeing - settings["family_only"])
    clashing += severity * (settings["different_given"] - settings["different"])
    total = agreeing + clashing + surplus * settings["surplus"]
    return max(
        soften(total, settings["soft_limit"], settings["limit"]), settings["whole_different"]
    )


def _outcome(
    alignment: Alignment, lefts: Sequence[Part], rights: Sequence[Part], weight: float
) -> tuple[Outcome, str]:
    agreeing = [pair for pair in alignment.pairs if pair.weight > 0]
    if weight <= 0 or not agreeing:
        return Outcome.DISAGREE, "name.partly_different" if agreeing else "name.different"
    levels = {pair.level for pair in agreeing}
    if any(lefts[p.left[0]].script != rights[p.right[0]].script for p in agreeing):
        return (Outcome.CLOSE if levels & _CLOSE_LEVELS else Outcome.AGREE), "name.transliteration"
    weaker = (
        (len(agreeing) < len(alignment.pairs), "name.partly_same"),
        (PartLevel.NICKNAME in levels, "name.nickname"),
        (bool(levels & _CLOSE_LEVELS), "name.similar"),
        (bool(alignment.left_over or alignment.right_over), "name.fewer_parts"),
    )
    reason = next((reason for found, reason in weaker if found), None)
    if reason is not None:
        return Outcome.CLOSE, reason
    return Outcome.AGREE, _agreement(agreeing, levels)


def _agreement(agreeing: Sequence[AlignedPart], levels: set[PartLevel]) -> str:
    if PartLevel.JOINED in levels:
        return "name.joined"
    if PartLevel.FOLD in levels:
        return "name.spelling"
    in_order = all(pair.left == pair.right for pair in agreeing)
    return "name.same" if in_order else "name.other_order"
