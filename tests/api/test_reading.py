"""Reading over HTTP: logged or not answered, and no slower for showing more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session, select

from service.audit.models import AuditEntry
from tests.api.conftest import Client, Served

CHILD = {"names": ["Selam Tesfay"], "births": [{"date": "2010-05-17"}], "sex": "F"}
QUESTION = {
    "purpose": "identification",
    "reference": "1",
    "query": {"names": ["Selam Tesfay"], "born": "2010-05-17"},
}


def actions(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.exec(select(AuditEntry.action).order_by(AuditEntry.id)))  # type: ignore[arg-type]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is asked of the database while the block runs."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def register(client: Client, count: int, kind: str) -> None:
    for _ in range(count):
        client.register({"kind": kind, **CHILD})


def test_an_access_that_cannot_be_logged_gets_no_answer(served: Served) -> None:
    client = served.client("BE-POL")
    register(client, 1, "missing")
    engine, before = served.world.engine, actions(served.world.engine)

    def impatient(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    event.listen(engine, "connect", impatient)
    engine.dispose()
    with engine.begin() as somebody:
        somebody.exec_driver_sql("SELECT 1")
        refused = client.post("/api/v1/search", QUESTION, 503)
    assert refused["code"] == "store_busy"
    assert "Tesfay" not in str(refused)
    assert actions(engine) == before
    assert client.post("/api/v1/search", QUESTION)["hits"]
    assert actions(engine) == [*before, "search:run"]


def test_statements_do_not_grow_with_what_is_shown(served: Served) -> None:
    client, engine = served.client("BE-POL"), served.world.engine
    counts = []
    for more in (2, 6):
        register(client, more, "missing")
        with statements(engine) as asked:
            hits = client.post("/api/v1/search", QUESTION)["hits"]
            alerts = client.get("/api/v1/alerts")["alerts"]
        counts.append((len(asked), len(hits), len(alerts)))
    (first, few, few_alerts), (second, many, many_alerts) = counts
    assert few < many
    assert few_alerts < many_alerts
    assert first == second


def test_a_search_takes_the_write_lock_for_its_trail_only(served: Served) -> None:
    client, engine = served.client("BE-POL"), served.world.engine
    register(client, 1, "missing")
    with statements(engine) as asked:
        assert client.post("/api/v1/search", QUESTION)["hits"]
    assert asked[0] == "BEGIN"
    locked = asked[asked.index("BEGIN IMMEDIATE") :]
    assert [statement.split()[0] for statement in locked] == ["BEGIN", "SELECT", "INSERT"]
    assert all("audit_entries" in statement for statement in locked[1:])
