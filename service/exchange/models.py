"""Imports under way, so that one that was killed goes on where its last batch ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base, UtcDateTime


class ImportRun(Base, table=True):
    """One file of one authority; written in the transaction of each of its batches.

    `digest` is of the file and of all that says how it is read. `rows` of it are
    dealt with, and `rejects_bytes` is how long the file of rejects was by then.
    """

    __tablename__ = "import_runs"
    __table_args__ = (UniqueConstraint("authority_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    authority_id: int = Field(foreign_key="authorities.id")
    digest: str
    rows: int = 0
    stored: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejects_bytes: int = 0
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
