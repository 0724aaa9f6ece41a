#!/usr/bin/env python3
"""Put searches and registrations to a served EMPD and measure how fast it answers.

The questions are drawn from the collection's own rows, with slips. Registrations stay in the
store: load a copy. The credentials are a JSON object with `client_id` and `client_secret`,
as `empd client add --json` gives them, of a client with the scopes case:write and search.

Example:
    scripts/load.py --url http://127.0.0.1:8000 --cases var/population/cases.jsonl
        --credentials var/client.json --searches 500 --clients 8 --out var/load
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.loading.clients import Answers, Refused, Server, ask
from scripts.loading.questions import read_rows, registrations, searches

ROOT = Path(__file__).resolve().parent.parent
SLOW_SECONDS = 0.150
"""The share of answers above this is told: the tail an officer notices."""
LIBRARIES = ("fastapi", "uvicorn", "sqlalchemy", "numpy", "rapidfuzz", "pydantic")
_console = Console(stderr=True)
Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Measure; 0 when all was answered, 1 when something failed, 2 for wrong use."""
    options = _options(arguments)
    try:
        credentials = json.loads(options.credentials.read_text("utf-8"))
        server = Server(options.url, credentials["client_id"], credentials["client_secret"])
        rows = read_rows(options.cases)
        run = _run(options, server, rows)
    except (OSError, ValueError, KeyError, Refused) as error:
        print(f"load: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(run) if options.json else _table(run["rows"]))
    return 1 if any(row["failed"] for row in run["rows"]) else 0


def _run(options: argparse.Namespace, server: Server, rows: list[Json]) -> Json:
    asked = searches(rows, options.seed)
    if options.warm_up:
        _console.print(f"warming up with {options.warm_up} searches ...")
        ask(server, "/api/v1/search", asked, options.warm_up, options.clients)
    before = _memory(options.pid)
    measured = []
    if options.searches:
        _console.print(f"{options.searches} searches by {options.clients} clients ...")
        found = ask(server, "/api/v1/search", asked, options.searches, options.clients)
        measured.append(_row("search", found))
    if options.registrations:
        _console.print(f"{options.registrations} registrations by {options.clients} clients ...")
        cases = registrations(rows, options.seed, options.prefix)
        found = ask(server, "/api/v1/cases", cases, options.registrations, options.clients)
        measured.append(_row("registration", found))
    return {
        "commit": _commit(),
        "seed": options.seed,
        "clients": options.clients,
        "rows_drawn_from": len(rows),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "machine": {"system": platform.system(), "cores": os.cpu_count(), "load": os.getloadavg()},
        "memory_mb": {"before": before, "after": _memory(options.pid)},
        "rows": measured,
    }


def _row(what: str, answers: Answers) -> Json:
    """Latencies in milliseconds, rate in answers a second."""
    seconds = np.array(answers.seconds or [np.nan])
    p50, p95, p99 = (round(float(v), 2) for v in np.percentile(seconds * 1000, (50, 95, 99)))
    return {
        "what": what,
        "count": len(answers.seconds),
        "failed": answers.failed,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "max_ms": round(float(seconds.max()) * 1000, 2),
        "rate": round(len(answers.seconds) / answers.wall, 1),
        "share_above_150_ms": round(float((seconds > SLOW_SECONDS).mean()), 4),
    }


def _memory(pid: int | None) -> dict[str, float]:
    """Resident megabytes of a process and its children, by id; empty where /proc is not."""
    if pid is None:
        return {}
    found = {}
    for process in (pid, *_children(pid)):
        for line in Path(f"/proc/{process}/status").read_text("utf-8").splitlines():
            if line.startswith("VmRSS:"):
                found[str(process)] = round(int(line.split()[1]) / 1024, 1)
    return found


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _table(rows: list[Json]) -> str:
    names = ("what", "count", "p50_ms", "p95_ms", "p99_ms", "rate", "share_above_150_ms", "failed")
    lines = ["  ".join(f"{name:>18}" for name in names)]
    lines += ["  ".join(f"{row[name]!s:>18}" for name in names) for row in rows]
    return "\n".join(lines)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", required=True, help="address of the server")
    parser.add_argument("--cases", type=Path, required=True, help="JSON Lines in EMPD's columns")
    parser.add_argument("--credentials", type=Path, required=True, help="JSON of a machine client")
    parser.add_argument("--out", type=Path, required=True, help="folder of run.json")
    parser.add_argument("--searches", type=_count, default=500)
    parser.add_argument("--registrations", type=_count, default=0)
    parser.add_argument("--clients", type=_count, default=1, help="connections at a time")
    parser.add_argument("--warm-up", type=_count, default=50, help="searches before measuring")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same questions")
    parser.add_argument("--prefix", default="LOAD", help="begins the record_id of registrations")
    parser.add_argument("--pid", type=int, help="of the server: its memory is told")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if not options.clients:
        parser.error("--clients is 1 at least")
    return options


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("lies not below 0")
    return count


if __name__ == "__main__":
    sys.exit(main())
