"""Which script a part is written in, and how it reads in Latin letters.

Scripts that leave vowels out, or whose letters have several sounds, have tables
of our own; every other script goes through the library `anyascii`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from anyascii import anyascii

from matching.names.letters.arabic import read_arabic
from matching.names.letters.cyrillic import read_cyrillic
from matching.names.letters.greek import read_greek
from matching.names.letters.han import read_han
from matching.names.letters.hangul import read_hangul
from matching.names.letters.hebrew import read_hebrew
from matching.names.letters.indic import read_indic
from matching.names.letters.latin import read_latin
from matching.names.letters.thai import read_thai


class Script(StrEnum):
    """Scripts that matching tells apart."""

    LATIN = "latin"
    ARABIC = "arabic"
    ETHIOPIC = "ethiopic"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    HEBREW = "hebrew"
    GEORGIAN = "georgian"
    ARMENIAN = "armenian"
    DEVANAGARI = "devanagari"
    BENGALI = "bengali"
    HAN = "han"
    HANGUL = "hangul"
    THAI = "thai"
    OTHER = "other"


_BY_UNICODE_NAME = {
    **{script.value.upper(): script for script in Script},
    "CJK": Script.HAN,
}
_READERS: dict[Script, Callable[[str], tuple[str, ...]]] = {
    Script.LATIN: read_latin,
    Script.ARABIC: read_arabic,
    Script.CYRILLIC: read_cyrillic,
    Script.GREEK: read_greek,
    Script.HEBREW: read_hebrew,
    Script.DEVANAGARI: read_indic,
    Script.BENGALI: read_indic,
    Script.HAN: read_han,
    Script.HANGUL: read_hangul,
    Script.THAI: read_thai,
}


@lru_cache(maxsize=200_000)
def script_of(text: str) -> Script:
    """The script of the first letter; `OTHER` when there is none that is told apart."""
    for character in text:
        if unicodedata.category(character).startswith("L"):
            head = unicodedata.name(character, "").replace("-", " ").partition(" ")[0]
            return _BY_UNICODE_NAME.get(head, Script.OTHER)
    return Script.OTHER


@lru_cache(maxsize=200_000)
def readings(token: str) -> tuple[str, ...]:
    """How a part reads in lower-case ASCII, the likeliest reading first.

    Args:
        token: A part as `tokenize` gives it.

    Returns:
        One reading or a few, without doubles; none when nothing can be read.
    """
    reader = _READERS.get(script_of(token))
    found = reader(token) if reader is not None else (token,)
    return tuple(dict.fromkeys(text for text in map(_ascii, found) if text))


def to_latin(token: str) -> str:
    """The likeliest reading of a part; empty when nothing can be read."""
    found = readings(token)
    return found[0] if found else ""


def _ascii(text: str) -> str:
    return text if text.isascii() and text.islower() else anyascii(text).lower()
