"""Migrations from code: the configuration needs no file, the scripts lie in the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from service.store.models import Base

_MIGRATIONS = Path(__file__).parent / "migrations"


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision."""
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to a revision."""
    command.downgrade(_config(engine), revision)


def new_revision(engine: Engine, message: str) -> None:
    """Write a migration script from the difference between tables and database."""
    command.revision(_config(engine), message=message, autogenerate=True)


def current_and_head(engine: Engine) -> tuple[str | None, str | None]:
    """The database's revision and the newest one."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(_config(engine)).get_current_head()


def differences(engine: Engine) -> list[object]:
    """What the tables in code have that the database lacks, and the reverse."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, Base.metadata))
