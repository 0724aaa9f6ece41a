"""A contender's row of a benchmark of retrieval: recall, latency, slices; no I/O."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from scripts.benchmarking.retrieval.questions import KINDS, Question

KS = (10, 50, 200, 500, 1_000)
SLICED_AT = 500
"""Candidates within which recall is compared by culture, script and corruption."""
LEAST_IN_SLICE = 10
_NAMES = ("none on one side", "one word on one side", "two words or more")
PERCENTILES = (50, 95, 99)
_Z = 1.959964
"""Of a standard normal, for intervals of 95 per cent."""
Json = dict[str, Any]


def row_of(trial: Json, questions: Sequence[Question], limit: int) -> Json:
    """What a contender reached, by kind of question."""
    row = {name: value for name, value in trial.items() if name != "answers"}
    asked = [(questions[answer["question"]], answer) for answer in trial["answers"]]
    row["wall_ms"] = percentiles([answer["wall_ms"] for _, answer in asked])
    row["cpu_ms"] = percentiles([answer["cpu_ms"] for _, answer in asked])
    row["kinds"] = {
        kind: _kind_row([pair for pair in asked if pair[0].kind == kind], limit) for kind in KINDS
    }
    return row


def _kind_row(asked: list[tuple[Question, Json]], limit: int) -> Json:
    ranks = [answer["rank"] for _, answer in asked]
    slices: dict[str, dict[str, list[bool]]] = {
        "culture": defaultdict(list), "script": defaultdict(list),
        "corruption": defaultdict(list), "names": defaultdict(list),
    }  # fmt: skip
    for question, answer in asked:
        hit = answer["rank"] is not None and answer["rank"] < SLICED_AT
        slices["culture"][question.culture].append(hit)
        slices["names"][_names(question)].append(hit)
        slices["script"][question.script].append(hit)
        for name in question.corruptions or ("(none)",):
            slices["corruption"][name].append(hit)
    return {
        "questions": len(asked),
        "recall_at": {
            str(k): share(rank is not None and rank < k for rank in ranks) for k in KS if k <= limit
        },
        "wall_ms": percentiles([answer["wall_ms"] for _, answer in asked]),
        "cpu_ms": percentiles([answer["cpu_ms"] for _, answer in asked]),
        "slices": {
            kind: {
                name: share(hits)
                for name, hits in sorted(found.items())
                if len(hits) >= LEAST_IN_SLICE
            }
            for kind, found in slices.items()
        },
    }


def _names(question: Question) -> str:
    """What both sides tell of the name: most that is lost has none, or one word."""
    words = [
        max((len(name.text.split()) for name in record.names), default=0)
        for record in (question.record, question.held)
    ]
    return _NAMES[min(*words, len(_NAMES) - 1)]


def share(hits: Iterable[bool]) -> Json:
    """Share of hits with Wilson's interval of 95 per cent."""
    values = list(hits)
    low, high = wilson(sum(values), len(values))
    mean = sum(values) / max(len(values), 1)
    return {
        "questions": len(values),
        "recall": round(mean, 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's interval of 95 per cent of a share (Wilson 1927); 0 to 1 for no trials."""
    if of == 0:
        return 0.0, 1.0
    mean, square = hits / of, _Z * _Z
    centre = (mean + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(mean * (1 - mean) / of + square / (4 * of * of))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def percentiles(values: Sequence[float]) -> Json:
    """Percentiles of milliseconds."""
    if not values:
        return {str(p): None for p in PERCENTILES}
    found = np.percentile(np.asarray(values), PERCENTILES)
    return {str(p): round(float(v), 2) for p, v in zip(PERCENTILES, found, strict=True)}
