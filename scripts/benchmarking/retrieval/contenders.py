"""All contenders by name: EMPD's adapters first, then rivals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts.benchmarking.retrieval.adapters import Memory, Postgres, Sqlite
from scripts.benchmarking.rivals import brute_force, fts_trigram, pg_trgm
from scripts.benchmarking.rivals.base import Contender

CONTENDERS: dict[str, Callable[[Path], Contender]] = {
    "memory": Memory,
    "sqlite": Sqlite,
    "postgres": Postgres,
    "pg_trgm": pg_trgm.with_attributes,
    "pg_trgm_names": pg_trgm.by_names,
    "fts5_trigram": fts_trigram.with_attributes,
    "fts5_trigram_names": fts_trigram.by_names,
    "brute_wratio": brute_force.wratio,
    "brute_jaro_winkler": brute_force.jaro_winkler,
    "brute_jaro_winkler_names": brute_force.jaro_winkler_names,
}
"""How each is opened, with an empty folder of its own."""
