"""Argon2id passwords (RFC 9106) through pwdlib."""

from __future__ import annotations

import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

MIN_LENGTH = 12
"""Shortest password: NIST SP 800-63B asks 8, sensitive data of children asks more."""
MAX_LENGTH = 128
"""Longer ones would only serve to keep the hasher busy."""


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _dummy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """Hash a password for the store."""
    return _hasher().hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Check a password; an unknown account takes as long as a known one.

    Args:
        password: What was typed.
        stored: The stored hash, or None for an unknown account.
    """
    matches = _hasher().verify(password, stored or _dummy_hash())
    return matches and stored is not None


def one_time_password() -> str:
    """A random password to hand over once."""
    return secrets.token_urlsafe(MIN_LENGTH)
