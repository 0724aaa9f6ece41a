"""Opaque public identifiers: nothing about a person or an order of arrival shows in them."""

from __future__ import annotations

import secrets
import string

_LENGTH = 24
"""Characters of five random bits each, 120 in all: collisions and guesses are out of reach."""
_LETTERS = (string.ascii_lowercase + "234567").encode("ascii")
_OF_BYTE = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))
"""Eight bytes stand for each letter, so that all are equally likely."""


def new_public_id() -> str:
    """A fresh identifier of 24 lower-case letters and digits."""
    return secrets.token_bytes(_LENGTH).translate(_OF_BYTE).decode("ascii")
