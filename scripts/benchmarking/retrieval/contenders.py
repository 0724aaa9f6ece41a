"""All contenders by name: EMPD's adapters first, then rivals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.benchmarking.retrieval.adapters import Memory, Postgres, Sqlite
from scripts.benchmarking.retrieval.ceilings import Exhaustive, FullScorer
from scripts.benchmarking.retrieval.elastic import Elastic
from scripts.benchmarking.rivals import (
    brute_force,
    elastic_multi_match,
    folded_trigrams,
    fts_trigram,
    pg_trgm,
)
from scripts.benchmarking.rivals.base import Contender

CONTENDERS: dict[str, Callable[[Path], Contender]] = {
    "memory": Memory,
    "sqlite": Sqlite,
    "sqlite_mirror": partial(Sqlite, mirrored=True),
    "postgres": Postgres,
    "postgres_mirror": partial(Postgres, mirrored=True),
    "elastic": Elastic,
    "folded_trigrams": folded_trigrams.FoldedTrigrams,
    "pg_trgm": pg_trgm.with_attributes,
    "pg_trgm_names": pg_trgm.by_names,
    "fts5_trigram": fts_trigram.with_attributes,
    "fts5_trigram_names": fts_trigram.by_names,
    "elastic_multi_match": elastic_multi_match.with_attributes,
    "elastic_multi_match_names": elastic_multi_match.by_names,
    "brute_wratio": brute_force.wratio,
    "brute_jaro_winkler": brute_force.jaro_winkler,
    "brute_jaro_winkler_names": brute_force.jaro_winkler_names,
    "exhaustive": Exhaustive,
    "full_scorer": FullScorer,
}
"""How each is opened, with an empty folder of its own."""
CEILINGS = ("exhaustive", "full_scorer")
"""No way to search, but what any could find at best; only run when asked for."""
