"""All contenders by name: EMPD's adapters first, then rivals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts.benchmarking.retrieval.adapters import Memory, Postgres, Sqlite
from scripts.benchmarking.rivals.base import Contender

CONTENDERS: dict[str, Callable[[Path], Contender]] = {
    "memory": Memory,
    "sqlite": Sqlite,
    "postgres": Postgres,
}
"""How each is opened, with an empty folder of its own."""
