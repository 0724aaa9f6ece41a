"""The waterfall of a score: prior, one bar a piece of evidence, match weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.evidence_view import EvidenceOut

WIDTH = 640
"""Width of the picture in its own units; it scales with the page."""
LABEL = 170
FIGURE = 70
ROW = 24
LEAST_BITS = 0.05
"""Bars below this are left out; the table beside the picture has them all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: place and size in the picture's units."""

    title: str
    bits: float
    x: float
    width: float
    y: int
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All bars, the picture's height, and where zero bits lie."""

    bars: tuple[Bar, ...]
    height: int
    zero: float
    text: str


def waterfall(prior: float, evidence: Sequence[EvidenceOut], match_weight: float) -> Picture:
    """Lay the bars out; they start where the one before ended."""
    steps = [("prior", prior, 0.0, prior, "prior")]
    reached = prior
    for item in evidence:
        if abs(item.weight) < LEAST_BITS:
            continue
        kind = "for" if item.weight > 0 else "against"
        steps.append((item.title, item.weight, reached, reached + item.weight, kind))
        reached += item.weight
    steps.append(("match weight", match_weight, 0.0, match_weight, "total"))
    ends = [value for step in steps for value in step[2:4]] + [0.0]
    low, high = min(ends), max(ends)
    scale = (WIDTH - LABEL - FIGURE) / ((high - low) or 1.0)

    def place(bits: float) -> float:
        return round(LABEL + (bits - low) * scale, 1)

    bars = tuple(
        Bar(
            title,
            bits,
            place(min(start, end)),
            max(round(abs(end - start) * scale, 1), 1.0),
            number * ROW,
            kind,
        )
        for number, (title, bits, start, end, kind) in enumerate(steps)
    )
    text = "; ".join(f"{bar.title} {bar.bits:+.1f} bits" for bar in bars)
    return Picture(bars, len(bars) * ROW, place(0.0), text)
