"""Reading keeps nobody waiting, writes nothing, and leaves its trace or gives no answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from service.accounts.models import Authority, WebSession
from service.accounts.operations import SEEN_EVERY, actor_of_session, add_official, sign_in
from service.accounts.schemas import OfficialIn
from service.audit.models import AuditEntry
from service.audit.schemas import AuditEvent
from service.clock import Clock
from service.errors import AuditMissing, StoreBusy
from service.security.policy import ANONYMOUS, Role, operator
from service.store.unit_of_work import UnitOfWork, unit_of_work
from tests.conftest import NOW, World, clock

LOOK = AuditEvent("test:look")
IDLE, LIFETIME = timedelta(minutes=30), timedelta(hours=10)


def at(moment: datetime) -> Clock:
    return lambda: moment


def actions(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.exec(select(AuditEntry.action).order_by(AuditEntry.id)))  # type: ignore[arg-type]


def rename(work: UnitOfWork, name: str) -> None:
    work.session.exec(select(Authority).where(Authority.code == "BE-POL")).one().name = name


def names(work: UnitOfWork) -> set[str]:
    return set(work.session.exec(select(Authority.name)))


def write_as_reader(engine: Engine) -> None:
    with unit_of_work(engine, operator("reader"), clock=clock, reads=True) as reader:
        rename(reader, "Slipped through (fictional)")
        reader.audit(LOOK)


def test_a_reader_sees_one_state_and_keeps_no_writer_waiting(any_world: World) -> None:
    engine = any_world.engine
    with unit_of_work(engine, operator("reader"), clock=clock, reads=True) as reader:
        before = names(reader)
        with any_world.work() as writer:
            rename(writer, "Renamed (fictional)")
            writer.audit(LOOK)
        reader.session.expire_all()
        assert names(reader) == before
        reader.audit(AuditEvent("test:read"))
    assert actions(engine)[-2:] == ["test:look", "test:read"]
    with unit_of_work(engine, operator("reader"), clock=clock, reads=True) as reader:
        assert "Renamed (fictional)" in names(reader)
        reader.audit(LOOK)


def test_a_reader_cannot_write(any_world: World) -> None:
    engine, before = any_world.engine, actions(any_world.engine)
    with pytest.raises((StoreBusy, DBAPIError)):
        write_as_reader(engine)
    assert actions(engine) == before
    # The connection goes back to writers as it was.
    with any_world.work() as writer:
        assert "Slipped through (fictional)" not in names(writer)
        rename(writer, "Renamed (fictional)")
        writer.audit(LOOK)


def test_a_reader_that_leaves_no_trace_is_refused(any_world: World) -> None:
    with (
        pytest.raises(AuditMissing),
        unit_of_work(any_world.engine, ANONYMOUS, clock=clock, reads=True) as reader,
    ):
        names(reader)


def test_readers_hold_one_connection_each(world: World) -> None:
    taken: list[int] = []
    event.listen(world.engine, "checkout", lambda *_: taken.append(1))
    event.listen(world.engine, "checkin", lambda *_: taken.pop())
    most = 0

    def count(*_: Any) -> None:
        nonlocal most
        most = max(most, len(taken))

    event.listen(world.engine, "before_cursor_execute", count)
    with unit_of_work(world.engine, operator("r"), clock=clock, reads=True) as reader:
        names(reader)
        reader.audit(LOOK)
    assert most == 1


def test_the_last_use_of_a_session_is_noted_once_a_minute(world: World) -> None:
    with world.work() as work:
        draft = OfficialIn(authority="BE-POL", login="an.example", name="A", roles=[Role.AUDITOR])
        password = add_official(work, draft)[1]
    with world.work() as work:
        token = sign_in(work, "an.example", password, address="::1", key="k").token
    seen = []
    for later in (SEEN_EVERY / 2, SEEN_EVERY, SEEN_EVERY * 1.5, IDLE, IDLE * 1.9):
        moment = NOW + later
        with unit_of_work(world.engine, ANONYMOUS, clock=at(moment), reads=True) as reader:
            actor_of_session(reader, token, idle=IDLE, lifetime=LIFETIME)
            reader.audit(LOOK)
        with Session(world.engine) as session:
            seen.append(session.exec(select(WebSession.seen_at)).one() - NOW)
    assert seen == [timedelta(0), SEEN_EVERY, SEEN_EVERY, IDLE, IDLE * 1.9]
