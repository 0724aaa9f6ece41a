"""An empty index needs no rebuild for the second version of its terms.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE index_generations SET term_schema = 2 WHERE cases = 0")


def downgrade() -> None:
    op.execute("UPDATE index_generations SET term_schema = 1 WHERE cases = 0")
