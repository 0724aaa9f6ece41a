"""`empd db`: schema, backup, restore."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import make_url

from service.cases.records.operations import refresh_records as refresh_of
from service.cli.context import AsJson, guarded, open_context
from service.cli.output import progress_bar, show_json, show_line
from service.config import Settings
from service.errors import BadInput, Conflict, FieldError
from service.store.engine import make_engine
from service.store.migrate import current_and_head, differences
from service.store.migrate import upgrade as upgrade_schema

app = typer.Typer(help="Schema, backup and restore of the store.", no_args_is_help=True)


@app.command()
@guarded
def upgrade(as_json: AsJson = False) -> None:
    """Create the database or bring its schema up to date.

    Example: empd db upgrade
    """
    engine = make_engine(Settings().database_url)
    upgrade_schema(engine)
    current, _ = current_and_head(engine)
    engine.dispose()
    _say(as_json, {"revision": current}, f"schema at revision {current}")


@app.command()
@guarded
def check(as_json: AsJson = False) -> None:
    """Compare the database's schema with what this version needs.

    Example: empd db check
    """
    engine = make_engine(Settings().database_url)
    current, head = current_and_head(engine)
    different = len(differences(engine))
    engine.dispose()
    fits = current == head and not different
    body: dict[str, object] = {
        "revision": current,
        "newest": head,
        "differences": different,
        "fits": fits,
    }
    _say(as_json, body, f"revision {current} of {head}, {different} differences")
    if not fits:
        raise typer.Exit(1)


@app.command()
@guarded
def refresh_records(as_json: AsJson = False) -> None:
    """Write the matching records of cases that are missing or not what their claims say.

    Example: empd db refresh-records
    """
    with open_context() as context, progress_bar() as progress:
        where = context.job(progress)
        written = refresh_of(where)
    _say(as_json, {"written": written}, f"{written} records written")


@app.command()
@guarded
def backup(
    file: Annotated[Path, typer.Argument(help="New file to write.")], as_json: AsJson = False
) -> None:
    """Copy a SQLite store to a file while it is in use.

    Example: empd db backup empd-2026-11-24.sqlite3
    """
    source = _sqlite_file()
    if file.exists():
        raise Conflict("the backup file exists already")
    with sqlite3.connect(source) as store, sqlite3.connect(file) as copy:
        store.backup(copy)
    _say(as_json, {"file": str(file), "bytes": file.stat().st_size}, f"written to {file}")


@app.command()
@guarded
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")], as_json: AsJson = False
) -> None:
    """Put a backup in the place of the SQLite store; the old store is kept beside it.

    Example: empd db restore empd-2026-11-24.sqlite3
    """
    target = _sqlite_file()
    _require_sound(file)
    if target.exists():
        shutil.move(target, target.with_name(f"{target.name}.replaced"))
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(file, target)
    _say(as_json, {"file": str(target)}, f"restored to {target}")


def _require_sound(file: Path) -> None:
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
            (verdict,) = store.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error:
        verdict = "unreadable"
    if verdict != "ok":
        raise BadInput.of(FieldError("file", "is no sound SQLite database"))


def _sqlite_file() -> Path:
    address = make_url(Settings().database_url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise BadInput.of(
            FieldError("EMPD_DATABASE_URL", "is PostgreSQL: use pg_dump and pg_restore")
        )
    return Path(address.database)


def _say(as_json: bool, body: dict[str, object], text: str) -> None:
    if as_json:
        show_json(body)
    else:
        show_line(text)
