"""Pictures of runs as SVG, the same bytes for the same run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from matching.evaluation.metrics import curve

Json = dict[str, Any]
STYLES = ("-", "--", ":", "-.", (0, (3, 1, 1, 1)), (0, (5, 1)), (0, (1, 1)), (0, (3, 5, 1, 5)))
MARKERS = "os^vD*PXph<>8d"


def precision_recall(path: Path, run: Json, cases: Sequence[Json]) -> None:
    """Precision over recall of every tool, default thresholds marked."""
    figure, axes = _axes("recall", "precision")
    total = run["rows"][0]["true_pairs"]
    seen = [case for case in cases if case["retrieved"]]
    for row, style in zip(run["rows"], STYLES, strict=False):
        points = curve(
            [case["scores"][row["tool"]] for case in seen],
            [case["match"] for case in seen],
            total=total,
        )
        x, y = [p.recall for p in points], [p.precision for p in points]
        axes.plot(x, y, linestyle=style, label=row["tool"])
        axes.plot(row["recall"], row["precision"], "o", color=axes.lines[-1].get_color())
    axes.set_title(f"{run['suite']}: pairs, default threshold marked")
    _save(figure, axes, path)


def reliability(path: Path, rows: Sequence[Json]) -> None:
    """What was said against what was true, for tools that give probabilities."""
    figure, axes = _axes("probability said", "share true")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for row, style in zip(rows, STYLES, strict=False):
        said = [item["said"] for item in row["reliability"]]
        true = [item["true"] for item in row["reliability"]]
        axes.plot(said, true, linestyle=style, marker="o", label=row["tool"])
    axes.set_title("Reliability of probabilities")
    _save(figure, axes, path)


def best_f1(path: Path, runs: Sequence[Json]) -> None:
    """Best F1 of every tool in every suite, with intervals."""
    tools = list(dict.fromkeys(row["tool"] for run in runs for row in run["rows"]))
    figure, axes = _axes("best F1 of pairs", "")
    height = 0.8 / max(len(runs), 1)
    for place, run in enumerate(runs):
        rows = {row["tool"]: row for row in run["rows"]}
        at = [tools.index(tool) + place * height for tool in rows]
        values = [row["best_f1"] for row in rows.values()]
        low = [row["best_f1"] - row["best_f1_interval"][0] for row in rows.values()]
        high = [row["best_f1_interval"][1] - row["best_f1"] for row in rows.values()]
        spread = [[max(v, 0.0) for v in low], [max(v, 0.0) for v in high]]
        axes.barh(at, values, height=height, xerr=spread, label=run["suite"])
    axes.set_yticks([n + 0.4 - height / 2 for n in range(len(tools))], tools)
    axes.set_ylim(-0.5, len(tools))
    axes.invert_yaxis()
    _save(figure, axes, path)


def recall_latency(path: Path, run: Json, at: str, *, kind: str) -> None:
    """Recall within `at` candidates over the 95th percentile of wall time, of every contender."""
    figure, axes = _axes(f"95th percentile, ms ({kind})", f"recall within {at} candidates")
    axes.set(xlim=(1, 10), xscale="log")
    axes.autoscale()
    for place, row in enumerate(run["rows"]):
        found = row["kinds"][kind]
        if at not in found["recall_at"] or not found["questions"]:
            continue
        share = found["recall_at"][at]
        spread = [
            [share["recall"] - share["interval"][0]],
            [share["interval"][1] - share["recall"]],
        ]
        spread = [[max(value, 0.0) for value in side] for side in spread]
        marker = MARKERS[place % len(MARKERS)]
        where = found["wall_ms"]["95"], share["recall"]
        axes.errorbar(*where, yerr=spread, fmt=marker, capsize=2, label=row["contender"])
    axes.set_title(f"{run['size']:,} cases: candidates of one query")
    # Beside the axes: fifteen names would hide what they stand for.
    _save(figure, axes, path, loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _axes(x: str, y: str) -> tuple[Any, Any]:
    mpl.rcParams["svg.hashsalt"] = "empd"
    figure, axes = plt.subplots(figsize=(7, 5))
    axes.set(xlabel=x, ylabel=y, xlim=(0, 1.01), ylim=(0, 1.02))
    axes.grid(visible=True, alpha=0.3)
    return figure, axes


def _save(figure: Any, axes: Any, path: Path, **legend: Any) -> None:
    axes.legend(fontsize="small", **legend)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
