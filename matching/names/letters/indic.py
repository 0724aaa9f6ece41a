"""Devanagari and Bengali letters: each consonant carries an `a` unless a sign says otherwise.

The `a` at a word's end is not spoken in Hindi and Bengali. Code points of both
blocks run in parallel, 0x80 apart (Unicode Standard, chapter 12).
"""

from __future__ import annotations

_BLOCK = 0x80
_DEVANAGARI, _BENGALI = 0x0900, 0x0980
_CONSONANTS = dict(zip("कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह", (
    "k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh", "n", "t", "th",
    "d", "dh", "n", "p", "ph", "b", "bh", "m", "y", "r", "l", "v", "sh", "sh", "s", "h",
), strict=True))  # fmt: skip
_VOWELS = dict(zip("अआइईउऊऋएऐओऔ", (
    "a", "a", "i", "i", "u", "u", "ri", "e", "ai", "o", "au",
), strict=True))  # fmt: skip
_SIGNS = dict(zip("ािीुूृेैोौ", (
    "a", "i", "i", "u", "u", "ri", "e", "ai", "o", "au",
), strict=True))  # fmt: skip
_MUTE, _NUKTA = "्", "़"
_NASAL = {"ं": "n", "ँ": "n", "ः": "h"}
_WITH_NUKTA = {"j": "z", "ph": "f", "k": "q", "d": "r", "dh": "rh", "y": "y", "g": "gh"}


def read_indic(token: str) -> tuple[str, ...]:
    """The readings of a part: without the mute `a` inside, then with it."""
    bengali = any(_BENGALI <= ord(letter) < _BENGALI + _BLOCK for letter in token)
    letters = [_as_devanagari(letter) for letter in token]
    spoken = _read(letters)
    if not bengali:
        return (spoken,)
    # Bengali writes b for v, says o for a and sh for s, and its names are spelt either way.
    return spoken.replace("v", "b"), spoken.replace("v", "b").replace("a", "o")


def _as_devanagari(letter: str) -> str:
    code = ord(letter)
    if _BENGALI <= code < _BENGALI + _BLOCK:
        return {"ৎ": "त", "য়": "य"}.get(letter, chr(code - _BLOCK))
    return letter


def _read(letters: list[str]) -> str:
    written: list[str] = []
    pending = False
    for letter in letters:
        if letter == _NUKTA:
            written[-1:] = [_WITH_NUKTA.get(last, last) for last in written[-1:]]
        elif letter in _CONSONANTS:
            written += ["a"] * pending + [_CONSONANTS[letter]]
            pending = True
        else:
            is_nasal = letter in _NASAL
            written += ["a"] * (pending and is_nasal)
            pending = False
            sound = _SIGNS.get(letter) or _VOWELS.get(letter) or _NASAL.get(letter)
            written.append(sound if sound is not None else letter * (letter != _MUTE))
    return "".join(written)
