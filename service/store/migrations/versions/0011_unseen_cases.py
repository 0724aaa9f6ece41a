"""How many cases a run of matching could not compare with all others.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "match_runs", sa.Column("unseen", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("match_runs", "unseen")
