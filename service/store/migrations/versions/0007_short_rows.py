"""Short rows for millions of cases, matching records, imports that resume, a queue for matching.

Claims and events name a recording instead of repeating who and when, and hold codes
instead of words. Indexes that no query uses are gone. A case without a matching record
is read from its claims; `empd db refresh-records` writes what is missing.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CLAIM_KINDS = (
    "name",
    "birth",
    "sex",
    "nationality",
    "country_of_birth",
    "place_of_birth",
    "language",
    "contact",
    "document",
    "address",
    "description",
    "relative",
)
_BASES = ("claimed", "documented", "assessed")
_EVENT_KINDS = ("disappearance", "encounter", "sighting", "arrival")
_CODED: dict[str, dict[str, tuple[str, ...]]] = {
    "claims": {"kind": _CLAIM_KINDS, "basis": _BASES},
    "case_events": {"kind": _EVENT_KINDS},
}
_UNUSED = {
    "cases": ("kind", "status", "birth_earliest", "event_date", "authority_id"),
    "case_events": ("date_earliest",),
}
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_tables()
    op.execute(
        "INSERT INTO waiting_cases SELECT id FROM cases WHERE compared_at IS NULL AND status = 'open'"
    )
    op.drop_column("cases", "compared_at")
    for table, columns in _UNUSED.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
    op.drop_index("ix_claims_kind_key", "claims")
    op.execute(
        'INSERT INTO recordings (at, "by") '
        "SELECT recorded_at, recorded_by FROM claims "
        "UNION SELECT recorded_at, recorded_by FROM case_events ORDER BY 1"
    )
    op.create_index("ix_recordings_at", "recordings", ["at", "by"])
    for table, coded in _CODED.items():
        _shorten(table, coded)
    op.drop_index("ix_recordings_at", "recordings")
    op.create_index(
        "ix_claims_kind_key",
        "claims",
        ["kind", "key"],
        sqlite_where=sa.text("key IS NOT NULL"),
        postgresql_where=sa.text("key IS NOT NULL"),
    )


def _create_tables() -> None:
    op.create_table(
        "case_records",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_records_case_id_cases"),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_records"),
    )
    op.create_table(
        "waiting_cases",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_waiting_cases_case_id_cases"),
        sa.PrimaryKeyConstraint("case_id", name="pk_waiting_cases"),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("rejects_bytes", sa.Integer(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["authorities.id"], name="fk_import_runs_authority_id_authorities"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_import_runs"),
        sa.UniqueConstraint("authority_id", "digest", name="uq_import_runs_authority_id"),
    )
    op.create_table(
        "match_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("touched_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_match_runs"),
    )


def _shorten(table: str, coded: dict[str, tuple[str, ...]]) -> None:
    op.add_column(table, sa.Column("recording_id", sa.Integer(), nullable=True))
    # Names of tables and columns come from this file alone, here and below.
    same = f'r.at = {table}.recorded_at AND r."by" = {table}.recorded_by'
    sets = [f"recording_id = (SELECT id FROM recordings AS r WHERE {same})"]  # noqa: S608 - see above
    for column, words in coded.items():
        op.add_column(table, sa.Column(f"{column}_code", sa.SmallInteger(), nullable=True))
        cases = " ".join(f"WHEN '{word}' THEN {place}" for place, word in enumerate(words))
        sets.append(f"{column}_code = CASE {column} {cases} END")
    op.execute(f"UPDATE {table} SET {', '.join(sets)}")  # noqa: S608 - see above
    with op.batch_alter_table(table) as batch:
        for column in (*coded, "recorded_at", "recorded_by"):
            batch.drop_column(column)
    with op.batch_alter_table(table) as batch:
        for column in coded:
            batch.alter_column(
                f"{column}_code",
                new_column_name=column,
                existing_type=sa.SmallInteger(),
                nullable=False,
            )
        batch.alter_column("recording_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(
            f"fk_{table}_recording_id_recordings", "recordings", ["recording_id"], ["id"]
        )


def downgrade() -> None:
    op.drop_index("ix_claims_kind_key", "claims")
    for table, coded in _CODED.items():
        _lengthen(table, coded)
    op.create_index("ix_claims_kind_key", "claims", ["kind", "key"])
    for table, columns in _UNUSED.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
    op.add_column("cases", sa.Column("compared_at", _MOMENT, nullable=True))
    op.execute(
        "UPDATE cases SET compared_at = amended_at WHERE id NOT IN (SELECT case_id FROM waiting_cases)"
    )
    for table in ("match_runs", "import_runs", "recordings", "waiting_cases", "case_records"):
        op.drop_table(table)


def _lengthen(table: str, coded: dict[str, tuple[str, ...]]) -> None:
    op.add_column(table, sa.Column("recorded_at", _MOMENT, nullable=True))
    op.add_column(table, sa.Column("recorded_by", sa.String(), nullable=True))
    named = f"FROM recordings AS r WHERE r.id = {table}.recording_id"
    sets = [f'recorded_{part} = (SELECT r."{part}" {named})' for part in ("at", "by")]
    for column, words in coded.items():
        op.add_column(table, sa.Column(f"{column}_word", sa.String(), nullable=True))
        cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
        sets.append(f"{column}_word = CASE {column} {cases} END")
    op.execute(f"UPDATE {table} SET {', '.join(sets)}")  # noqa: S608 - see above
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"fk_{table}_recording_id_recordings", type_="foreignkey")
        for column in (*coded, "recording_id"):
            batch.drop_column(column)
    with op.batch_alter_table(table) as batch:
        for column in coded:
            batch.alter_column(
                f"{column}_word", new_column_name=column, existing_type=sa.String(), nullable=False
            )
        batch.alter_column("recorded_at", existing_type=_MOMENT, nullable=False)
        batch.alter_column("recorded_by", existing_type=sa.String(), nullable=False)
