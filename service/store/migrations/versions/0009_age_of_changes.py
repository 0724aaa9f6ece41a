"""When the index was changed, so that what it held before is forgotten after a while.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of what stands there already nobody knows the age: it counts as old.
    op.add_column(
        "index_changes", sa.Column("at", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("index_changes", "at")
