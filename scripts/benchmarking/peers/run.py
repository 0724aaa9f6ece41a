#!/usr/bin/env python3
"""Run one peer tool on files: records and pairs, or pairs of names, to scores.

Needs .venv-peers, which scripts/peers makes.

Example:
    .venv-peers/bin/python scripts/benchmarking/peers/run.py splink_stock \
        --records R.jsonl --pairs P.csv --out S.json
    .venv-peers/bin/python scripts/benchmarking/peers/run.py wratio --names N.csv --out S.json
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from scripts.benchmarking.peers.inputs import Pair, Scored

PACKAGE = "scripts.benchmarking.peers"
RECORD_TOOLS = (
    "splink_stock",
    "splink_tuned",
    "recordlinkage_ecm",
    "nomenklatura_logic",
    "rapidfuzz_levels",
)
NAME_TOOLS = {
    "nomenklatura_logic": ("nomenklatura_logic", "score_names"),
    "wratio": ("string_similarity", "wratio"),
    "jarowinkler": ("string_similarity", "jaro_winkler"),
}
KB_A_MB = 1024


def main(argv: list[str] | None = None) -> int:
    """Score and write; an unusable input is a usage error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tool", choices=sorted({*RECORD_TOOLS, *NAME_TOOLS}))
    parser.add_argument("--records", type=Path, metavar="R.jsonl")
    parser.add_argument("--pairs", type=Path, metavar="P.csv")
    parser.add_argument("--names", type=Path, metavar="N.csv", help="score names, not records")
    parser.add_argument("--out", type=Path, metavar="S.json", required=True)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args(argv)
    tool: str = arguments.tool
    if arguments.names:
        if tool not in NAME_TOOLS:
            parser.error(f"{tool} does not score names alone")
        module, function = NAME_TOOLS[tool]
        score = getattr(import_module(f"{PACKAGE}.{module}"), function)
        work = partial(score, _pairs(arguments.names))
    else:
        if tool not in RECORD_TOOLS or not (arguments.records and arguments.pairs):
            parser.error(
                f"{tool} needs " + ("--records and --pairs" if tool in RECORD_TOOLS else "--names")
            )
        score = import_module(f"{PACKAGE}.{tool}").score
        with arguments.records.open(encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        work = partial(score, records, _pairs(arguments.pairs), arguments.seed)
    arguments.out.write_text(json.dumps(_timed(tool, work), allow_nan=False) + "\n", "utf-8")
    return 0


def _timed(tool: str, work: Callable[[], Scored]) -> dict[str, object]:
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    return {
        "tool": tool,
        "version": result.version,
        "threshold": result.threshold,
        "scores": result.scores,
        "seconds": round(seconds, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KB_A_MB,
        "settings": result.settings,
    }


def _pairs(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["left"], row["right"]) for row in csv.DictReader(file)]


if __name__ == "__main__":
    sys.exit(main())
