"""Hebrew letters: vowels are mostly unwritten, and bet, kaf, pe have two sounds each."""

from __future__ import annotations

import unicodedata

_CONSONANTS = dict(zip("גדהזחטלמםנןסצץקרשת", (
    "g", "d", "h", "z", "h", "t", "l", "m", "m", "n", "n", "s", "tz", "tz", "k", "r", "sh", "t",
), strict=True))  # fmt: skip
_TWO_SOUNDS = {
    "ב": ("b", "v"),
    "כ": ("k", "kh"),
    "פ": ("p", "f"),
    "ך": ("kh", "kh"),
    "ף": ("f", "f"),
}
"""The stop that begins a word, and the sound that is commoner inside one."""
_GERESH = frozenset("׳'’")
_WITH_GERESH = {"ג": "j", "ז": "zh", "צ": "ch", "ץ": "ch"}
_VOWELS = frozenset("aeiou")


def read_hebrew(token: str) -> tuple[str, ...]:
    """The readings of a part in Hebrew letters: sounds softened inside, then all stops."""
    letters = [letter for letter in token if not unicodedata.combining(letter)]
    soft, hard = _read(letters, 1), _read(letters, 0)
    return (soft,) if soft == hard else (soft, hard)


def _read(letters: list[str], inner: int) -> str:
    written: list[str] = []
    for place, letter in enumerate(letters):
        following = letters[place + 1] if place + 1 < len(letters) else ""
        sound = _sound(letter, following, place, inner)
        if _needs_vowel(written, sound):
            written.append("a")
        written.append(sound)
    return "".join(written)


def _sound(letter: str, following: str, place: int, inner: int) -> str:
    if following in _GERESH and letter in _WITH_GERESH:
        return _WITH_GERESH[letter]
    if letter in _TWO_SOUNDS:
        # Names from abroad begin with f as well.
        return _TWO_SOUNDS[letter][inner if place or letter == "פ" else 0]
    if letter in "אע" or (letter == "ה" and not following):
        return "a"
    if letter == "ו":
        return "v" if place == 0 or following in {"ו", "א", "י"} else "o"
    if letter == "י":
        return "y" if place == 0 or following in {"א", "ה", "ו", "ע"} else "i"
    return _CONSONANTS.get(letter, "" if letter in _GERESH else letter)


def _needs_vowel(written: list[str], sound: str) -> bool:
    if not written or not sound or sound[0] in _VOWELS:
        return False
    before = "".join(written)
    return bool(before) and before[-1] not in _VOWELS and (before[-1] + sound[0]).isascii()
