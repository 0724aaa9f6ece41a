"""Which script a part is written in, and its letters in Latin.

Arabic-script letters have a table of our own, since the short vowels are not
written and the letters of Persian, Pashto, Kurdish and Urdu differ; every other
script goes through the library `anyascii`.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import lru_cache

from anyascii import anyascii


class Script(StrEnum):
    """Scripts that matching tells apart."""

    LATIN = "latin"
    ARABIC = "arabic"
    ETHIOPIC = "ethiopic"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    HEBREW = "hebrew"
    OTHER = "other"


_PREFIXES = (
    ("LATIN", Script.LATIN),
    ("ARABIC", Script.ARABIC),
    ("ETHIOPIC", Script.ETHIOPIC),
    ("CYRILLIC", Script.CYRILLIC),
    ("GREEK", Script.GREEK),
    ("HEBREW", Script.HEBREW),
)
_ARABIC = {
    **dict(zip("بتثجحخدذرزسشصضطظغفقكلمنه", (
        "b", "t", "th", "j", "h", "kh", "d", "dh", "r", "z", "s", "sh", "s", "d", "t", "z",
        "gh", "f", "q", "k", "l", "m", "n", "h",
    ), strict=True)),
    **dict(zip("پچژگکټډړږښځڅڼھہٹڈڑڤڵڕںۀ", (
        "p", "ch", "zh", "g", "k", "t", "d", "r", "zh", "sh", "z", "ts", "n", "h", "h", "t", "d",
        "r", "v", "l", "r", "n", "a",
    ), strict=True)),
}  # fmt: skip
"""Consonants of Arabic, Persian, Dari, Pashto, Kurdish and Urdu."""
_ARABIC_VOWELS = {
    "ا": "a", "أ": "a", "آ": "a", "إ": "i", "ع": "a", "ة": "a", "ى": "a", "ٱ": "a",
    "ء": "", "ؤ": "u", "ئ": "i", "ۆ": "o", "ێ": "e", "ې": "e", "ۍ": "i", "ە": "e", "ے": "e",
}  # fmt: skip
_ARABIC_GLIDES = {"و": ("w", "u"), "ي": ("y", "i"), "ی": ("y", "i"), "ۇ": ("w", "u")}
"""Letters that stand for a consonant before a vowel and for a long vowel elsewhere."""
_VOWELS = frozenset("aeiou")


@lru_cache(maxsize=200_000)
def script_of(text: str) -> Script:
    """The script of the first letter; `OTHER` when there is none that is told apart."""
    for character in text:
        if unicodedata.category(character).startswith("L"):
            name = unicodedata.name(character, "")
            return next(
                (script for head, script in _PREFIXES if name.startswith(head)), Script.OTHER
            )
    return Script.OTHER


@lru_cache(maxsize=200_000)
def to_latin(token: str) -> str:
    """The letters of a part in lower-case ASCII; empty when nothing can be read.

    Unwritten short vowels of Arabic script are filled in as `a` between two
    consonants: the fold makes little of vowels, but counts syllables.
    """
    if script_of(token) is Script.ARABIC:
        token = _from_arabic(token)
    return anyascii(token).lower()


def _from_arabic(token: str) -> str:
    letters = [letter for letter in token if not unicodedata.combining(letter)]
    written: list[str] = []
    for place, letter in enumerate(letters):
        following = letters[place + 1] if place + 1 < len(letters) else ""
        sound = _sound(letter, following, first=not written)
        if _needs_vowel(written, sound):
            written.append("a")
        written.append(sound)
    return "".join(written)


def _sound(letter: str, following: str, *, first: bool) -> str:
    if letter in _ARABIC_GLIDES:
        consonant, vowel = _ARABIC_GLIDES[letter]
        before_vowel = following in _ARABIC_VOWELS or following in _ARABIC_GLIDES
        return consonant if first or before_vowel else vowel
    return _ARABIC.get(letter) or _ARABIC_VOWELS.get(letter, letter)


def _needs_vowel(written: list[str], sound: str) -> bool:
    if not written or not sound or sound[0] in _VOWELS:
        return False
    before = "".join(written[-2:])
    return bool(before) and before[-1] not in _VOWELS and sound[0].isascii() and before.isascii()
