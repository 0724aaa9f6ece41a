"""Latin letters: what is left without diacritics, and what they sound like elsewhere."""

from __future__ import annotations

from anyascii import anyascii

_SOUNDS = {
    "ä": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "å": "aa", "ş": "sh", "š": "sh", "ș": "sh",
    "ś": "sh", "ç": "ch", "č": "ch", "ć": "ch", "ž": "zh", "ż": "zh", "ź": "z", "ğ": "", "đ": "dj",
    "ț": "ts", "ţ": "ts", "ñ": "ny", "ł": "w", "ß": "ss", "ř": "rzh", "ý": "y", "ő": "o",
}  # fmt: skip
"""What letters with a sign sound like, as officers who know the language write them."""
_ELSEWHERE = (
    ("x", "h"),  # Somali and Kurdish
    ("c", "j"),  # Turkish and Kurdish
    ("c", ""),  # Somali: the letter ayn
    ("j", "y"),  # German, Dutch, Slavic and Baltic
    ("ch", "sh"),  # French
    ("sch", "sh"),  # German
    ("dj", "j"),  # French
    ("w", "v"),
)
"""Letters of plain Latin that stand for another sound in another language."""
_MAX_READINGS = 4
"""Every reading is compared: more than this few names need, and all would pay for."""


def read_latin(token: str) -> tuple[str, ...]:
    """The readings of a part in Latin letters: plain first, then by sound, then by language."""
    plain = anyascii(token).lower()
    by_sound = anyascii("".join(_SOUNDS.get(letter, letter) for letter in token)).lower()
    found = [plain, by_sound]
    for written, sound in _ELSEWHERE:
        if written in by_sound and (
            written != "c" or ("ch" not in by_sound and "ck" not in by_sound)
        ):
            found.append(by_sound.replace(written, sound))
    kept = dict.fromkeys(reading for reading in found if reading)
    return tuple(kept)[:_MAX_READINGS]
