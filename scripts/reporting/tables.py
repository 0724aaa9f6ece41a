"""Tables of runs in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table with a blank line after it."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]


def number(value: float, digits: int = 3) -> str:
    """A share without its leading zero, as the field prints them."""
    return f"{value:.{digits}f}".removeprefix("0") if 0 <= value < 1 else f"{value:.{digits}f}"


def interval(values: Sequence[float]) -> str:
    """Low to high."""
    return f"{number(values[0])} to {number(values[1])}"


def tools(run: Json) -> list[str]:
    """What every tool reached."""
    head = ("tool", "default F1", "precision", "recall", "best F1", "95 % interval", "pairs/s")
    return table(
        head,
        [
            (
                f"{row['tool']} {row['version']}",
                number(row["f1"], 4),
                number(row["precision"]),
                number(row["recall"]),
                number(row["best_f1"], 4),
                interval(row["best_f1_interval"]),
                f"{row['pairs_a_second']:,}",
            )
            for row in run["rows"]
        ],
    )


def provenance(run: Json) -> str:
    """What a run says about itself, in a line."""
    of = f" --size {run['size']} --seed {run['seed']}" if run["seed"] else ""
    others = ",".join(row["tool"] for row in run["rows"][1:])
    against = f" --against {others}" if others else ""
    return (
        f"`scripts/benchmark.py {run['suite']}{of}{against} --out DIR` at commit "
        f"{run['commit'][:10]}, profile `{run['profile']}`, Python {run['python']}, "
        f"{run['machine']['cores']} cores."
    )
