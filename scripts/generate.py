#!/usr/bin/env python3
"""Write a synthetic population as files of persons, with the truth beside it.

Example:
    scripts/generate.py --size 20000 --seed 1 --out var/population
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fixtures.population import TODAY, VERSION, generate
from fixtures.population.files import write_population

LARGEST = 10_000_000
"""More cases than EMPD is measured for: a guard against a slip of the keyboard."""


def main(arguments: list[str] | None = None) -> int:
    """Generate; 0 when done, 2 for wrong use."""
    options = _options(arguments)
    out: Path = options.out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"generate: --out: {error.strerror}", file=sys.stderr)
        return 2
    run = _run(options, out)
    (out / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps(run))
    else:
        print(f"{run['counts']['cases']} cases of {run['counts']['persons']} persons in {out}")
    return 0


def _run(options: argparse.Namespace, out: Path) -> dict[str, Any]:
    population = generate(options.size, options.seed, options.today)
    columns = (TextColumn("generating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("generating", total=options.size)
        counts = write_population(
            population, out, lambda done: progress.update(task, completed=done)
        )
    return {
        "seed": options.seed,
        "size": options.size,
        "today": options.today.isoformat(),
        "generator_version": VERSION,
        "python": sys.version.split()[0],
        "synthetic": True,
        "counts": counts.as_json(),
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=_size, required=True, help="number of cases")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same cases (default 1)")
    parser.add_argument("--out", type=Path, required=True, help="directory, made if missing")
    parser.add_argument(
        "--today", type=_day, default=TODAY, help=f"day looked back from (default {TODAY})"
    )
    parser.add_argument("--json", action="store_true", help="print run.json on stdout")
    return parser.parse_args(arguments)


def _size(text: str) -> int:
    size = int(text)
    if not 0 < size <= LARGEST:
        raise argparse.ArgumentTypeError(f"lies between 1 and {LARGEST}")
    return size


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("is a day written YYYY-MM-DD") from None


if __name__ == "__main__":
    sys.exit(main())
