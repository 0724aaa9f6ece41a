"""Summaries of cases, and the condition under which an actor may read a case in full.

Statements are put together once: that takes longer than to run them, and every search asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    bindparam,
    exists,
    false,
    or_,
    select,
    true,
    type_coerce,
)
from sqlmodel import col

from service.accounts.models import Authority
from service.cases.models import CLAIM_KINDS, Case, CaseShare, Claim
from service.cases.vocabulary import ClaimKind
from service.security.policy import Actor
from service.store.base import table_of
from service.store.reading import ASKED


class CaseSummary(NamedTuple):
    """What lists and links show of a case, or ask of it."""

    id: int
    public_id: str
    authority_id: int
    record_id: str
    kind: str
    status: str
    content_digest: str
    sex: str
    birth_earliest: date | None
    birth_latest: date | None
    event_country: str


class OwnerSummary(NamedTuple):
    """Who owns a case and how to reach them."""

    code: str
    name: str
    email: str
    phone: str


@dataclass(slots=True)
class ReadableSummary:
    """The summary of a case as the actor may read it."""

    case: CaseSummary
    owner: OwnerSummary
    full: bool

    @property
    def access(self) -> str:
        """`full` or `limited`, as the answer names it."""
        return "full" if self.full else "limited"


def reads_in_full(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a case may be read in full by the actor."""
    return in_full(actor.authority_id, reads_all=actor.reads_all)


def in_full(authority_id: Any, *, reads_all: bool) -> ColumnElement[bool]:
    """The same for an authority that is still to be given, as a parameter of a statement."""
    if reads_all:
        return true()
    if authority_id is None:
        return false()
    shared = exists().where(
        col(CaseShare.case_id) == col(Case.id),
        col(CaseShare.authority_id) == authority_id,
    )
    return or_(col(Case.authority_id) == authority_id, shared)


@cache
def summaries_query(*, reads_all: bool, has_authority: bool) -> Select[Any]:
    """The statement of `CaseRepository.summaries`; to put it together takes longer than to run."""
    authority_id = bindparam("authority_id", type_=Integer) if has_authority else None
    cases, owners = table_of(Case), table_of(Authority)
    return (
        select(
            *(cases.c[name] for name in CaseSummary._fields),
            *(owners.c[name] for name in OwnerSummary._fields),
            in_full(authority_id, reads_all=reads_all),
        )
        .join_from(cases, owners, owners.c.id == cases.c.authority_id)
        .where(cases.c.id.in_(ASKED))
    )


@cache
def standing_names_query() -> Select[Any]:
    """The statement of `CaseRepository.standing_names`."""
    claims = table_of(Claim)
    # An expression, not the column: by its index SQLite would walk the names of all cases.
    kind = type_coerce(claims.c.kind, SmallInteger) + 0
    return (
        select(claims.c.case_id, claims.c.value)
        .where(
            claims.c.case_id.in_(ASKED),
            claims.c.withdrawn_at.is_(None),
            kind == CLAIM_KINDS.index(ClaimKind.NAME.value),
        )
        .order_by(claims.c.id)
    )
