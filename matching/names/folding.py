"""Fold a part of a name to a rough Latin form in which spellings of one name meet.

Digraphs become one letter, vowels become a, i or u, h goes, doubles go. What is
folded says less than what was written: equal folds are evidence, not identity.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from operator import eq

from matching.names.scripts import to_latin

_Change = Callable[[str], str]


def _replacing(pattern: str, replacement: str) -> _Change:
    if pattern.isalpha():
        return lambda text: text.replace(pattern, replacement)
    return partial(re.compile(pattern).sub, replacement)


_STEPS: tuple[tuple[frozenset[str], _Change], ...] = tuple(
    (frozenset(needed), _replacing(pattern, replacement))
    for needed, pattern, replacement in (
        ("b", r"^aba?d[aeou]{1,2}(?:l|(?=([dnrstz])\1))(?=[a-z])", "abd"),
        ("ch", r"tsch|tch|tsh|cz", "c"),
        ("h", r"sch|shch|sh", "s"),
        ("h", "ch", "c"),
        ("hjz", r"dzh|dsch|dj|dz|xh", "j"),
        ("h", "zh", "j"),
        ("h", "kh", "k"),
        ("h", "gh", "g"),
        ("h", "ph", "f"),
        ("h", "th", "t"),
        ("h", "dh", "d"),
        ("kq", r"ck|q", "k"),
        ("c", r"c(?=[aou])", "k"),
        ("c", r"c(?=[bdfgklmnpqrstvwz]|$)", "k"),
        # ks in Alexander and Maxim, h in the Somali Maxamed and Xasan.
        ("x", r"(?<=[eiou])x|(?<=^ma)x(?=i|$)", "ks"),
        ("x", "x", "h"),
        ("w", "w", "v"),
        ("y", r"(?<=[aeiou])y(?=[aeiou])", "i"),
        ("y", "y", "i"),
        ("uov", r"ou|oo|au|av(?=[bdfgjklmnprstvz]|$)|ov(?=[bdfgjklmnprstvz]|$)", "u"),
        ("ei", r"ee|ei|ai|ie|ae|ii|ia(?=i)", "i"),
        ("o", "o", "u"),
        ("e", "e", "a"),
        ("h", "h", ""),
    )
)
"""What is replaced by what, in this order, each where the text holds one of the first letters:
without one of them the pattern finds nothing, and most do without most."""
_SIGNS = re.compile(r"[^a-z0-9]+")
_DOUBLES = re.compile(r"(.)\1+")
_UNSETTLED = re.compile(
    r"[^abcdfgijklmnprstuvz0-9]|^aba?d|cz|ck|d[jz]|c(?=[aubdfgklmnprstvz]|$)|a[uvi]|ii"
)
"""Found in every text without doubles that a pass changes, and in few others."""
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
    # ASCII is its own likeliest reading, and the joins of two parts are all but always ASCII.
    found = fold_latin(token.lower() if token.isascii() else to_latin(token))
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
        if folded == text or _UNSETTLED.search(folded) is None:
            text = folded
            break
        text = folded
    return text or _fallback(latin)


def _pass(text: str) -> str:
    text = _SIGNS.sub("", text)
    letters = set(text)
    for needed, change in _STEPS:
        if needed.isdisjoint(letters):
            continue
        changed = change(text)
        if changed != text:
            text, letters = changed, set(changed)
    has_doubles = True in map(eq, text, text[1:])
    return _DOUBLES.sub(r"\1", text) if has_doubles else text


def _fallback(token: str) -> str:
    # Only h and signs: keep something that meets its equal.
    return "".join(letter for letter in token.lower() if letter.isalnum())[:1]
