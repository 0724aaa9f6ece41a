"""The audit table; triggers on both databases refuse to change or delete its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field

from service.store.base import Base, JsonColumn, UtcDateTime


class AuditEntry(Base, table=True):
    """One access or decision, with what LED Article 25 and SIS Article 12 ask to log."""

    __tablename__ = "audit_entries"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    actor_kind: str
    actor_name: str
    authority: str
    action: str = Field(index=True)
    purpose: str
    reference: str
    request_id: str
    case_ids: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    detail: dict[str, Any] = Field(sa_column=Column(JsonColumn, nullable=False))
    previous_hash: str
    hash: str
