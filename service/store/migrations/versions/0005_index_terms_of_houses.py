"""An empty index needs no rebuild for the third version of its terms.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE index_generations SET term_schema = 3 WHERE cases = 0")


def downgrade() -> None:
    op.execute("UPDATE index_generations SET term_schema = 2 WHERE cases = 0")
