"""Make the engine for SQLite or PostgreSQL with the settings each needs."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import OperationalError

from service.json_writing import compact_json

BUSY_TIMEOUT_MS = 10_000
"""A waiting writer gives up after 10 s: longer than an import batch, shorter than patience."""
LOOK_SECONDS = 0.002
"""Between two tries of a waiting writer. SQLite's own waiting comes to look ten times a second, and
then a job that commits share after share keeps others out for as long as it runs."""
PAUSE_SECONDS = 0.010
"""Left to waiting writers by a job between two of its shares: several looks."""
_PRIMARY = 0xFF
"""SQLite's extended codes of an error have its primary code in their lowest byte."""
STATEMENT_TIMEOUT_MS = 60_000
"""No single statement of EMPD runs longer; index builds are made of many."""
_READS_ONLY = "empd_reads_only"
"""Execution option of transactions that take no write lock."""
CACHE_KIB = 16_000
"""SQLite page cache of a connection, of which a worker keeps several; what is read more often than
that lies in the system's cache, which all workers share."""


def make_engine(url: str) -> Engine:
    """Open the store.

    Args:
        url: SQLAlchemy address; `sqlite:///...` or `postgresql+psycopg://...`.

    Returns:
        The engine; statement values stay out of its exception texts.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    return create_engine(
        address,
        hide_parameters=True,
        json_serializer=compact_json,
        pool_pre_ping=True,
        connect_args={
            "application_name": "empd",
            "options": (
                f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={BUSY_TIMEOUT_MS}"
            ),
        },
    )


def _sqlite(address: URL) -> Engine:
    options: dict[str, Any] = {}
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        # The connection used last is used next: fewer caches fill.
        options["pool_use_lifo"] = True
    engine = create_engine(address, hide_parameters=True, json_serializer=compact_json, **options)
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_connection(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling is switched off so that BEGIN IMMEDIATE is ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "synchronous=NORMAL",
        f"cache_size=-{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS_ONLY, False)
    raw = connection.connection.dbapi_connection
    if raw is not None:
        # The pool hands one connection to readers and writers; a reader must not write by slip.
        raw.execute(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    if reads:
        connection.exec_driver_sql("BEGIN")
    else:
        # The lock comes first, which avoids a failing upgrade; a reader keeps nobody waiting.
        _begin_writing(connection)


def _begin_writing(connection: Connection) -> None:
    """Begin as soon as nobody else writes.

    Raises:
        OperationalError: If that takes longer than the connection's busy timeout.
    """
    raw: Any = connection.connection.dbapi_connection
    patience_ms: int = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    end = time.monotonic() + patience_ms / 1000
    raw.execute("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if not _is_busy(error.orig):
            raise
        if not _began(raw, end):
            # Only this way the driver's error is one of SQLAlchemy.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={patience_ms}")


def _began(raw: Any, end: float) -> bool:
    """Look again and again whether the lock is free; a look costs a fiftieth of SQLAlchemy's."""
    while time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                return False
        else:
            return True
    return False


def _is_busy(error: object) -> bool:
    code = error.sqlite_errorcode if isinstance(error, sqlite3.OperationalError) else 0
    return code & _PRIMARY == sqlite3.SQLITE_BUSY


def let_others_write() -> None:
    """What a job does between two shares, so that whoever waits for the lock gets it."""
    time.sleep(PAUSE_SECONDS)


def for_reading(engine: Engine) -> Engine:
    """The same store for transactions that see one state of it and write nothing."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READS_ONLY: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
