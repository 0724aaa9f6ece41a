"""Align the parts of two names, in any order, and say how each pair agrees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from matching.names.folding import fold
from matching.names.scripts import script_of, to_latin
from matching.names.skeletons import skeleton, skeletons
from matching.names.tokens import tokenize
from matching.record import Name, NamePartKind


class PartLevel(StrEnum):
    """How two aligned parts agree, strongest first."""

    EXACT = "exact"
    FOLD = "fold"
    JOINED = "joined"
    SKELETON = "skeleton"
    CLOSE = "close"
    NEAR = "near"
    INITIAL = "initial"


ARTICLES = frozenset({
    "al", "el", "ul", "ad", "as", "ash", "at", "an", "ar", "az", "bin", "ben", "bint", "ibn",
    "ould", "abu", "abou", "umm", "da", "de", "del", "della", "der", "den", "di", "do", "dos",
    "du", "la", "le", "les", "van", "von", "zu", "y", "e", "i",
})  # fmt: skip
"""Articles and particles: left out where a name has other parts, for they come and go."""
_SHORT = 2
"""Folds up to this length carry too little for similarity: they are equal or not."""
_SKELETON_SIMILARITY = 0.5
"""Equal consonants with vowels that have nothing in common (Ali, Ola) are no agreement."""
_WRITTEN_VOWELS_SIMILARITY = 0.7
"""Where both sides write their vowels, these must agree more: Hassan is not Hussein."""
_VOWELLESS = frozenset({"arabic", "hebrew"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part prepared for comparison."""

    text: str
    latin: str
    fold: str
    skeleton: str
    kind: NamePartKind
    script: str


@dataclass(frozen=True, slots=True)
class AlignedPart:
    """Parts that agree; `left` and `right` index the prepared parts, two where joined."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    level: PartLevel


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which parts agree and which are left over on either side."""

    pairs: tuple[AlignedPart, ...]
    left_over: tuple[int, ...]
    right_over: tuple[int, ...]


_STRENGTH = {level: -place for place, level in enumerate(PartLevel)}


@lru_cache(maxsize=100_000)
def prepare(name: Name) -> tuple[Part, ...]:
    """The parts of a name without its articles, unless it has nothing else."""
    parts = []
    for written in name.parts:
        for token in tokenize(written.text):
            folded = fold(token)
            script = script_of(token)
            latin = _without_article(to_latin(token), script)
            folded = fold(latin) if latin and script == "arabic" else folded
            parts.append(Part(token, latin, folded, skeleton(folded), written.kind, script.value))
    kept = [part for part in parts if part.latin not in ARTICLES or len(part.latin) == 1]
    return tuple(kept or parts)


def _without_article(latin: str, script: str) -> str:
    # Arabic writes its article as part of the word; spellings in Latin split it off or drop it.
    if script == "arabic" and latin.startswith("al") and len(latin) > len("al") + _SHORT:
        return latin[2:]
    return latin


def similarity(left: str, right: str) -> float:
    """Half Jaro-Winkler, half optimal string alignment, 0 to 1.

    Jaro-Winkler alone lets a shared beginning hide what follows in short parts.
    """
    return 0.5 * JaroWinkler.similarity(left, right) + 0.5 * OSA.normalized_similarity(left, right)


@lru_cache(maxsize=300_000)
def part_level(
    left: str,
    right: str,
    close: float,
    near: float,
    vowels: bool = True,  # noqa: FBT001, FBT002 - part of the cache key
) -> PartLevel | None:
    """How two folds that differ agree, or None when they do not.

    Args:
        left: A fold.
        right: The other fold.
        close: Similarity from which folds are close.
        near: Similarity from which folds are near.
        vowels: Whether both sides write their vowels.
    """
    if min(len(left), len(right)) == 1:
        return PartLevel.INITIAL if left[:1] == right[:1] else None
    alike = similarity(left, right)
    if alike >= close and min(len(left), len(right)) > _SHORT:
        return PartLevel.CLOSE
    least = _WRITTEN_VOWELS_SIMILARITY if vowels else _SKELETON_SIMILARITY
    if alike >= least and skeletons(left) & skeletons(right):
        return PartLevel.SKELETON
    if alike >= near and min(len(left), len(right)) > _SHORT:
        return PartLevel.NEAR
    return None


def _level(left: Part, right: Part, close: float, near: float) -> PartLevel | None:
    if left.fold == right.fold:
        return PartLevel.EXACT if left.latin == right.latin else PartLevel.FOLD
    # Ordered, so that the answer does not depend on the side.
    first, second = sorted((left.fold, right.fold))
    vowels = left.script not in _VOWELLESS and right.script not in _VOWELLESS
    return part_level(first, second, close, near, vowels)


def align(
    left: tuple[Part, ...], right: tuple[Part, ...], *, close: float, near: float
) -> Alignment:
    """Align two prepared names.

    The strongest agreement is taken first; ties go to the parts that agree in
    kind, then to the alphabet, so that the result is the same from both sides.
    """
    offers: list[_Offer] = []
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            level = _level(one, other, close, near)
            if level is not None:
                offers.append((_rank(one, other, level), i, j, level))
    offers.extend(_joined(left, right))
    offers.sort(key=lambda offer: offer[0], reverse=True)
    return _take(offers, len(left), len(right))


_Rank = tuple[int, int, float, str]
_Offer = tuple[_Rank, int | tuple[int, ...], int | tuple[int, ...], PartLevel]


def _rank(one: Part, other: Part, level: PartLevel) -> _Rank:
    alike = JaroWinkler.similarity(one.fold, other.fold)
    return (
        _STRENGTH[level],
        int(one.kind == other.kind),
        alike,
        "|".join(sorted((one.fold, other.fold))),
    )


def _joined(left: tuple[Part, ...], right: tuple[Part, ...]) -> list[_Offer]:
    found: list[_Offer] = []
    for i in range(len(left) - 1):
        joined = fold(left[i].latin + left[i + 1].latin)
        for j, other in enumerate(right):
            if joined == other.fold:
                found.append(
                    (
                        (_STRENGTH[PartLevel.JOINED] + 2, 0, 1.0, joined),
                        (i, i + 1),
                        j,
                        PartLevel.JOINED,
                    )
                )
    for j in range(len(right) - 1):
        joined = fold(right[j].latin + right[j + 1].latin)
        for i, one in enumerate(left):
            if joined == one.fold:
                found.append(
                    (
                        (_STRENGTH[PartLevel.JOINED] + 2, 0, 1.0, joined),
                        i,
                        (j, j + 1),
                        PartLevel.JOINED,
                    )
                )
    return found


def _take(offers: list[_Offer], left_count: int, right_count: int) -> Alignment:
    left_free, right_free = set(range(left_count)), set(range(right_count))
    pairs = []
    for _, i, j, level in offers:
        lefts = i if isinstance(i, tuple) else (i,)
        rights = j if isinstance(j, tuple) else (j,)
        if left_free.issuperset(lefts) and right_free.issuperset(rights):
            left_free.difference_update(lefts)
            right_free.difference_update(rights)
            pairs.append(AlignedPart(lefts, rights, level))
    return Alignment(tuple(pairs), tuple(sorted(left_free)), tuple(sorted(right_free)))
