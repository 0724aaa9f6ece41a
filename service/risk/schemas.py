"""What comes in and goes out about indicators and flags."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.cases.values import Note
from service.risk.indicators import Answer, Finding

NO_VERDICT = "A reason to look, not a verdict: a person decides."


class AnswerIn(BaseModel):
    """One answer with what it rests on."""

    model_config = ConfigDict(extra="forbid")

    list: str
    indicator: str
    answer: Answer
    evidence: Note = ""


class AnswersIn(BaseModel):
    """Answers to be added; earlier ones stay in the history."""

    model_config = ConfigDict(extra="forbid")

    answers: list[AnswerIn] = Field(min_length=1, max_length=200)


class IndicatorOut(BaseModel):
    """An indicator with its newest answer."""

    code: str
    text: str
    strength: str
    base: str
    computed: bool
    answer: Answer
    evidence: str
    answered_by: str
    answered_at: datetime | None


class DimensionOut(BaseModel):
    """A dimension with its finding."""

    code: str
    title: str
    finding: Finding
    indicators: list[IndicatorOut]


class ListOut(BaseModel):
    """A list with its findings, source and how well that is confirmed."""

    id: str
    title: str
    source: str
    source_status: str
    version: str
    finding: Finding
    dimensions: list[DimensionOut]


class Decision(StrEnum):
    """What a person decides about a flag."""

    ACKNOWLEDGED = "acknowledged"
    DISMISSED = "dismissed"
    REFERRED = "referred"


class DecisionIn(BaseModel):
    """A decision with its reason."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    reason: Annotated[Note, StringConstraints(min_length=3)]


class FlagOut(BaseModel):
    """A flag: which sign, on which evidence, and what was decided."""

    flag_id: str
    case_id: str
    sign: str
    text: str
    base: str
    note: str = NO_VERDICT
    reasons: list[dict[str, Any]]
    matrix_version: str
    raised_at: datetime
    status: str
    decision: str
    decision_reason: str
    decided_at: datetime | None
    decided_by: str


class IndicatorsOut(BaseModel):
    """The indicator matrix of a case."""

    case_id: str
    note: str = NO_VERDICT
    lists: list[ListOut]
    flags: list[FlagOut]
