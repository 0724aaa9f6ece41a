"""Split a name into its written parts, whatever the script; never fails on any text."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

MAX_TOKENS = 40
"""More parts than the longest real patronymic chain; the rest of a 300-part name adds nothing."""
MAX_TOKEN_LENGTH = 40
_JOINING = frozenset("'’‘ʼ`´ʿʾʻ\u0640\u200c\u200d")
"""Written inside a part (O'Brien, N'Diaye, Arabic tatweel): dropped, not split at."""


@lru_cache(maxsize=200_000)
def tokenize(text: str) -> tuple[str, ...]:
    """The parts of a name in order, case-folded, compatibility forms resolved.

    Args:
        text: A name in any script.

    Returns:
        Up to 40 parts; empty when the text holds no letter or digit.
    """
    parts = unicodedata.normalize("NFKC", text).casefold().translate(_written).split()
    kept = [part[:MAX_TOKEN_LENGTH] for part in parts if _has_letter_or_digit(part)]
    return tuple(kept[:MAX_TOKENS])


class _Written(dict[int, str]):
    """What stands for a character within a name; each is looked at once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _JOINING:
            found = ""
        else:
            found = character if unicodedata.category(character)[0] in "LMN" else " "
        self[code] = found
        return found


_written = _Written()


def _has_letter_or_digit(part: str) -> bool:
    return part.isalnum() or any(unicodedata.category(character)[0] in "LN" for character in part)
