"""Greek letters by sound and by letter: passports follow ELOT 743, people both."""

from __future__ import annotations

import unicodedata

_BY_SOUND = (
    ("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("γγ", "ng"),
    ("γχ", "nch"), ("τζ", "tz"), ("τσ", "ts"), ("αι", "e"), ("ει", "i"), ("οι", "i"), ("υι", "i"),
)  # fmt: skip
_BY_LETTER = (
    ("ου", "ou"), ("αυ", "av"), ("ευ", "ef"), ("μπ", "mp"), ("ντ", "nt"), ("γκ", "gk"),
    ("γγ", "ng"), ("αι", "ai"), ("ει", "ei"), ("οι", "oi"),
)  # fmt: skip
_LETTERS = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", (
    "a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s", "s",
    "t", "y", "f", "ch", "ps", "o",
), strict=True))  # fmt: skip


def read_greek(token: str) -> tuple[str, ...]:
    """The readings of a part in Greek letters: by letter as in passports, then by sound."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", token)
        if not unicodedata.combining(letter)
    )
    by_letter, by_sound = _read(plain, _BY_LETTER), _read(plain, _BY_SOUND)
    return (by_letter,) if by_letter == by_sound else (by_letter, by_sound)


def _read(token: str, digraphs: tuple[tuple[str, str], ...]) -> str:
    for greek, latin in digraphs:
        token = token.replace(greek, latin)
    return "".join(_LETTERS.get(letter, letter) for letter in token)
