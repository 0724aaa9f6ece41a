"""The waterfall of a score: prior, one bar a piece of evidence, match weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching.evidence import Band
from matching.explain import field_title
from service.evidence_view import EvidenceOut
from service.web.wording import bits

WIDTH = 720
"""Width of the picture in its own units; it scales with the page."""
LABEL = 176
FIGURE = 60
ROW = 26
HEAD = 22
"""Room above the bars for the names of the bands."""
LEAST_BITS = 0.05
"""Bars below this are left out; the table beside the picture has them all."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: place and size in the picture's units; `end` is where the next one starts."""

    title: str
    bits: float
    x: float
    width: float
    y: int
    end: float
    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a band begins."""

    title: str
    x: float


@dataclass(frozen=True, slots=True)
class Picture:
    """All bars, the marks of the bands, the height, and where zero bits lie."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    height: int
    zero: float
    text: str


@dataclass(frozen=True, slots=True)
class _Step:
    title: str
    bits: float
    start: float
    end: float
    kind: str


def waterfall(
    prior: float,
    evidence: Sequence[EvidenceOut],
    match_weight: float,
    bands: Mapping[Band, float] | None = None,
) -> Picture:
    """Lay the bars out; each starts where the one before ended.

    Args:
        prior: In bits.
        evidence: In the order of the table.
        match_weight: Prior and all evidence together, in bits.
        bands: Lowest match weight of each band, where they are those of this score.
    """
    steps = _steps(prior, evidence, match_weight)
    lowest = {band: bound for band, bound in (bands or {}).items() if band is not Band.UNLIKELY}
    ends = [0.0, *lowest.values(), *(value for step in steps for value in (step.start, step.end))]
    low, high = min(ends), max(ends)
    scale = (WIDTH - LABEL - FIGURE) / ((high - low) or 1.0)

    def place(weight: float) -> float:
        return round(LABEL + (weight - low) * scale, 1)

    bars = tuple(
        Bar(
            step.title,
            step.bits,
            place(min(step.start, step.end)),
            max(round(abs(step.end - step.start) * scale, 1), 1.0),
            HEAD + number * ROW,
            place(step.end),
            step.kind,
        )
        for number, step in enumerate(steps)
    )
    marks = tuple(Mark(band.value, place(bound)) for band, bound in lowest.items())
    text = "; ".join(f"{step.title} {bits(step.bits)} bits" for step in steps)
    return Picture(bars, marks, HEAD + len(bars) * ROW, place(0.0), text)


def _steps(prior: float, evidence: Sequence[EvidenceOut], match_weight: float) -> list[_Step]:
    steps = [_Step("prior", prior, 0.0, prior, "prior")]
    reached = prior
    for item in evidence:
        if abs(item.weight) < LEAST_BITS:
            continue
        kind = "for" if item.weight > 0 else "against"
        end = reached + item.weight
        steps.append(_Step(field_title(item.field), item.weight, reached, end, kind))
        reached = end
    return [*steps, _Step("match weight", match_weight, 0.0, match_weight, "total")]


def weightiest(evidence: Sequence[EvidenceOut], most: int) -> list[EvidenceOut]:
    """The pieces of evidence that weigh most, for or against, in the order of their fields."""
    weighing = [item for item in evidence if abs(item.weight) >= LEAST_BITS]
    chosen = sorted(weighing, key=lambda item: -abs(item.weight))[:most]
    return [item for item in weighing if item in chosen]
