"""Tables of the SQL index: a projection that can be rebuilt from the cases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, UniqueConstraint
from sqlmodel import Field

from service.store.base import Base

STREAM = 5_000
"""Rows fetched at a time when one of these tables is read as a whole."""
WITHOUT_ROWID = {"sqlite_with_rowid": False}
"""SQLite keeps rows of a few bytes in the tree of their key, instead of beside it."""


class IndexState(Base, table=True):
    """One generation: how far it is built, how many cases it holds, whether it answers.

    `postings` says whether the cases of its terms are kept, or its vocabulary only.
    While a generation is built, writers keep up to date what it holds already: the
    cases up to `built_until`; the builder reads the others later.
    """

    __tablename__ = "index_generations"

    number: int | None = Field(default=None, primary_key=True)
    term_schema: int
    state: str
    cases: int = 0
    built_until: int = 0
    postings: bool = True


class IndexTerm(Base, table=True):
    """One term of the vocabulary of a generation and how many cases hold it."""

    __tablename__ = "index_terms"
    # An id is never given twice: postings of a swept generation may outlive its terms.
    __table_args__ = (UniqueConstraint("generation", "term"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    generation: int
    term: str
    cases: int


class IndexKey(Base, table=True):
    """A key (CRC-32) under which the term of a name part is found, with its text."""

    __tablename__ = "index_keys"
    __table_args__ = (WITHOUT_ROWID,)

    generation: int = Field(primary_key=True)
    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    term_id: int = Field(primary_key=True)
    term: str


class IndexPosting(Base, table=True):
    """A chunk of the cases that hold a term: pairs of case id and packed attributes."""

    __tablename__ = "index_postings"

    term_id: int = Field(primary_key=True)
    chunk: int = Field(primary_key=True)
    size: int
    pairs: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class IndexRare(Base, table=True):
    """A case that holds a term which few share, by the hash of the term."""

    __tablename__ = "index_rare"
    __table_args__ = (WITHOUT_ROWID,)

    generation: int = Field(primary_key=True)
    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    case_id: int = Field(primary_key=True)
    packed: int


class IndexedCase(Base, table=True):
    """What a generation holds of one case, so that it can be taken out again.

    `terms` are the terms, one a line.
    """

    __tablename__ = "index_cases"
    __table_args__ = (WITHOUT_ROWID,)

    generation: int = Field(primary_key=True)
    case_id: int = Field(primary_key=True)
    packed: int
    terms: str


class IndexChange(Base, table=True):
    """A case that was put in, changed or taken out, in the order of the commits.

    Mirrors in memory and servers elsewhere follow it. `before` are the terms that
    were held until then; empty for a new case. `at` is when, in seconds since 1970.
    """

    __tablename__ = "index_changes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    seq: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
    )
    case_id: int
    before: str = ""
    at: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
