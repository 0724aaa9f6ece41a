"""How far Elasticsearch follows the log of changes.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "index_generations",
        sa.Column("postings", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_table(
        "index_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_outbox")),
    )
    op.execute("INSERT INTO index_outbox (id, seq, owner) VALUES (1, -1, '')")


def downgrade() -> None:
    op.drop_table("index_outbox")
    op.drop_column("index_generations", "postings")
