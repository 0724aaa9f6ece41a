"""Thai letters after the Royal Thai General System: leading vowels are spoken after.

Vowels between two consonants that are not written are read as `o` in a closed
syllable and `a` in an open one, which the fold makes near the same.
"""

from __future__ import annotations

_CONSONANTS = dict(zip("กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬฮ", (
    "k", "kh", "kh", "kh", "kh", "kh", "ng", "ch", "ch", "ch", "s", "ch", "y", "d", "t", "th",
    "th", "th", "n", "d", "t", "th", "th", "th", "n", "b", "p", "ph", "f", "ph", "f", "ph", "m",
    "y", "r", "l", "w", "s", "s", "s", "h", "l", "h",
), strict=True))  # fmt: skip
_FINALS = {"ch": "t", "s": "t", "d": "t", "th": "t", "b": "p", "ph": "p", "f": "p", "kh": "k",
           "r": "n", "l": "n", "y": "i", "w": "o"}  # fmt: skip
_LEADING = {"เ": "e", "แ": "ae", "โ": "o", "ใ": "ai", "ไ": "ai"}
_FOLLOWING = {"ะ": "a", "ั": "a", "า": "a", "ำ": "am", "ิ": "i", "ี": "i", "ึ": "ue", "ื": "ue",
              "ุ": "u", "ู": "u", "ๅ": "a"}  # fmt: skip
_SILENT = "์"
_SPOKEN_A = frozenset("aeiou")


def read_thai(token: str) -> tuple[str, ...]:
    """The readings of a part in Thai letters."""
    return (_vowelled(_sounds(_without_silent(token))),)


def _without_silent(token: str) -> str:
    kept: list[str] = []
    for letter in token:
        if letter == _SILENT:
            while kept and kept[-1] in _FOLLOWING:
                kept.pop()
            kept[-1:] = []
        else:
            kept.append(letter)
    return "".join(kept)


def _sounds(token: str) -> list[str]:
    found: list[str] = []
    waiting = ""
    for letter in token:
        if letter in _LEADING:
            waiting = _LEADING[letter]
        elif letter in _CONSONANTS:
            sound = _CONSONANTS[letter]
            found.append(sound)
            if waiting:
                found.append(waiting)
                waiting = ""
        elif letter == "อ":
            found.append("o" if found and found[-1][-1:] not in _SPOKEN_A else "")
            if waiting:
                found.append(waiting)
                waiting = ""
        elif letter in _FOLLOWING:
            found.append(_FOLLOWING[letter])
    return [sound for sound in found if sound]


def _vowelled(sounds: list[str]) -> str:
    written: list[str] = []
    for place, sound in enumerate(sounds):
        consonant = sound[0] not in _SPOKEN_A
        last = place + 1 == len(sounds)
        after_consonant = bool(written) and written[-1][-1] not in _SPOKEN_A
        if consonant and after_consonant:
            written.append("a" if not last else "o")
        written.append(_FINALS.get(sound, sound) if consonant and last else sound)
    return "".join(written)
