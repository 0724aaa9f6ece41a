#!/usr/bin/env python3
"""Measure matching on a labelled set beside other tools; every single case is kept.

All tools score the same pairs, those that our retrieval offers. The peers live in an
environment of their own: run scripts/peers once, then name them in --against.

Example:
    scripts/benchmark.py population --size 5000 --out var/population
    scripts/benchmark.py febrl4 --against empd_em,splink_stock,splink_tuned --out var/febrl4
    scripts/benchmark.py names --against nomenklatura_logic,wratio,jarowinkler --out var/names
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.profile import load_profile, parse_profile
from scripts.benchmarking.judged import NAME_TOOLS, judged_pairs
from scripts.benchmarking.measures import name_row, record_row
from scripts.benchmarking.offers import CANDIDATES, Offered, offer
from scripts.benchmarking.peering import PeersMissing
from scripts.benchmarking.sets import Labelled, febrl3, febrl4, population
from scripts.benchmarking.tools import TOOLS, Scores

ROOT = Path(__file__).resolve().parent.parent
TEST_SEED = 9001
"""Never used for tuning; train seeds are those below 1,000."""
LEAST_SIZE = 100
"""Smaller populations may hold no true pair at all."""
_console = Console(stderr=True)
Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Run a suite; 0 when done, 2 for wrong use."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        run = _names(options) if options.suite == "names" else _records(options)
    except PeersMissing as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    print(json.dumps(run) if options.json else _table(run["rows"]))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("suite", choices=["febrl3", "febrl4", "population", "names"])
    parser.add_argument("--against", default="", help="tools to run beside ours, with commas")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=TEST_SEED)
    parser.add_argument("--profile", type=Path, help="TOML; left out, the shipped one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.size < LEAST_SIZE or options.seed < 0:
        parser.error(f"--size is {LEAST_SIZE} at least, --seed not below 0")
    if options.out.exists() and not options.out.is_dir():
        parser.error(f"{options.out} is no folder")
    try:
        given = options.profile
        options.profile = parse_profile(given.read_bytes()) if given else load_profile()
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"--profile cannot be used: {error}")
    known: dict[str, Any] = NAME_TOOLS if options.suite == "names" else TOOLS
    asked = [name for name in options.against.split(",") if name]
    unknown = sorted(set(asked) - set(known))
    if unknown:
        parser.error(f"no such tool: {', '.join(unknown)}; there are {', '.join(known)}")
    options.tools = ["empd", *(name for name in asked if name != "empd")]
    return options


def _records(options: argparse.Namespace) -> Json:
    suites = {"febrl3": febrl3, "febrl4": febrl4}
    chosen = suites.get(options.suite)
    labelled = chosen() if chosen else population(options.size, options.seed)
    _console.print("asking the index ...")
    offered = offer(labelled, options.profile)
    found: list[Scores] = []
    for name in options.tools:
        _console.print(f"{name} scores {len(offered.left)} pairs ...")
        found.append(TOOLS[name](offered))
    rows = [record_row(scores, offered, labelled) for scores in found]
    run = {**_facts(options), "candidates": CANDIDATES, "rows": rows}
    _write(options.out, run, _record_cases(offered, labelled, found))
    return run


def _names(options: argparse.Namespace) -> Json:
    judged = judged_pairs()
    pairs = [(item.left, item.right) for item in judged]
    found = [NAME_TOOLS[name](pairs, options.profile) for name in options.tools]
    run = {**_facts(options), "rows": [name_row(scores, judged) for scores in found]}
    cases = [
        {
            "group": item.group,
            "left": item.left,
            "right": item.right,
            "match": item.same,
            "kind": item.kind,
            "scores": {scores.tool: round(scores.values[place], 4) for scores in found},
        }
        for place, item in enumerate(judged)
    ]
    _write(options.out, run, cases)
    return run


def _record_cases(offered: Offered, labelled: Labelled, found: list[Scores]) -> list[Json]:
    cases: list[Json] = []
    scored = zip(offered.left.tolist(), offered.right.tolist(), strict=True)
    for place, (left, right) in enumerate(scored):
        names = (offered.ids[left], offered.ids[right])
        scores = {item.tool: round(float(item.values[place]), 3) for item in found}
        said = {
            item.tool: round(float(item.probabilities[place]), 5)
            for item in found
            if item.probabilities is not None
        }
        cases.append(_case(names, labelled, scores, said))
    seen = {tuple(sorted((case["left"], case["right"]))) for case in cases}
    lost = sorted(pair for pair in labelled.pairs if tuple(sorted(pair)) not in seen)
    return cases + [_case(pair, labelled, None, None) for pair in lost]


def _case(
    names: tuple[str, str], labelled: Labelled, scores: Json | None, said: Json | None
) -> Json:
    left, right = sorted(names)
    return {
        "left": left,
        "right": right,
        "match": (left, right) in labelled.pairs,
        "retrieved": scores is not None,
        "scores": scores or {},
        "probabilities": said or {},
        "facts": [labelled.facts.get(name, {}) for name in (left, right)],
    }


def _facts(options: argparse.Namespace) -> Json:
    is_population = options.suite == "population"
    return {
        "suite": options.suite,
        "seed": options.seed if is_population else None,
        "size": options.size if is_population else None,
        "profile": options.profile.id,
        **run_facts(),
    }


def run_facts() -> Json:
    """What every run must say about itself, so that it can be run again."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "commit": commit,
        "python": platform.python_version(),
        "machine": {"system": platform.system(), "cores": os.cpu_count()},
    }


def _write(out: Path, run: Json, cases: list[Json]) -> None:
    (out / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    with (out / "cases.jsonl").open("w", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


def _table(rows: list[Json]) -> str:
    names = ("tool", "precision", "recall", "f1", "best_f1", "seconds")
    lines = ["  ".join(f"{name:>18}" for name in names)]
    lines += ["  ".join(f"{row[name]!s:>18}" for name in names) for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
