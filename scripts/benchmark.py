#!/usr/bin/env python3
"""Measure matching on a labelled set beside a baseline; single cases are kept.

Example:
    scripts/benchmark.py population --size 5000 --out var/benchmark
    scripts/benchmark.py febrl4 --out var/febrl4 --json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.evaluation.metrics import best, curve, quality_at, recall_at
from matching.profile import load_profile
from matching.retrieval import index_entry
from scripts.benchmarking.sets import Labelled, Pair, febrl4, population
from scripts.benchmarking.tools import Tool, baseline, ours
from service.index.base import Scope
from service.index.memory import MemoryIndex
from service.linkage import record_tokens

ROOT = Path(__file__).resolve().parent.parent
CANDIDATES = 30
TEST_SEED = 9001
"""Never used for tuning; train seeds are those below 1,000."""
KS = (1, 3, 10, 30)
KB_PER_MB = 1024


def main(arguments: list[str] | None = None) -> int:
    """Run a suite; 0 when done, 2 for wrong use."""
    options = _options(arguments)
    labelled = febrl4() if options.suite == "febrl4" else population(options.size, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    index = MemoryIndex()
    ids = sorted(labelled.records)
    index.upsert(index_entry(number, labelled.records[name]) for number, name in enumerate(ids))
    offered, ranks = _candidates(labelled, index, ids)
    frequencies = index.frequencies(record_tokens(labelled.records.values()))
    tools = [ours(load_profile(), frequencies)]
    if "rapidfuzz" in options.against.split(","):
        tools.append(baseline())
    pairs = sorted(offered | labelled.pairs)
    scores, rows = {}, []
    for tool in tools:
        started = time.perf_counter()
        scores[tool.name] = [
            tool.score(labelled.records[left], labelled.records[right])
            for left, right in track(
                pairs, description=tool.name, console=Console(stderr=True), disable=options.json
            )
        ]
        seconds = time.perf_counter() - started
        rows.append(_row(tool, scores[tool.name], pairs, labelled, offered, ranks, seconds))
    run = _run(options, rows)
    _write(options.out, run, pairs, scores, labelled, offered)
    print(json.dumps(run) if options.json else _table(rows))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=["febrl4", "population"])
    parser.add_argument("--against", default="rapidfuzz", help="tools to run beside ours")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=TEST_SEED)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def _candidates(
    labelled: Labelled, index: MemoryIndex, ids: list[str]
) -> tuple[set[Pair], list[int | None]]:
    """Pairs that retrieval offers, and the rank of each true partner, from both sides."""
    partners: dict[str, set[str]] = {}
    for left, right in labelled.pairs:
        partners.setdefault(left, set()).add(right)
        partners.setdefault(right, set()).add(left)
    offered: set[Pair] = set()
    ranks: list[int | None] = []
    for number, name in enumerate(ids):
        record = labelled.records[name]
        kinds = frozenset[str]()
        if labelled.linked_sides:
            kinds = frozenset({"encountered" if record.kind == "missing" else "missing"})
        scope = Scope(kinds=kinds, exclude=frozenset({number}))
        found = [ids[item.case_id] for item in index.candidates(record, scope, CANDIDATES).items]
        offered.update((min(name, other), max(name, other)) for other in found)
        place = {other: rank for rank, other in enumerate(found)}
        ranks.extend(place.get(partner) for partner in sorted(partners.get(name, ())))
    return offered, ranks


def _row(  # noqa: PLR0913 - a row of a table has as many facts
    tool: Tool,
    scores: list[float],
    pairs: list[Pair],
    labelled: Labelled,
    offered: set[Pair],
    ranks: list[int | None],
    seconds: float,
) -> dict[str, Any]:
    seen = [
        (score, pair in labelled.pairs)
        for score, pair in zip(scores, pairs, strict=True)
        if pair in offered
    ]
    weights, matches = [item[0] for item in seen], [item[1] for item in seen]
    total = len(labelled.pairs)
    at_default = quality_at(weights, matches, total=total, threshold=tool.threshold)
    top = best(curve(weights, matches, total=total))
    return {
        "tool": tool.name,
        "version": tool.version,
        "precision": round(at_default.precision, 4),
        "recall": round(at_default.recall, 4),
        "f1": round(at_default.f1, 4),
        "threshold": tool.threshold,
        "best_f1": round(top.f1, 4),
        "best_threshold": round(top.threshold, 2),
        "seconds": round(seconds, 2),
        "microseconds_a_pair": round(seconds / max(len(pairs), 1) * 1e6, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KB_PER_MB,
        "recall_at": {str(k): round(recall_at(ranks, k), 4) for k in KS},
        "pairs": len(pairs),
        "true_pairs": total,
    }


def _run(options: argparse.Namespace, rows: list[dict[str, Any]]) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "suite": options.suite,
        "seed": options.seed if options.suite == "population" else None,
        "size": options.size if options.suite == "population" else None,
        "commit": commit,
        "profile": load_profile().id,
        "python": platform.python_version(),
        "machine": {"system": platform.system(), "cores": os.cpu_count()},
        "candidates": CANDIDATES,
        "rows": rows,
    }


def _write(  # noqa: PLR0913 - all that a run leaves behind
    out: Path,
    run: dict[str, Any],
    pairs: list[Pair],
    scores: dict[str, list[float]],
    labelled: Labelled,
    offered: set[Pair],
) -> None:
    (out / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    with (out / "cases.jsonl").open("w", encoding="utf-8") as file:
        for number, pair in enumerate(pairs):
            case = {
                "left": pair[0],
                "right": pair[1],
                "match": pair in labelled.pairs,
                "retrieved": pair in offered,
                "scores": {name: round(found[number], 3) for name, found in scores.items()},
                "facts": [labelled.facts.get(name, {}) for name in pair],
            }
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


def _table(rows: list[dict[str, Any]]) -> str:
    names = ("tool", "precision", "recall", "f1", "best_f1", "microseconds_a_pair")
    lines = ["  ".join(f"{name:>12}" for name in names)]
    lines += ["  ".join(f"{row[name]!s:>12}" for name in names) for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
