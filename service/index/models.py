"""Tables of the SQL index: a projection that can be rebuilt from the cases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base, JsonColumn


class IndexState(Base, table=True):
    """One generation: how many cases it holds and whether it answers."""

    __tablename__ = "index_generations"

    number: int | None = Field(default=None, primary_key=True)
    term_schema: int
    active: bool = False
    cases: int = 0


class IndexTerm(Base, table=True):
    """One term of a generation and how many cases hold it."""

    __tablename__ = "index_terms"
    __table_args__ = (UniqueConstraint("generation", "term"),)

    id: int | None = Field(default=None, primary_key=True)
    generation: int
    term: str
    cases: int


class IndexKey(Base, table=True):
    """A key under which folded name parts are found."""

    __tablename__ = "index_keys"
    __table_args__ = (Index("ix_index_keys_term_id", "term_id"),)

    generation: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    term_id: int = Field(primary_key=True)


class IndexPosting(Base, table=True):
    """A chunk of the cases that hold a term: pairs of case id and packed attributes."""

    __tablename__ = "index_postings"

    term_id: int = Field(primary_key=True)
    chunk: int = Field(primary_key=True)
    size: int
    pairs: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class IndexedCase(Base, table=True):
    """What a generation holds of one case, so that it can be taken out again."""

    __tablename__ = "index_cases"

    generation: int = Field(primary_key=True)
    case_id: int = Field(primary_key=True)
    terms: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    packed: int = Field(sa_column=Column(BigInteger, nullable=False))
