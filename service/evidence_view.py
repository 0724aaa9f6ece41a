"""Evidence as others may see it: one list of bits, with values withheld where access ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matching.evidence import Evidence
from matching.explain import field_title, sentence

BITS_DIGITS = 3
"""Digits after the point of the bits that are stored and shown."""
KEPT_WORDS = 4_096
"""Pairs of field and reason kept with their words: more than there are in both languages."""


@dataclass(slots=True)
class EvidenceOut:
    """One bar of the waterfall; `left`/`right` are null where the reader may not see them.

    `title` and `text` say field and reason in the language that was asked for.
    """

    # No model: twenty hits have 400 of these, and what we made ourselves needs no validation.
    field: str
    outcome: str
    weight: float
    reason: str
    title: str
    text: str
    left: str | None
    right: str | None
    params: dict[str, str]


def evidence_to_json(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Evidence as it is stored with an alert."""
    return [
        {
            "field": item.field,
            "outcome": item.outcome.value,
            "weight": round(item.weight, BITS_DIGITS),
            "reason": item.reason,
            "left": item.left,
            "right": item.right,
            "params": dict(item.params),
        }
        for item in evidence
    ]


def evidence_view(
    stored: Iterable[Mapping[str, Any]], *, show_left: bool, show_right: bool, language: str
) -> list[EvidenceOut]:
    """Stored evidence with values blanked and weights kept.

    Parameters of a reason are blanked too unless both sides may be seen.
    """
    return [
        EvidenceOut(
            item["field"],
            item["outcome"],
            item["weight"],
            item["reason"],
            *_words(item["field"], item["reason"], language),
            item["left"] if show_left else None,
            item["right"] if show_right else None,
            item["params"] if show_left and show_right else {},
        )
        for item in stored
    ]


def fresh_evidence_view(
    evidence: Iterable[Evidence], *, show_right: bool, language: str
) -> list[EvidenceOut]:
    """The same of evidence that is not stored; whoever asked may see the left side."""
    return [
        EvidenceOut(
            item.field,
            item.outcome.value,
            round(item.weight, BITS_DIGITS) if item.weight else item.weight,
            item.reason,
            *_words(item.field, item.reason, language),
            item.left,
            item.right if show_right else None,
            dict(item.params) if show_right else {},
        )
        for item in evidence
    ]


@lru_cache(KEPT_WORDS)
def _words(field: str, reason: str, language: str) -> tuple[str, str]:
    return field_title(field, language), sentence(reason, language)
