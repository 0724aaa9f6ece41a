"""`empd demo`."""


def demo() -> None:
    """Placeholder while fixtures arrive."""
