"""Tables of cases, their claims, events, photographs, shares and history.

A fact about identity is a claim row: typed by `kind`, checked by its schema in
`schemas.py`, with basis and date. No claim overwrites another; one that no
longer stands is marked withdrawn. Who recorded it and when stands once for all
that was recorded together. There are seven claims a case, so their rows are kept short.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from service.store.base import Base, Coded, JsonColumn, UtcDateTime

CLAIM_KINDS = (
    "name",
    "birth",
    "sex",
    "nationality",
    "country_of_birth",
    "place_of_birth",
    "language",
    "contact",
    "document",
    "address",
    "description",
    "relative",
)
BASES = ("claimed", "documented", "assessed")
EVENT_KINDS = ("disappearance", "encounter", "sighting", "arrival")


class Case(Base, table=True):
    """One registered record about one person by one authority.

    `sex`, `birth_*`, `nationalities` and `event_*` repeat what the claims say, for
    filters and for the limited view; `operations` keeps them in step.
    """

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("authority_id", "record_id"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    authority_id: int = Field(foreign_key="authorities.id")
    record_id: str
    kind: str
    status: str = "open"
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
    birth_earliest: date | None = None
    birth_latest: date | None = None
    nationalities: str = ""
    event_date: date | None = None
    event_place: str = ""
    event_place_key: str = ""
    event_country: str = ""

    registered_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    registered_by: str
    amended_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    review_due: date | None = None
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    close_reason: str = ""


class WaitingCase(Base, table=True):
    """A case that was stored but not yet compared with the collection.

    A table of its own and not a mark on the case: rows come and go, the cases stay as written.
    """

    __tablename__ = "waiting_cases"

    case_id: int = Field(primary_key=True, foreign_key="cases.id")


class Recording(Base, table=True):
    """Who recorded claims and events in one transaction, and when."""

    __tablename__ = "recordings"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    by: str


class Claim(Base, table=True):
    """One claim about the person; `key` is its normal form where equality is evidence."""

    __tablename__ = "claims"
    __table_args__ = (
        Index(
            "ix_claims_kind_key",
            "kind",
            "key",
            sqlite_where=text("key IS NOT NULL"),
            postgresql_where=text("key IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    kind: str = Field(sa_column=Column(Coded(*CLAIM_KINDS), nullable=False))
    value: dict[str, Any] = Field(sa_column=Column(JsonColumn, nullable=False))
    key: str | None = None
    basis: str = Field(default="claimed", sa_column=Column(Coded(*BASES), nullable=False))
    stated_on: date | None = None
    recording_id: int = Field(foreign_key="recordings.id")
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class CaseEvent(Base, table=True):
    """A disappearance, encounter, sighting or arrival; the date may be an interval."""

    __tablename__ = "case_events"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    kind: str = Field(sa_column=Column(Coded(*EVENT_KINDS), nullable=False))
    date_text: str = ""
    date_earliest: date | None = None
    date_latest: date | None = None
    place: str = ""
    country: str = ""
    circumstances: str = ""
    recording_id: int = Field(foreign_key="recordings.id")
    withdrawn_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class CaseRecord(Base, table=True):
    """The standing claims and events of a case as matching reads them: a projection of them.

    Written in the transaction that changes them; a case without one is read from its claims.
    `body` is the whole record, `line` what of it is compared with most others.
    """

    __tablename__ = "case_records"

    case_id: int = Field(primary_key=True, foreign_key="cases.id")
    body: str = Field(sa_column=Column(Text, nullable=False))
    line: str = Field(sa_column=Column(Text, nullable=False, server_default=""))


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
