"""Fold a part of a name to a rough Latin form in which spellings of one name meet.

Digraphs become one letter, vowels become a, i or u, h goes, doubles go. What is
folded says less than what was written: equal folds are evidence, not identity.
"""

from __future__ import annotations

import re
from functools import lru_cache

from matching.names.scripts import to_latin

_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[^a-z0-9]+", ""),
        (r"^aba?d[aeou]{1,2}(?:l|(?=([dnrstz])\1))(?=[a-z])", "abd"),
        (r"tsch|tch|tsh|cz", "c"),
        (r"sch|shch|sh", "s"),
        (r"ch", "c"),
        (r"dzh|dsch|dj|dz|xh", "j"),
        (r"zh", "j"),
        (r"kh", "k"),
        (r"gh", "g"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"ck|q", "k"),
        (r"c(?=[aou])", "k"),
        (r"c(?=[bdfgklmnpqrstvwz]|$)", "k"),
        # ks in Alexander and Maxim, h in the Somali Maxamed and Xasan.
        (r"(?<=[eiou])x|(?<=^ma)x(?=i|$)", "ks"),
        (r"x", "h"),
        (r"w", "v"),
        (r"(?<=[aeiou])y(?=[aeiou])", "i"),
        (r"y", "i"),
        (r"ou|oo|au|av(?=[bdfgjklmnprstvz]|$)|ov(?=[bdfgjklmnprstvz]|$)", "u"),
        (r"ee|ei|ai|ie|ae|ii|ia(?=i)", "i"),
        (r"o", "u"),
        (r"e", "a"),
        (r"h", ""),
        (r"(.)\1+", r"\1"),
    )
)
_MAX_PASSES = 6
"""Each pass shortens or keeps; six reach the fixed point for every token of 40 letters we tried."""


@lru_cache(maxsize=400_000)
def fold(token: str) -> str:
    """The fold of one part in any script by its likeliest reading; idempotent.

    Args:
        token: A part as `tokenize` gives it.

    Returns:
        Lower-case letters a to z and digits; for a part that cannot be read in
        Latin, the part itself, so that it still equals itself.
    """
    found = fold_latin(to_latin(token))
    if found:
        return found
    # What is kept may be readable alone, a Thai consonant without its silencing mark.
    kept = _fallback(token)
    return fold_latin(to_latin(kept)) or kept


@lru_cache(maxsize=400_000)
def fold_latin(latin: str) -> str:
    """The fold of a reading in lower-case ASCII; empty only for text without letter or digit."""
    text = latin
    for _ in range(_MAX_PASSES):
        folded = _pass(text)
        if folded == text:
            break
        text = folded
    return text or _fallback(latin)


def _pass(text: str) -> str:
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    return text


def _fallback(token: str) -> str:
    # Only h and signs: keep something that meets its equal.
    return "".join(letter for letter in token.lower() if letter.isalnum())[:1]
