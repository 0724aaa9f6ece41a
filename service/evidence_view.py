"""Evidence as others may see it: one list of bits, with values withheld where access ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from matching.evidence import Evidence
from matching.explain import field_title, sentence


class EvidenceOut(BaseModel):
    """One bar of the waterfall; `left`/`right` are null where the reader may not see them.

    `title` and `text` say field and reason in the language that was asked for.
    """

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
            "weight": round(item.weight, 3),
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
            field=item["field"],
            outcome=item["outcome"],
            weight=item["weight"],
            reason=item["reason"],
            title=field_title(item["field"], language),
            text=sentence(item["reason"], language),
            left=item["left"] if show_left else None,
            right=item["right"] if show_right else None,
            params=item["params"] if show_left and show_right else {},
        )
        for item in stored
    ]
