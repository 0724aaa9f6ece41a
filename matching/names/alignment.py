"""Align the parts of two names, in any order: the best pair first, each part once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

from matching.names.parts import Part

TIE = 1e-6
"""Bits by which two offers of equal weight are told apart, the same from both sides."""
SAME_KIND = 1e-3
"""Bits that two parts of one known kind (father's names) have ahead of others: for order only."""
LEAST_JOINED = 4
"""Consonants that two parts written as one must share: fewer agree by chance."""


class PartLevel(StrEnum):
    """How two aligned parts agree, strongest first."""

    EXACT = "exact"
    FOLD = "fold"
    JOINED = "joined"
    SIMILAR = "similar"
    NICKNAME = "nickname"
    INITIAL = "initial"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class AlignedPart:
    """Parts set against each other; `left` and `right` hold two places where parts are joined."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    weight: float
    level: PartLevel


@dataclass(frozen=True, slots=True)
class Alignment:
    """Every part of the shorter name against one of the longer, and what is left over."""

    pairs: tuple[AlignedPart, ...]
    left_over: tuple[int, ...]
    right_over: tuple[int, ...]


@lru_cache(maxsize=400_000)
def tie_break(folded: str) -> float:
    """A number from 0 to 1 that depends on a part alone."""
    return int.from_bytes(blake2b(folded.encode(), digest_size=4).digest(), "big") / 2**32


def order_of(weight: float, one: Part, other: Part) -> float:
    """The value by which offers are taken: their weight, ties resolved symmetrically."""
    same_kind = one.kind is other.kind and one.kind != "unspecified"
    # Parentheses: the sum must not depend on the side.
    return weight + (same_kind * SAME_KIND + TIE * (tie_break(one.fold) + tie_break(other.fold)))


def align(
    left: Sequence[Part], right: Sequence[Part], offers: Sequence[tuple[float, AlignedPart]]
) -> Alignment:
    """Take offers by falling order until one side is used up.

    Args:
        left: Parts of one name.
        right: Parts of the other.
        offers: What may be set against what, each with its order.
    """
    left_free, right_free = set(range(len(left))), set(range(len(right)))
    pairs = []
    for _, offer in sorted(offers, key=lambda item: -item[0]):
        if left_free.issuperset(offer.left) and right_free.issuperset(offer.right):
            left_free.difference_update(offer.left)
            right_free.difference_update(offer.right)
            pairs.append(offer)
            if not left_free or not right_free:
                break
    return Alignment(tuple(pairs), tuple(sorted(left_free)), tuple(sorted(right_free)))


def joined_places(parts: Sequence[Part], skeleton: str) -> list[int]:
    """Places at which a part and its neighbour have together the consonants of one part."""
    if len(skeleton) < LEAST_JOINED:
        return []
    return [
        place
        for place, part in enumerate(parts)
        if part.may_join_to(skeleton) and part.joined and part.joined.skeleton == skeleton
    ]
