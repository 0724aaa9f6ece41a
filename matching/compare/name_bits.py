"""What agreement of two parts is worth: m and u by similarity, and how common the part is."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartCurve:
    """Knots of log2 m and log2 u over similarity, in rising order.

    m is the probability that two spellings of one part are this alike, u that
    the parts of two strangers are this alike or more though neither is common.
    """

    similarity: tuple[float, ...]
    log2_m: tuple[float, ...]
    log2_u: tuple[float, ...]

    def bits(self, similarity: float, share: float) -> float:
        """Bits of an agreement.

        Args:
            similarity: 0 to 1.
            share: Of the records that bear the commoner of both parts, 0 to 1.
        """
        m = _interpolate(similarity, self.similarity, self.log2_m)
        u = _interpolate(similarity, self.similarity, self.log2_u)
        return m - math.log2(share + 2.0**u)


def _interpolate(x: float, knots: Sequence[float], values: Sequence[float]) -> float:
    if x <= knots[0]:
        return values[0]
    if x >= knots[-1]:
        return values[-1]
    place = bisect_right(knots, x) - 1
    slope = (values[place + 1] - values[place]) / (knots[place + 1] - knots[place])
    return slope * (x - knots[place]) + values[place]


def soften(bits: float, soft: float, limit: float) -> float:
    """Bits that approach a limit instead of stopping at it, so that more still ranks higher.

    The parts of a name are not independent: many agreeing parts say less than
    their sum.
    """
    if bits <= soft:
        return bits
    room = limit - soft
    return soft + room * (1.0 - math.exp((soft - bits) / room))
