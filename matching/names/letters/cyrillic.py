"""Cyrillic letters of Ukrainian, Russian, Bulgarian, Serbian and Macedonian."""

from __future__ import annotations

from anyascii import anyascii

_UKRAINIAN = str.maketrans({"г": "h", "и": "y", "е": "e", "щ": "shch", "й": "i", "х": "kh"})
_BY_SOUND = str.maketrans({"ё": "o", "ъ": "a", "ь": "", "щ": "sht", "ж": "j", "х": "h", "ц": "c",
                           "ю": "iu", "я": "ia", "й": "i", "ђ": "dj", "ћ": "c",
                           "џ": "dz"})  # fmt: skip


def read_cyrillic(token: str) -> tuple[str, ...]:
    """The readings of a part: as in Russian, as in Ukrainian, and by sound for the others."""
    written = {
        anyascii(token).lower(): None,
        anyascii(token.translate(_UKRAINIAN)).lower(): None,
        anyascii(token.translate(_BY_SOUND)).lower(): None,
    }
    return tuple(written)
