"""PostgreSQL's pg_trgm: a GIN index of trigrams, similarity and date of birth.

Needs a PostgreSQL with contrib (Debian: postgresql); the cluster is its own, in a folder of
its own, and is removed afterwards.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from matching.record import PersonRecord
from scripts.benchmarking.rivals.base import Source, first_of_each, people, person

THRESHOLD = 0.35
"""Least similarity of names: of .3 to .5 the best for recall at bearable time when tried before."""
SAME_DAY, SAME_YEAR, OTHER_SEX, SAME_NATION = 0.3, 0.1, -0.2, 0.1
"""Added to the similarity of names, 0 to 1."""
_OVERSHOOT = 2
"""Names fetched for each candidate asked for: a case may have several."""
_USER = "postgres"
_SERVER_OPTIONS = (
    "-c shared_buffers=512MB -c work_mem=64MB -c maintenance_work_mem=512MB -c jit=off "
    "-c random_page_cost=1.1 -c fsync=off -c listen_addresses="
)
"""All of the index in memory, plans for it, no compiling of short queries."""
_SCHEMA = """
CREATE EXTENSION pg_trgm;
CREATE TABLE names (case_id bigint, name text, born text, year int, sex text, nation text);
"""
_INDEXES = """
CREATE INDEX ON names USING gin (name gin_trgm_ops);
CREATE INDEX ON names (born) WHERE born <> '';
"""


class ServerMissing(Exception):
    """No PostgreSQL with contrib is installed."""


class PgTrgm:
    """Names like one of the query's, or born on its day; ordered by similarity and points."""

    def __init__(self, _folder: Path, *, with_attributes: bool) -> None:
        self._with_attributes = with_attributes
        self._directory = Path(tempfile.mkdtemp(prefix="empd-trgm-"))
        self._server = _Cluster(self._directory)
        self._connection: psycopg.Connection[Any] = psycopg.connect(
            host=str(self._directory), user=_USER, dbname="postgres", autocommit=True
        )
        beside = "date of birth, sex and nationality" if with_attributes else "names alone"
        version = self._connection.info.server_version // 10_000
        self.settings = f"PostgreSQL {version}, GIN, similarity from {THRESHOLD}, {beside}"

    def build(self, source: Source) -> None:
        """One row a name, then the indexes."""
        self._connection.execute(_SCHEMA)
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY names FROM STDIN") as copy,
        ):
            for case in people(source):
                for name in case.names:
                    copy.write_row(
                        (case.case_id, name, case.born, case.year, case.sex, case.nation)
                    )
        self._connection.execute(_INDEXES)
        self._connection.execute("VACUUM ANALYZE names")
        self._connection.execute(f"SET pg_trgm.similarity_threshold = {THRESHOLD}")

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """By names or day of birth; a query with neither finds nothing."""
        asked = person(0, record)
        alike = ["name %% %s"] * len(asked.names)
        values: list[object] = list(asked.names)
        if self._with_attributes and asked.born:
            alike.append("born = %s")
            values.append(asked.born)
        if not alike:
            return []
        score, given = self._score(asked.names)
        if self._with_attributes:
            score += _POINTS
            given += [asked.born, asked.born, asked.year, asked.year, asked.sex, asked.sex]
            given += [asked.nation, asked.nation]
        statement = (
            f"SELECT case_id FROM names WHERE {' OR '.join(alike)} "  # noqa: S608 - our own words
            f"ORDER BY {score} DESC, case_id LIMIT %s"
        )
        values += [*given, _OVERSHOOT * limit + len(exclude)]
        rows = self._connection.execute(statement.encode(), values)
        return first_of_each((row[0] for row in rows), exclude, limit)

    @staticmethod
    def _score(names: Sequence[str]) -> tuple[str, list[object]]:
        if not names:
            return "0", []
        return f"greatest({', '.join(['similarity(name, %s)'] * len(names))})", list(names)

    def size_bytes(self) -> int:
        """Of the table and its indexes."""
        found = self._connection.execute("SELECT pg_total_relation_size('names')").fetchone()
        return int(found[0]) if found else 0

    def server_processes(self) -> Sequence[int]:
        """The postmaster; what it starts counts with it."""
        return (self._server.pid,)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._connection.close()
        self._server.stop()
        shutil.rmtree(self._directory, ignore_errors=True)


_POINTS = f"""
 + CASE WHEN %s <> '' AND born = %s THEN {SAME_DAY}
        WHEN %s > 0 AND year = %s THEN {SAME_YEAR} ELSE 0 END
 + CASE WHEN %s <> '' AND sex <> '' AND sex <> %s THEN {OTHER_SEX} ELSE 0 END
 + CASE WHEN %s <> '' AND nation = %s THEN {SAME_NATION} ELSE 0 END"""


class _Cluster:
    """A server of Debian's PostgreSQL on a Unix socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not homes:
            raise ServerMissing("pg_trgm needs PostgreSQL with contrib: apt-get install postgresql")
        self._home, self._data = homes[-1], folder / "data"
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        self._run("initdb", "-D", str(self._data), "-U", _USER, "-A", "trust", "-E", "UTF8")
        options = f"{_SERVER_OPTIONS} -c unix_socket_directories={folder}"
        log = str(folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", options, "start")
        self.pid = int((self._data / "postmaster.pid").read_text("utf-8").split()[0])

    def stop(self) -> None:
        """Stop the server at once."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root.
        switch = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
        command = [*switch, str(self._home / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the server's own programs
        if done.returncode != 0:
            raise ServerMissing(f"{program}: {done.stderr.strip().splitlines()[-1:]}")


by_names = partial(PgTrgm, with_attributes=False)
with_attributes = partial(PgTrgm, with_attributes=True)
