"""The index for millions: parts by hashed keys, rare terms by hash, a log of changes.

The index is a projection: what it held is dropped and built anew from the cases.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OLD = ("index_postings", "index_keys", "index_terms", "index_cases", "index_generations")
_NEW = ("index_changes", "index_rare", *_OLD)


def upgrade() -> None:
    for table in _OLD:
        op.drop_table(table)
    op.create_table(
        "index_generations",
        _whole("number"),
        _whole("term_schema"),
        sa.Column("state", sa.String(), nullable=False),
        _whole("cases"),
        _whole("built_until"),
        _key("index_generations", "number"),
    )
    _create_terms(sqlite_autoincrement=True)
    op.create_table(
        "index_keys",
        _whole("generation"),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        _whole("term_id"),
        sa.Column("term", sa.String(), nullable=False),
        _key("index_keys", "generation", "key", "term_id"),
        sqlite_with_rowid=False,
    )
    _create_postings()
    op.create_table(
        "index_rare",
        _whole("generation"),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        _whole("case_id"),
        _whole("packed"),
        _key("index_rare", "generation", "key", "case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_cases",
        _whole("generation"),
        _whole("case_id"),
        _whole("packed"),
        sa.Column("terms", sa.String(), nullable=False),
        _key("index_cases", "generation", "case_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_changes",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        _whole("case_id"),
        sa.Column("before", sa.String(), nullable=False),
        _key("index_changes", "seq"),
        sqlite_autoincrement=True,
    )
    # An empty collection has an index; any other must be built by `empd index build`.
    op.execute(
        "INSERT INTO index_generations (term_schema, state, cases, built_until) "
        "SELECT 4, 'active', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM cases)"
    )


def downgrade() -> None:
    for table in _NEW:
        op.drop_table(table)
    op.create_table(
        "index_generations",
        _whole("number"),
        _whole("term_schema"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _whole("cases"),
        _key("index_generations", "number"),
    )
    _create_terms()
    op.create_table(
        "index_keys",
        _whole("generation"),
        sa.Column("key", sa.String(), nullable=False),
        _whole("term_id"),
        _key("index_keys", "generation", "key", "term_id"),
    )
    op.create_index("ix_index_keys_term_id", "index_keys", ["term_id"])
    _create_postings()
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "index_cases",
        _whole("generation"),
        _whole("case_id"),
        sa.Column("terms", json, nullable=False),
        sa.Column("packed", sa.BigInteger(), nullable=False),
        _key("index_cases", "generation", "case_id"),
    )


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _create_terms(**options: bool) -> None:
    op.create_table(
        "index_terms",
        _whole("id"),
        _whole("generation"),
        sa.Column("term", sa.String(), nullable=False),
        _whole("cases"),
        _key("index_terms", "id"),
        sa.UniqueConstraint("generation", "term", name=op.f("uq_index_terms_generation")),
        **options,
    )


def _create_postings() -> None:
    op.create_table(
        "index_postings",
        _whole("term_id"),
        _whole("chunk"),
        _whole("size"),
        sa.Column("pairs", sa.LargeBinary(), nullable=False),
        _key("index_postings", "term_id", "chunk"),
    )
