"""Tables of indicator answers and of flags that ask for a person's decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base, JsonColumn, UtcDateTime


class IndicatorAnswer(Base, table=True):
    """One answer to one indicator; append-only, the newest stands."""

    __tablename__ = "indicator_answers"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    list_id: str
    indicator: str
    answer: str
    evidence: str
    answered_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    answered_by: str


class RiskFlag(Base, table=True):
    """A reason to look, with its evidence, and the decision of a person on it."""

    __tablename__ = "risk_flags"
    __table_args__ = (UniqueConstraint("case_id", "sign"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    sign: str
    matrix_version: str
    reasons: list[dict[str, Any]] = Field(sa_column=Column(JsonColumn, nullable=False))
    raised_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    status: str = Field(default="open", index=True)
    decision: str = ""
    decision_reason: str = ""
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    decided_by: str = ""
