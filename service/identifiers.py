"""Opaque public identifiers: nothing about a person or an order of arrival shows in them."""

from __future__ import annotations

import base64
import secrets

_RANDOM_BYTES = 15
"""120 random bits: collisions and guesses are out of reach; 24 characters as base32."""


def new_public_id() -> str:
    """A fresh identifier of 24 lower-case letters and digits."""
    return base64.b32encode(secrets.token_bytes(_RANDOM_BYTES)).decode("ascii").lower()
