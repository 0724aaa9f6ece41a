"""Tables of queries (for their justification and replies) and of follow-ups."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base, JsonColumn, UtcDateTime


class HitQuery(Base, table=True):
    """One hit/no-hit query and what was replied: numbers and references only."""

    __tablename__ = "hit_queries"
    __table_args__ = (UniqueConstraint("machine_client_id", "request_number"),)

    id: int | None = Field(default=None, primary_key=True)
    machine_client_id: int = Field(foreign_key="machine_clients.id", index=True)
    request_number: str
    reply_number: str = Field(unique=True)
    requesting_state: str
    requested_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    replied_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    justification: dict[str, Any] = Field(sa_column=Column(JsonColumn, nullable=False))
    matches: list[dict[str, Any]] = Field(sa_column=Column(JsonColumn, nullable=False))


class FollowUp(Base, table=True):
    """A reasoned request for data after a hit, and the owner's decision."""

    __tablename__ = "follow_ups"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    query_id: int = Field(foreign_key="hit_queries.id", index=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    reference_number: str
    priority: str
    reason: str
    requested_data: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    status: str = Field(default="pending", index=True)
    granted_data: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    decision_reason: str = ""
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    decided_by: str = ""
