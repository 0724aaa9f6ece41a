"""A tool's row of a benchmark: quality, intervals, calibration, slices; no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from matching.evaluation.metrics import (
    best,
    bootstrap_interval,
    calibration,
    curve,
    f1_interval,
    quality_at,
    recall_at,
    threshold_at,
)
from scripts.benchmarking.judged import Judged, NameScores
from scripts.benchmarking.offers import Offered
from scripts.benchmarking.sets import Labelled, Pair
from scripts.benchmarking.tools import Scores

KS = (1, 3, 10, 30)
SEED = 1
PRECISE = 0.99
"""Precision at which the recall of naming cultures is compared."""
LEAST_IN_SLICE = 10
LIKELY = 0.05
"""Probability from which a person might look; nearly all offered pairs lie below."""
Json = dict[str, Any]


def record_row(scores: Scores, offered: Offered, labelled: Labelled) -> Json:
    """What a tool reached on pairs of records."""
    matches = offered.matches
    lost = offered.total - int(matches.sum())
    values = scores.values.tolist()
    at_default = quality_at(
        values, matches.tolist(), total=offered.total, threshold=scores.threshold
    )
    top = best(curve(values, matches.tolist(), total=offered.total))
    pairs = max(len(values), 1)
    row: Json = {
        "tool": scores.tool,
        "version": scores.version,
        "settings": scores.settings,
        "threshold": round(scores.threshold, 4),
        "precision": round(at_default.precision, 4),
        "recall": round(at_default.recall, 4),
        "f1": round(at_default.f1, 4),
        "f1_interval": _interval(scores.values >= scores.threshold, matches, lost),
        "best_f1": round(top.f1, 4),
        "best_threshold": round(top.threshold, 3),
        "best_f1_interval": _interval(scores.values >= top.threshold, matches, lost),
        "seconds": round(scores.seconds, 2),
        "pairs_a_second": round(pairs / max(scores.seconds, 1e-9)),
        "explained_us": [round(value, 1) for value in scores.explained_us or ()],
        "peak_mb": scores.peak_mb,
        "recall_at": {str(k): round(recall_at(offered.ranks, k), 4) for k in KS},
        "pairs": len(values),
        "true_pairs": offered.total,
        "calibration_error": None,
        "calibration_error_likely": None,
        "reliability": [],
        "cultures_at_precision": _recall_by_culture(scores, offered, labelled),
        "slices": _slices(scores, offered, labelled, top.threshold),
    }
    if scores.probabilities is not None:
        bins, error = calibration(scores.probabilities.tolist(), matches.tolist())
        row["calibration_error"] = round(error, 5)
        likely = scores.probabilities >= LIKELY
        _, error = calibration(scores.probabilities[likely].tolist(), matches[likely].tolist())
        row["calibration_error_likely"] = round(error, 5)
        row["reliability"] = [
            {"pairs": b.pairs, "said": round(b.said, 4), "true": round(b.true, 4)} for b in bins
        ]
    return row


def _interval(linked: Any, matches: Any, lost: int) -> list[float]:
    low, high = f1_interval(linked.tolist(), matches.tolist(), lost=lost, seed=SEED)
    return [round(low, 4), round(high, 4)]


def _recall_by_culture(scores: Scores, offered: Offered, labelled: Labelled) -> Json:
    """Recall of each naming culture at one threshold for all, where precision is .99."""
    if not labelled.facts:
        return {}
    lowest = threshold_at(scores.values.tolist(), offered.matches.tolist(), precision=PRECISE)
    if lowest is None:
        return {}
    hits = _found(scores, offered, labelled, lowest)
    return _shares((labelled.facts[pair[0]]["culture"], hit) for pair, hit in hits.items())


def _found(
    scores: Scores, offered: Offered, labelled: Labelled, threshold: float
) -> dict[Pair, bool]:
    """Whether each true pair is offered and scores at or above a threshold."""
    linked = {
        tuple(sorted((offered.ids[offered.left[place]], offered.ids[offered.right[place]])))
        for place in np.flatnonzero(offered.matches & (scores.values >= threshold)).tolist()
    }
    return {pair: tuple(sorted(pair)) in linked for pair in labelled.pairs}


def _shares(hits: Iterable[tuple[str, bool]]) -> Json:
    found: dict[str, list[bool]] = defaultdict(list)
    for name, hit in hits:
        found[name].append(hit)
    shares: Json = {}
    for name, values in sorted(found.items()):
        if len(values) >= LEAST_IN_SLICE:
            low, high = bootstrap_interval([float(v) for v in values], seed=SEED)
            share = round(float(np.mean(values)), 4)
            interval = [round(low, 4), round(high, 4)]
            shares[name] = {"true_pairs": len(values), "recall": share, "interval": interval}
    return shares


def _slices(scores: Scores, offered: Offered, labelled: Labelled, threshold: float) -> Json:
    """Recall at a threshold by culture, scripts and what went wrong."""
    if not labelled.facts:
        return {}
    hits = sorted(_found(scores, offered, labelled, threshold).items())
    by_kind: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for pair, hit in hits:
        facts = [labelled.facts[name] for name in pair]
        by_kind["culture"].append((facts[0]["culture"], hit))
        scripts = " and ".join(sorted({fact["script"] for fact in facts}))
        by_kind["script"].append((scripts, hit))
        wrong = {name for fact in facts for name in fact["corruptions"].split("|") if name}
        by_kind["corruption"].extend((name, hit) for name in sorted(wrong) or ["(none)"])
    return {kind: _shares(found) for kind, found in by_kind.items()}


def name_row(scores: NameScores, judged: Sequence[Judged]) -> Json:
    """What a tool reached on judged names, in all and by group, at one threshold for all."""
    matches = [item.same for item in judged]
    total = sum(matches)
    at_default = quality_at(scores.values, matches, total=total, threshold=scores.threshold)
    top = best(curve(scores.values, matches, total=total))
    linked = np.asarray(scores.values) >= top.threshold
    return {
        "tool": scores.tool,
        "version": scores.version,
        "threshold": round(scores.threshold, 4),
        "precision": round(at_default.precision, 4),
        "recall": round(at_default.recall, 4),
        "f1": round(at_default.f1, 4),
        "best_f1": round(top.f1, 4),
        "best_threshold": round(top.threshold, 4),
        "best_f1_interval": _interval(linked, np.asarray(matches), 0),
        "seconds": round(scores.seconds, 2),
        "pairs": len(matches),
        "groups": _groups(scores, judged, top.threshold),
    }


def _groups(scores: NameScores, judged: Sequence[Judged], threshold: float) -> Json:
    places: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(judged):
        places[item.group].append(place)
    found = {}
    for group, here in sorted(places.items()):
        matches = [judged[place].same for place in here]
        values = [scores.values[place] for place in here]
        quality = quality_at(values, matches, total=sum(matches), threshold=threshold)
        found[group] = {"pairs": len(here), "f1": round(quality.f1, 4)}
    return found
