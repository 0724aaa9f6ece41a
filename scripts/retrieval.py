#!/usr/bin/env python3
"""Measure how well and how fast candidates of one query are found in a large collection.

Every contender, EMPD's adapters and rivals, loads the same cases in a process of its own and
is asked the same questions; every single answer is kept. Collections are made once and kept
under --cache. Tune on seeds below 1,000 only.

Example:
    scripts/retrieval.py --size 20000 --seed 11 --only memory --out var/retrieval/trial
    scripts/retrieval.py --size 1000000 --out var/retrieval/1m
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.retrieval import SCHEMA
from scripts.benchmark import LEAST_SIZE, TEST_SEED, run_facts
from scripts.benchmarking.retrieval.collection import Collection, prepare
from scripts.benchmarking.retrieval.contenders import CEILINGS, CONTENDERS
from scripts.benchmarking.retrieval.figures import KS, row_of
from scripts.benchmarking.retrieval.questions import Question, Questions, in_words, make_questions
from scripts.benchmarking.retrieval.trial import Task, run_trial

CACHE = Path(__file__).resolve().parent.parent / "var" / "retrieval"
_console = Console(stderr=True)
Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Run the trials; 0 when done, 1 when a contender failed, 2 for wrong use."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    collection = prepare(options.cache, options.size, options.seed)
    path, questions = _questions(collection, options.queries)
    collection.prepare_entries()
    trials: list[Json] = []
    failed: list[str] = []
    for name in options.contenders:
        _console.print(f"{name} ...")
        task = Task(name, collection, path, options.limit, options.seconds)
        try:
            trials.append(_trial(task))
        except Exception as error:  # noqa: BLE001 - an hour of others must not be lost with one
            _console.print(f"{name} failed: {type(error).__name__}: {error}", style="red")
            failed.append(name)
        # After each, so that a run that is broken off keeps what it has.
        run = _run(options, questions, trials, failed)
        _write(options.out, run, questions.items, trials)
    print(json.dumps(run) if options.json else _table(run["rows"]))
    return 1 if failed else 0


def _run(
    options: argparse.Namespace, questions: Questions, trials: list[Json], failed: list[str]
) -> Json:
    return {
        "suite": "retrieval",
        "size": options.size,
        "seed": options.seed,
        **run_facts(),
        "schema": SCHEMA,
        "queries": options.queries,
        "limit": options.limit,
        "seconds": options.seconds,
        "nameless": round(questions.nameless, 4),
        "beside": options.beside,
        "failed": failed,
        "rows": [row_of(trial, questions.items, options.limit) for trial in trials],
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=20_000, help="cases in the collection")
    parser.add_argument("--seed", type=int, default=TEST_SEED)
    parser.add_argument("--queries", type=int, default=1_000, help="of each kind")
    parser.add_argument("--limit", type=int, default=1_000, help="candidates asked for")
    parser.add_argument("--seconds", type=float, default=300.0, help="of questions, a contender")
    parser.add_argument(
        "--only", default="", help="contenders, with commas; left out, all but ceilings"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="where collections are kept")
    parser.add_argument("--beside", default="", help="what else ran on the machine, for the record")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.size < LEAST_SIZE or options.seed < 0 or min(options.queries, options.limit) < 1:
        parser.error(f"--size is {LEAST_SIZE} at least, --seed not below 0, the others not below 1")
    if options.out.exists() and not options.out.is_dir():
        parser.error(f"{options.out} is no folder")
    asked = [name for name in options.only.split(",") if name]
    options.contenders = asked or [name for name in CONTENDERS if name not in CEILINGS]
    unknown = sorted(set(options.contenders) - set(CONTENDERS))
    if unknown:
        parser.error(f"no such contender: {', '.join(unknown)}; there are {', '.join(CONTENDERS)}")
    return options


def _questions(collection: Collection, count: int) -> tuple[Path, Questions]:
    """The questions, and the file from which trials read them."""
    _console.print(f"questions, {count:,} of each kind ...")
    questions = make_questions(collection, count)
    path = collection.folder / f"questions-{count}.pickle"
    path.write_bytes(pickle.dumps(questions.items))
    return path, questions


def _trial(task: Task) -> Json:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run_trial, task).result()


def _write(out: Path, run: Json, questions: tuple[Question, ...], trials: list[Json]) -> None:
    # Without blanks: slices of many contenders would fill half a megabyte otherwise.
    text = json.dumps(run, separators=(",", ":"))
    (out / "run.json").write_text(text + "\n", encoding="utf-8")
    ranks = [{a["question"]: a for a in trial["answers"]} for trial in trials]
    with (out / "cases.jsonl").open("w", encoding="utf-8") as file:
        for number, question in enumerate(questions):
            case = {
                "kind": question.kind,
                "asked": in_words(question.record),
                "held": in_words(question.held),
                "target": question.target,
                "exclude": sorted(question.exclude),
                "culture": question.culture,
                "script": question.script,
                "corruptions": question.corruptions,
                "answers": {
                    trial["contender"]: {k: v for k, v in found[number].items() if k != "question"}
                    for trial, found in zip(trials, ranks, strict=True)
                    if number in found
                },
            }
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


def _table(rows: list[Json]) -> str:
    ks = " ".join(f"{f'@{k}':>6}" for k in KS)
    head = f"{'contender':>24} {'kind':>13} {'n':>6} {ks}"
    lines = [head + "   wall p50/p95/p99 ms    cpu p50/p95 ms  build s      MB"]
    for row in rows:
        for kind, found in row["kinds"].items():
            recall = " ".join(f"{item['recall']:6.4f}" for item in found["recall_at"].values())
            wall = "/".join(f"{value}" for value in found["wall_ms"].values())
            cpu = "/".join(f"{found['cpu_ms'][p]}" for p in ("50", "95"))
            lines.append(
                f"{row['contender']:>24} {kind:>13} {found['questions']:>6} {recall}   {wall:>20} "
                f"{cpu:>17} {row['build_seconds']:>8} {row['memory_mb']:>7}"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
