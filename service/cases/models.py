"""Tables of cases, their claims, events, photographs, shares and history.

A fact about identity is a claim row: typed by `kind`, checked by its schema in
`schemas.py`, with basis and date. No claim overwrites another; one that no
longer stands is marked withdrawn.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base, JsonColumn, UtcDateTime


class Case(Base, table=True):
    """One registered record about one person by one authority.

    `sex`, `birth_*`, `nationalities` and `event_*` repeat what the claims say, for
    filters and for the limited view; `operations` keeps them in step. `compared_at`
    is empty until the case was compared with the collection: an import that was
    killed in between is taken up again there.
    """

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("authority_id", "record_id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    authority_id: int = Field(foreign_key="authorities.id", index=True)
    record_id: str
    kind: str = Field(index=True)
    status: str = Field(default="open", index=True)
    version: int = 1
    content_digest: str

    sis_category: str = ""
    case_type: str = ""
    subject_category: str = ""
    legal_regime: str = ""
    handling_codes: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    handling_note: str = ""
    evaluation: str = ""
    circumstances: str = ""
    trafficking_belief: str = "unknown"
    trafficking_basis: str = ""
    release: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))

    sex: str = "U"
    birth_earliest: date | None = Field(default=None, index=True)
    birth_latest: date | None = None
    nationalities: str = ""
    event_date: date | None = Field(default=None, index=True)
    event_place: str = ""
    event_place_key: str = ""
    event_country: str = ""

    registered_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    registered_by: str
    amended_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    review_due: date | None = None
    compared_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    close_reason: str = ""


class Claim(Base, table=True):
    """One claim about the person; `key` is its normal form where equality is evidence."""

    __tablename__ = "claims"
    __table_args__ = (Index("ix_claims_kind_key", "kind", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    kind: str
    value: dict[str, Any] = Field(sa_column=Column(JsonColumn, nullable=False))
    key: str | None = None
    basis: str = "claimed"
    stated_on: date | None = None
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_by: str
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class CaseEvent(Base, table=True):
    """A disappearance, encounter, sighting or arrival; the date may be an interval."""

    __tablename__ = "case_events"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    kind: str
    date_text: str = ""
    date_earliest: date | None = Field(default=None, index=True)
    date_latest: date | None = None
    place: str = ""
    country: str = ""
    circumstances: str = ""
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    recorded_by: str
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class Photograph(Base, table=True):
    """Metadata of a photograph; the picture itself is not stored yet."""

    __tablename__ = "photographs"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    taken_on: str = ""
    caption: str = ""
    source: str = ""
    media_type: str = ""
    public_extract: bool = False


class CaseShare(Base, table=True):
    """The owner lets another authority read a case in full."""

    __tablename__ = "case_shares"
    __table_args__ = (UniqueConstraint("case_id", "authority_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    authority_id: int = Field(foreign_key="authorities.id", index=True)
    granted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    granted_by: str
    reason: str


class CaseChange(Base, table=True):
    """One change of a case: what was added, withdrawn or set, by whom."""

    __tablename__ = "case_changes"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    version: int
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    by: str
    action: str
    changes: dict[str, Any] = Field(sa_column=Column(JsonColumn, nullable=False))
