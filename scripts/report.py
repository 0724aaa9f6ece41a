#!/usr/bin/env python3
"""Turn a stored benchmark run into a report: figures, curve, slices, the misses themselves.

A pure function of DIR/run.json and DIR/cases.jsonl: the same run gives the same bytes.

Example:
    scripts/report.py var/benchmark
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.evaluation.metrics import bootstrap_interval, calibration, curve
from matching.profile import load_profile

SHOWN_ERRORS = 40
LEAST_IN_SLICE = 10
SEED = 1
Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Write report.md and curve.svg beside the run; 2 when there is none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=Path)
    folder: Path = parser.parse_args(arguments).dir
    try:
        run = json.loads((folder / "run.json").read_text("utf-8"))
        lines = (folder / "cases.jsonl").read_text("utf-8").splitlines()
    except OSError:
        print(f"report: {folder}: holds no run of scripts/benchmark.py", file=sys.stderr)
        return 2
    cases = [json.loads(line) for line in lines]
    _plot(folder / "curve.svg", run, cases)
    text = "\n".join(
        [
            *_head(run),
            *_losses(run, cases),
            *_slices(run, cases),
            *_reliability(cases),
            *_errors(run, cases),
        ]
    )
    (folder / "report.md").write_text(text + "\n", encoding="utf-8")
    print(folder / "report.md")
    return 0


def _plot(path: Path, run: Json, cases: list[Json]) -> None:
    mpl.rcParams["svg.hashsalt"] = "empd"
    figure, axes = plt.subplots(figsize=(6, 5))
    total = run["rows"][0]["true_pairs"]
    for row, style in zip(run["rows"], ("-", "--", ":"), strict=False):
        seen = [case for case in cases if case["retrieved"]]
        points = curve(
            [case["scores"][row["tool"]] for case in seen],
            [case["match"] for case in seen],
            total=total,
        )
        axes.plot(
            [p.recall for p in points], [p.precision for p in points], style, label=row["tool"]
        )
        axes.plot(row["recall"], row["precision"], "o", color=axes.lines[-1].get_color())
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
    axes.set_title(f"{run['suite']}: pairs, default threshold marked")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


def _head(run: Json) -> list[str]:
    seed = f", seed {run['seed']}, {run['size']} cases" if run["seed"] else ""
    lines = [
        f"# Benchmark {run['suite']}{seed}",
        "",
        (
            f"Commit {run['commit']}, profile {run['profile']}, Python {run['python']}, "
            f"{run['machine']['cores']} cores, {run['candidates']} candidates for all tools."
        ),
        "",
        "| tool | threshold | precision | recall | F1 | best F1 | µs a pair |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['tool']} {r['version']} | {r['threshold']} | {r['precision']} | {r['recall']} | "
        f"{r['f1']} | {r['best_f1']} | {r['microseconds_a_pair']} |"
        for r in run["rows"]
    ]
    recall = ", ".join(f"@{k} {v}" for k, v in run["rows"][0]["recall_at"].items())
    return [
        *lines,
        "",
        f"Retrieval recall: {recall}.",
        "",
        "![Precision and recall](curve.svg)",
        "",
    ]


def _ours(run: Json) -> Json:
    row: Json = run["rows"][0]
    return row


def _losses(run: Json, cases: list[Json]) -> list[str]:
    row = _ours(run)
    true = [case for case in cases if case["match"]]
    lost = sum(not case["retrieved"] for case in true)
    low = sum(case["retrieved"] and case["scores"][row["tool"]] < row["threshold"] for case in true)
    hit = [float(_found(case, row)) for case in true]
    interval = bootstrap_interval(hit, seed=SEED)
    return [
        "## Where true pairs are lost",
        "",
        (
            f"Of {len(true)} true pairs retrieval lost {lost} and scoring {low}. "
            f"Recall {row['recall']}, 95 % interval {interval[0]:.4f} to {interval[1]:.4f}."
        ),
        "",
    ]


def _found(case: Json, row: Json) -> bool:
    return bool(case["retrieved"] and case["scores"][row["tool"]] >= row["threshold"])


def _slices(run: Json, cases: list[Json]) -> list[str]:
    row = _ours(run)
    groups: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in cases:
        if not case["match"] or not case["facts"][0]:
            continue
        found = _found(case, row)
        groups["culture", case["facts"][0]["culture"]].append(found)
        scripts = " and ".join(sorted({fact["script"] for fact in case["facts"]}))
        groups["script", scripts].append(found)
        for name in {c for fact in case["facts"] for c in fact["corruptions"].split("|") if c}:
            groups["corruption", name].append(found)
    if not groups:
        return []
    lines = [
        "## Recall by slice",
        "",
        "| slice | value | true pairs | recall | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for (kind, value), hits in sorted(groups.items()):
        if len(hits) >= LEAST_IN_SLICE:
            low, high = bootstrap_interval([float(hit) for hit in hits], seed=SEED)
            share = sum(hits) / len(hits)
            lines.append(
                f"| {kind} | {value} | {len(hits)} | {share:.3f} | {low:.3f} to {high:.3f} |"
            )
    return [*lines, ""]


def _reliability(cases: list[Json]) -> list[str]:
    profile = load_profile()
    seen = [case for case in cases if case["retrieved"]]
    bins, error = calibration(
        [profile.probability(case["scores"]["empd"]) for case in seen],
        [case["match"] for case in seen],
    )
    lines = [
        "## Calibration",
        "",
        f"Expected calibration error {error:.4f} over the {len(seen)} candidate pairs.",
        "",
        "| probability said | pairs | mean said | share true |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {b.low:.1f} to {b.high:.1f} | {b.pairs} | {b.said:.3f} | {b.true:.3f} |" for b in bins
    ]
    return [*lines, ""]


def _errors(run: Json, cases: list[Json]) -> list[str]:
    row = _ours(run)
    name = row["tool"]
    missed = sorted(
        (case for case in cases if case["match"] and not _found(case, row)),
        key=lambda case: (case["scores"][name], case["left"]),
    )
    false = sorted(
        (case for case in cases if not case["match"] and _found(case, row)),
        key=lambda case: (-case["scores"][name], case["left"]),
    )
    lines = []
    for title, found in (("The misses", missed), ("The false links", false)):
        lines += [
            f"## {title}",
            "",
            f"{len(found)} in all; the worst {min(len(found), SHOWN_ERRORS)}:",
            "",
            "| left | right | bits | retrieved | known |",
            "|---|---|---|---|---|",
        ]
        for case in found[:SHOWN_ERRORS]:
            known = "; ".join(
                fact.get("corruptions", "").replace("|", ", ") for fact in case["facts"]
            )
            retrieved = "yes" if case["retrieved"] else "no"
            score = case["scores"][name]
            lines.append(
                f"| {case['left']} | {case['right']} | {score:.1f} | {retrieved} | {known} |"
            )
        lines.append("")
    return lines


if __name__ == "__main__":
    sys.exit(main())
