"""How far Elasticsearch has come, and whose turn it is to carry changes there."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, or_, update
from sqlmodel import Field, Session, col

from service.store.base import Base, UtcDateTime

_ONLY = 1


OUT_OF_STEP = -1
"""Elasticsearch was never built, or changes were forgotten before they were carried there."""


class OutboxMark(Base, table=True):
    """One row: the last change that searches in Elasticsearch can see, and whose turn it is."""

    __tablename__ = "index_outbox"

    id: int | None = Field(default=None, primary_key=True)
    seq: int = Field(default=OUT_OF_STEP, sa_column=Column(BigInteger, nullable=False))
    owner: str = ""
    until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


def read_mark(session: Session) -> int:
    """Number of the last change that searches can see; `OUT_OF_STEP` when that is unknown."""
    mark = session.get(OutboxMark, _ONLY, populate_existing=True)
    return mark.seq if mark else OUT_OF_STEP


def take_turn(session: Session, owner: str, now: datetime, length: timedelta) -> bool:
    """Whether it is this owner's turn to carry changes, until so much later."""
    taken = session.connection().execute(
        update(OutboxMark)
        .where(
            col(OutboxMark.id) == _ONLY,
            or_(
                col(OutboxMark.owner) == owner,
                col(OutboxMark.until).is_(None),
                col(OutboxMark.until) < now,
            ),
        )
        .values(owner=owner, until=now + length)
    )
    return taken.rowcount == 1


def end_turn(session: Session, owner: str) -> None:
    """Let others take their turn at once."""
    session.connection().execute(
        update(OutboxMark).where(col(OutboxMark.owner) == owner).values(owner="", until=None)
    )


def move_mark(session: Session, seq: int) -> None:
    """Note that searches see everything up to a change; never backwards."""
    session.connection().execute(
        update(OutboxMark)
        .where(col(OutboxMark.id) == _ONLY, col(OutboxMark.seq) < seq)
        .values(seq=seq)
    )


def lose_step(session: Session, until: int) -> None:
    """Note that changes up to a number are forgotten: who has not carried them never will."""
    session.connection().execute(
        update(OutboxMark).where(col(OutboxMark.seq) < until).values(seq=OUT_OF_STEP)
    )
