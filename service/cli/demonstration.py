"""`empd demo`: load the synthetic demo once."""

from __future__ import annotations


def demo() -> None:
    """Placeholder while fixtures arrive."""
