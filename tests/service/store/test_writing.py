from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session

from service.cases.models import Recording
from service.exchange.preparing import CLAIM_COLUMNS, CLAIMS
from service.store.base import Base
from service.store.writing import bind_rows, insert_bound, insert_rows

_RECORDINGS = Base.metadata.tables[str(Recording.__tablename__)]
_AT = datetime(2026, 6, 30, 12, tzinfo=UTC)
_CLAIM: dict[str, Any] = {
    "kind": "name",
    "value": {"parts": [["Zoë", "given"], ["علي", "family"]]},
    "key": None,
    "basis": "documented",
    "stated_on": _AT.date(),
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Engine:
    name = "engine" if request.param == "sqlite" else "postgres_engine"
    found: Engine = request.getfixturevalue(name)
    return found


def test_rows_bound_before_are_stored_like_any(store: Engine) -> None:
    rows = [{"at": _AT, "by": "first"}, {"at": _AT, "by": "second"}]
    with Session(store) as session:
        insert_rows(session, _RECORDINGS, rows[:1])
        bound = bind_rows(store.dialect, _RECORDINGS, ("at", "by"), rows[1:])
        insert_bound(session, _RECORDINGS, ("at", "by"), bound)
        insert_bound(session, _RECORDINGS, ("at", "by"), [])
        found = session.execute(select(_RECORDINGS.c.at, _RECORDINGS.c.by)).all()
        session.rollback()
    assert [tuple(row) for row in found][-2:] == [(_AT, "first"), (_AT, "second")]


def test_bound_values_can_be_sent_to_another_process_and_stored_there(store: Engine) -> None:
    bound = bind_rows(store.dialect, CLAIMS, CLAIM_COLUMNS, [_CLAIM])
    sent = pickle.loads(pickle.dumps(bound))  # noqa: S301 - our own
    columns = (*CLAIM_COLUMNS, "case_id", "recording_id")
    with Session(store) as session:
        if store.dialect.name == "postgresql":
            session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        insert_bound(session, CLAIMS, columns, [(*row, 1, 1) for row in sent])
        query = select(*(CLAIMS.c[name] for name in CLAIM_COLUMNS))
        (found,) = session.execute(query).all()
        session.rollback()
    assert dict(zip(CLAIM_COLUMNS, found, strict=True)) == _CLAIM
