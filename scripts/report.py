#!/usr/bin/env python3
"""Turn stored benchmark runs into words and pictures; the same runs give the same bytes.

With one folder of scripts/benchmark.py, a report beside it: curve, calibration, the misses
themselves. With --chapter, the study's chapters on matching and on retrieval from the runs in
docs/feasibility/runs.

Example:
    scripts/report.py var/population
    scripts/report.py --chapter docs/feasibility
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.reporting.chapter import write_chapter
from scripts.reporting.retrieval import write_retrieval
from scripts.reporting.single import write_report


def main(arguments: list[str] | None = None) -> int:
    """Write what is asked for; 2 when there is no run to read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--chapter", action="store_true", help="DIR is docs/feasibility")
    options = parser.parse_args(arguments)
    try:
        if options.chapter:
            written = [write_chapter(options.dir), write_retrieval(options.dir)]
        else:
            written = [write_report(options.dir)]
    except (OSError, json.JSONDecodeError):
        print(f"report: {options.dir}: holds no run of scripts/benchmark.py", file=sys.stderr)
        return 2
    print(*written, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
