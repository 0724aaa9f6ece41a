"""One number a pair of names: WRatio and Jaro-Winkler on ASCII letters."""

from __future__ import annotations

from importlib.metadata import version

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from scripts.benchmarking.peers.inputs import Pair, Scored, plain

WRATIO = 90.0
JARO_WINKLER = 0.9


def wratio(pairs: list[Pair]) -> Scored:
    """WRatio of rapidfuzz, 0 to 100."""
    scores = [float(fuzz.WRatio(plain(left), plain(right))) for left, right in pairs]
    return Scored(version("rapidfuzz"), WRATIO, scores, "WRatio on ASCII words")


def jaro_winkler(pairs: list[Pair]) -> Scored:
    """Jaro-Winkler of rapidfuzz, 0 to 1."""
    scores = [float(JaroWinkler.similarity(plain(left), plain(right))) for left, right in pairs]
    return Scored(version("rapidfuzz"), JARO_WINKLER, scores, "Jaro-Winkler on ASCII words")
