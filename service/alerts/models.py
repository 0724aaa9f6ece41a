"""Tables of alerts, verdicts and clusters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base, JsonColumn, UtcDateTime


class Alert(Base, table=True):
    """A possible link between two cases; `left_id` is the smaller case id.

    `digests` are the content digests of both cases when they were compared: a
    settled pair comes back only when one of them has changed since.
    """

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("left_id", "right_id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    left_id: int = Field(foreign_key="cases.id", index=True)
    right_id: int = Field(foreign_key="cases.id", index=True)
    status: str = Field(default="open", index=True)
    match_weight: float = Field(index=True)
    probability: float
    band: str
    prior: float
    evidence: list[dict[str, Any]] = Field(sa_column=Column(JsonColumn, nullable=False))
    digests: str
    profile_id: str
    index_generation: str
    raised_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    raised_by: str


class Verdict(Base, table=True):
    """A named person's decision on an alert; append-only, may be withdrawn with a reason."""

    __tablename__ = "verdicts"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    alert_id: int = Field(foreign_key="alerts.id", index=True)
    verdict: str
    reason: str
    basis: str
    digests: str
    profile_id: str
    match_weight: float
    decided_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    decided_by: str
    authority: str
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    withdrawn_by: str = ""
    withdraw_reason: str = ""


class Cluster(Base, table=True):
    """Cases confirmed to be one person."""

    __tablename__ = "clusters"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    formed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ClusterMember(Base, table=True):
    """One case in one cluster."""

    __tablename__ = "cluster_members"

    case_id: int = Field(foreign_key="cases.id", primary_key=True)
    cluster_id: int = Field(foreign_key="clusters.id", index=True)


class MatchRun(Base, table=True):
    """One run of matching over waiting cases; written in the transaction of each share."""

    __tablename__ = "match_runs"

    id: int | None = Field(default=None, primary_key=True)
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    touched_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    cases: int = 0
    alerts: int = 0
    unseen: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
