"""When a case was compared with the collection, and its place in the letters of the filter.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.cases.values import place_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CASES = sa.table(
    "cases",
    sa.column("id", sa.Integer),
    sa.column("event_place", sa.String),
    sa.column("event_place_key", sa.String),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "cases", sa.Column("event_place_key", sa.String(), nullable=False, server_default="")
    )
    # Imports so far stored and compared in one go, or were not acknowledged.
    op.execute("UPDATE cases SET compared_at = amended_at")
    connection = op.get_bind()
    places = connection.execute(
        sa.select(_CASES.c.event_place).where(_CASES.c.event_place != "").distinct()
    )
    for (place,) in places.all():
        connection.execute(
            sa.update(_CASES)
            .where(_CASES.c.event_place == place)
            .values(event_place_key=place_key(place))
        )


def downgrade() -> None:
    op.drop_column("cases", "event_place_key")
    op.drop_column("cases", "compared_at")
