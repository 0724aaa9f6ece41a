"""The report of one run: pictures, tables, the misses themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.reporting.pictures import precision_recall, reliability
from scripts.reporting.tables import interval, number, provenance, table, tools

SHOWN_ERRORS = 40
Json = dict[str, Any]


def write_report(folder: Path) -> Path:
    """Write report.md and its pictures beside a run.

    Args:
        folder: Holds run.json and cases.jsonl.

    Raises:
        OSError: If it does not.
    """
    run = json.loads((folder / "run.json").read_text("utf-8"))
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    lines = [f"# Benchmark {run['suite']}", "", provenance(run), ""]
    lines += _names(run, cases) if run["suite"] == "names" else _records(folder, run, cases)
    target = folder / "report.md"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def _records(folder: Path, run: Json, cases: list[Json]) -> list[str]:
    precision_recall(folder / "curve.svg", run, cases)
    calibrated = [row for row in run["rows"] if row["reliability"]]
    reliability(folder / "reliability.svg", calibrated)
    row = run["rows"][0]
    recall = ", ".join(f"@{k} {number(v, 4)}" for k, v in row["recall_at"].items())
    lines = [
        *tools(run),
        f"Retrieval recall: {recall}. Calibration error {row['calibration_error']}.",
        "",
        "![Precision and recall](curve.svg) ![Reliability](reliability.svg)",
        "",
    ]
    for kind, found in row["slices"].items():
        lines += [f"## Recall by {kind}", "", *_shares(kind, found)] if found else []
    return lines + _errors(row, cases)


def _shares(kind: str, found: Json) -> list[str]:
    return table(
        (kind, "true pairs", "recall", "95 % interval"),
        [
            (name, item["true_pairs"], number(item["recall"]), interval(item["interval"]))
            for name, item in found.items()
        ],
    )


def _errors(row: Json, cases: list[Json]) -> list[str]:
    tool, threshold = row["tool"], row["threshold"]

    def linked(case: Json) -> bool:
        return bool(case["retrieved"] and case["scores"][tool] >= threshold)

    missed = [case for case in cases if case["match"] and not linked(case)]
    false = [case for case in cases if not case["match"] and linked(case)]
    missed.sort(key=lambda case: (case["scores"].get(tool, -999.0), case["left"]))
    false.sort(key=lambda case: (-case["scores"][tool], case["left"]))
    lines = []
    for title, found in (("The misses", missed), ("The false links", false)):
        lines += [f"## {title}", "", f"{len(found)} in all; the worst:", ""]
        lines += table(
            ("left", "right", "bits", "known"),
            [
                (
                    case["left"],
                    case["right"],
                    f"{case['scores'][tool]:.1f}" if case["retrieved"] else "not retrieved",
                    "; ".join(f.get("corruptions", "").replace("|", ", ") for f in case["facts"]),
                )
                for case in found[:SHOWN_ERRORS]
            ],
        )
    return lines


def _names(run: Json, cases: list[Json]) -> list[str]:
    row = run["rows"][0]
    lines = table(
        ("tool", "best F1", "95 % interval", "default F1"),
        [
            (r["tool"], number(r["best_f1"]), interval(r["best_f1_interval"]), number(r["f1"]))
            for r in run["rows"]
        ],
    )
    lines += name_groups(run)
    wrong = [
        case
        for case in cases
        if (case["scores"][row["tool"]] >= row["best_threshold"]) != case["match"]
    ]
    lines += [f"## What EMPD got wrong, {len(wrong)} pairs", ""]
    return lines + table(
        ("group", "left", "right", "kind", "bits"),
        [
            (c["group"], c["left"], c["right"], c["kind"], f"{c['scores'][row['tool']]:.1f}")
            for c in sorted(wrong, key=lambda c: (c["group"], c["left"]))
        ],
    )


def name_groups(run: Json) -> list[str]:
    """F1 of every tool in every group of scripts, at the tool's best single threshold."""
    groups = list(run["rows"][0]["groups"])
    return table(
        ("script group", "pairs", *(row["tool"] for row in run["rows"])),
        [
            (
                group,
                run["rows"][0]["groups"][group]["pairs"],
                *(number(row["groups"][group]["f1"]) for row in run["rows"]),
            )
            for group in groups
        ],
    )
