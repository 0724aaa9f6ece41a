"""Arabic letters of Arabic, Persian, Dari, Pashto, Kurdish and Urdu.

Short vowels are not written. An `a` is filled in between two consonants: the
fold makes little of vowels, but counts syllables.
"""

from __future__ import annotations

import unicodedata

_CONSONANTS = {
    **dict(zip("بتثجحخدذرزسشصضطظغفقكلمنه", (
        "b", "t", "th", "j", "h", "kh", "d", "dh", "r", "z", "s", "sh", "s", "d", "t", "z",
        "gh", "f", "q", "k", "l", "m", "n", "h",
    ), strict=True)),
    **dict(zip("پچژگکټډړږښځڅڼھہٹڈڑڤڵڕںۀ", (
        "p", "ch", "zh", "g", "k", "t", "d", "r", "zh", "sh", "z", "ts", "n", "h", "h", "t", "d",
        "r", "v", "l", "r", "n", "a",
    ), strict=True)),
}  # fmt: skip
_VOWELS = {
    "ا": "a", "أ": "a", "آ": "a", "إ": "i", "ع": "a", "ة": "a", "ى": "a", "ٱ": "a",
    "ء": "", "ؤ": "u", "ئ": "i", "ۆ": "o", "ێ": "e", "ې": "e", "ۍ": "i", "ە": "e", "ے": "e",
}  # fmt: skip
_GLIDES = {"و": ("w", "u"), "ي": ("y", "i"), "ی": ("y", "i"), "ۇ": ("w", "u")}
"""Letters that stand for a consonant before a vowel and for a long vowel elsewhere."""
_MARKS = {"\u064e": "a", "\u064f": "u", "\u0650": "i"}
"""Fatha, damma, kasra: short vowels where somebody wrote them."""
_LATIN_VOWELS = frozenset("aeiou")


def read_arabic(token: str) -> tuple[str, ...]:
    """The readings of a part in Arabic letters: glides as they stand, then as consonants."""
    letters = [letter for letter in token if letter in _MARKS or not unicodedata.combining(letter)]
    first = _read(letters, glide=None)
    inner = any(letter in _GLIDES for letter in letters[1:-1])
    return (first, _read(letters, glide=0)) if inner else (first,)


def _read(letters: list[str], *, glide: int | None) -> str:
    written: list[str] = []
    for place, letter in enumerate(letters):
        following = letters[place + 1] if place + 1 < len(letters) else ""
        sound = _sound(letter, following, first=not written, glide=glide)
        if _needs_vowel(written, sound):
            written.append("a")
        written.append(sound)
    return "".join(written)


def _sound(letter: str, following: str, *, first: bool, glide: int | None) -> str:
    if letter in _GLIDES:
        if glide is not None and following:
            return _GLIDES[letter][glide]
        consonant, vowel = _GLIDES[letter]
        before_vowel = following in _VOWELS or following in _GLIDES
        return consonant if first or before_vowel else vowel
    return _CONSONANTS.get(letter) or _VOWELS.get(letter) or _MARKS.get(letter, letter)


def _needs_vowel(written: list[str], sound: str) -> bool:
    if not written or not sound or sound[0] in _LATIN_VOWELS:
        return False
    before = "".join(written[-2:])
    return bool(before) and before[-1] not in _LATIN_VOWELS and (sound[0] + before).isascii()
