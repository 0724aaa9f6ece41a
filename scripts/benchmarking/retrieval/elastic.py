"""EMPD's index in Elasticsearch as a contender; the vocabulary is asked in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlmodel import Session

from matching.record import PersonRecord
from matching.retrieval import IndexEntry
from scripts.benchmarking.elastic_node import Node
from scripts.benchmarking.rivals.base import Source
from service.clock import system_clock
from service.config import Settings
from service.index.base import Generation, Scope
from service.index.elastic import ElasticIndex
from service.index.elastic_cluster import Cluster
from service.index.mirror import Mirror
from service.store.engine import for_reading, make_engine
from service.store.migrate import upgrade

SHARE = 5_000
"""Cases filled in at a time, as the service's own rebuild does."""
PATIENCE_SECONDS = 30.0
"""A slow answer is measured, not refused."""


def _fill(generation: Generation, share: list[IndexEntry], index: ElasticIndex) -> None:
    index.fill(generation, share)


class Elastic:
    """The index in a node of its own, without a stand-in."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "index.sqlite3"
        self._engine = make_engine(f"sqlite:///{self._path}")
        upgrade(self._engine)
        self._node = Node()
        settings = Settings(
            index="elastic",
            elastic_url=self._node.url,
            elastic_replicas=0,
            elastic_search_seconds=PATIENCE_SECONDS,
        )
        self._cluster = Cluster(settings, system_clock)
        self._mirror = Mirror(in_background=False)
        self.settings = f"{Node.settings}, one client; vocabulary in SQLite, mirrored in memory"

    def build(self, source: Source) -> None:
        """Build a generation in shares as the service does, let it answer, and load a mirror."""
        generation = self._write(lambda index: index.begin())
        entries = source.entries()
        while share := list(islice(entries, SHARE)):
            self._write(partial(_fill, generation, share))
        self._write(lambda index: index.activate(generation))
        self.ask(PersonRecord("warm"), frozenset(), 1)

    def _write(self, change: Callable[[ElasticIndex], Any]) -> Any:
        with Session(self._engine) as session:
            answer = change(ElasticIndex(session, self._cluster, fallback=False))
            session.commit()
            return answer

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best candidates, in a transaction of its own as every request has one."""
        with Session(for_reading(self._engine)) as session:
            index = ElasticIndex(session, self._cluster, fallback=False, mirror=self._mirror)
            found = index.candidates(record, Scope(exclude=exclude), limit)
        return [item.case_id for item in found.items]

    def size_bytes(self) -> int:
        """Of the store and the node."""
        files = self._path.parent.glob("index.sqlite3*")
        return sum(path.stat().st_size for path in files) + self._node.size_bytes()

    def server_processes(self) -> Sequence[int]:
        """The node."""
        return (self._node.pid(),)

    def close(self) -> None:
        """Stop the node."""
        self._cluster.close()
        self._engine.dispose()
        self._node.close()
