"""Opaque secrets for sessions, clients and bearer tokens; the store keeps hashes only."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_TOKEN_BYTES = 32
"""256 random bits: a plain hash suffices, there is nothing to guess."""


def new_token() -> str:
    """A fresh secret to hand over once."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """The hash under which a secret is stored, 64 hex digits."""
    return hashlib.blake2b(token.encode(), digest_size=32).hexdigest()


def keyed_digest(key: str, *parts: str) -> str:
    """An HMAC over several parts, 32 hex digits; parts cannot run into each other."""
    message = "\x1f".join(parts).encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:32]


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
