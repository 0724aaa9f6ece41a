"""How often Python looks for dead cycles: seldom while work makes millions of objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 500_000
"""Objects made and not yet freed before the collector looks at them. Python's own 700 walks
every row of a batch several times, a third of an import; a batch makes some 100,000, which
are freed with it."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let the collector rest within; cycles are still found, later."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_seldom() -> None:
    """Let the collector rest in a process that is there for large work only."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
