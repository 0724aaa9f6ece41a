"""Consonant skeletons of folded parts: indispensable where vowels are not written."""

from __future__ import annotations

from functools import lru_cache

_VOWELS = frozenset("aiu")
_WITHOUT_VOWELS = str.maketrans("", "", "aiu")
_ALTERNATES = {
    "v": ("", "b"),
    "j": ("g", ""),
    "c": ("s", "k"),
    "g": ("k",),
    "p": ("b",),
    "z": ("s",),
    "d": ("t",),
}
"""Letters that another language's spelling writes differently or takes for a vowel."""
MAX_ALTERNATES = 6
"""Skeletons of one part: each is an index key, so their number is bounded."""


@lru_cache(maxsize=400_000)
def skeleton(folded: str) -> str:
    """The fold without vowels; a leading vowel stays as `a`, so that Ali keeps more than an l."""
    rest = folded.translate(_WITHOUT_VOWELS)
    return ("a" + rest) if folded[:1] in _VOWELS else rest


@lru_cache(maxsize=400_000)
def skeletons(folded: str) -> frozenset[str]:
    """The skeleton and those with one ambiguous letter read the other way."""
    first = skeleton(folded)
    found = [first]
    if first.startswith("a") and len(first) > 1:
        found.append(first[1:])
    for place, letter in enumerate(first):
        if letter in _ALTERNATES:
            head, tail = first[:place], first[place + 1 :]
            found.extend(head + other + tail for other in _ALTERNATES[letter])
    return frozenset([text for text in found if text][:MAX_ALTERNATES])
