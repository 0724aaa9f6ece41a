"""What of a case is compared with most others, as one line beside its matching record.

Cases stored before have an empty line: they are read from the record until
`empd db refresh-records` writes theirs.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_records", sa.Column("line", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("case_records", "line")
