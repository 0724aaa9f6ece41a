"""What comes in and goes out about alerts, verdicts and clusters."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from service.cases.values import Note
from service.evidence_view import EvidenceOut


class AlertStatus(StrEnum):
    """Where an alert stands; `lapsed` means the evidence went away."""

    OPEN = "open"
    UNSURE = "unsure"
    SAME = "same"
    DIFFERENT = "different"
    LAPSED = "lapsed"


class VerdictCode(StrEnum):
    """What a person decides about a pair."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


LINK_COLOURS = {
    AlertStatus.OPEN: "yellow",
    AlertStatus.UNSURE: "yellow",
    AlertStatus.SAME: "white",
    AlertStatus.DIFFERENT: "green",
    AlertStatus.LAPSED: "none",
}
"""After the links of the multiple-identity detector, Regulation (EU) 2019/818 Articles 30 to 33.

Red links (same person, unjustified) are a finding on conduct that EMPD does not make.
"""
SETTLED = frozenset({AlertStatus.SAME.value, AlertStatus.DIFFERENT.value})
WAITING = (AlertStatus.OPEN.value, AlertStatus.UNSURE.value)


class VerdictIn(BaseModel):
    """A decision with its reason."""

    model_config = ConfigDict(extra="forbid")

    verdict: VerdictCode
    reason: Annotated[Note, StringConstraints(min_length=3)]


class WithdrawalIn(BaseModel):
    """Taking a verdict back."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Note, StringConstraints(min_length=3)]


class SideOut(BaseModel):
    """One side of an alert as far as the actor may read it."""

    case_id: str
    record_id: str | None
    authority: str
    kind: str
    access: str
    age: str | None
    sex: str
    event_country: str
    display_name: str | None
    contact: str


class AlertOut(BaseModel):
    """An alert in the queue."""

    alert_id: str
    link: str
    colour: str
    left: SideOut
    right: SideOut
    match_weight: float
    probability: float
    band: str
    status: str
    raised_at: datetime


class VerdictOut(BaseModel):
    """A verdict as stored."""

    verdict_id: str
    verdict: str
    reason: str
    basis: str
    decided_at: datetime
    decided_by: str
    authority: str
    profile: str
    match_weight: float
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdraw_reason: str


class AlertDetail(AlertOut):
    """An alert with all that bears on the decision."""

    prior: float
    profile: str
    index_generation: str
    evidence: list[EvidenceOut]
    verdicts: list[VerdictOut]
    may_decide: bool


class AlertPage(BaseModel):
    """A page of the queue; `next` is the cursor of the following page or null."""

    alerts: list[AlertOut]
    next: str | None


class ClusterOut(BaseModel):
    """Cases confirmed to be one person, as far as the actor may read them."""

    cluster_id: str
    formed_at: datetime
    cases: list[SideOut]
