"""Waiting for SQLite's one write lock: who waits comes in at the first pause of a job."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from service.store.engine import BUSY_TIMEOUT_MS, for_reading, let_others_write, make_engine

ROUNDS = 8
HELD_SECONDS = 0.2
"""Longer than SQLite's own waiting looks apart."""
PAUSES_NEEDED = 2
"""A stalled machine may let one pass."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(f"sqlite:///{tmp_path / 'some folder' / 'lock.sqlite3'}")


def test_who_waits_to_write_comes_in_at_the_pause_of_a_job(engine: Engine) -> None:
    holds, rounds = threading.Event(), []

    def job() -> None:
        for number in range(ROUNDS):
            with engine.begin():
                holds.set()
                time.sleep(HELD_SECONDS)
                rounds.append(number)
            let_others_write()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(job)
        holds.wait()
        with engine.begin():
            passed = len(rounds)
        done.result()
    assert 1 <= passed <= PAUSES_NEEDED


def test_patience_ends_with_an_error_and_the_connection_serves_on(engine: Engine) -> None:
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=50"))
    with engine.begin() as first:
        with pytest.raises(OperationalError, match="locked"), engine.begin():
            pass
        with for_reading(engine).begin() as reader:
            assert reader.exec_driver_sql("SELECT 1").scalar_one() == 1
        first.exec_driver_sql("CREATE TABLE found (id INTEGER)")
    with engine.begin() as again:
        assert again.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 50
        again.exec_driver_sql("INSERT INTO found VALUES (1)")


def test_what_is_wrong_besides_the_lock_is_not_waited_for(engine: Engine) -> None:
    tries = []
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        # A second BEGIN on one connection is refused, whoever writes.
        raw.execute("BEGIN")
        event.listen(engine, "before_cursor_execute", lambda *asked: tries.append(asked[2]))
        with pytest.raises(OperationalError, match="within a transaction"):
            connection.exec_driver_sql("SELECT 1")
        assert tries == ["BEGIN IMMEDIATE"]
        assert raw.execute("PRAGMA busy_timeout").fetchone() == (BUSY_TIMEOUT_MS,)
