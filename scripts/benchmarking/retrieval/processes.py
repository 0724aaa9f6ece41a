"""Processor time and memory of processes, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KB_PER_MB = 1024
_PARENT, _TIMES = 1, slice(11, 15)
"""Fields of /proc/PID/stat after the name: the parent, then own and waited-for time."""


def cpu_seconds(processes: Sequence[int]) -> float:
    """Processor time of processes and all they started, to about a hundredth of a second."""
    if not processes:
        return 0.0
    stats = _stats()
    family = set(processes)
    grown = True
    while grown:
        more = {pid for pid, stat in stats.items() if int(stat[_PARENT]) in family} - family
        family |= more
        grown = bool(more)
    return sum(sum(map(int, stats[pid][_TIMES])) for pid in family if pid in stats) / _TICKS


def _stats() -> dict[int, list[str]]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of a program may hold blanks and brackets; it ends with the last one.
            found[int(path.parent.name)] = path.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
    return found


def memory_mb() -> int:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // _KB_PER_MB
    return 0
