"""A full disk and a locked database: said clearly, nothing half stored, and it goes on after."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from service.cases.models import Case
from service.linkage import Linkage
from service.store.engine import make_engine
from service.store.migrate import upgrade
from tests.conftest import World
from tests.faults.test_kills import client_of, command, draft, url_of, verify
from tests.serving import served

SMALL_DISK = "8m"
"""Room for the schema and some hundred cases."""
ROWS = 8_000
"""Rows of a file, in four batches; their cases take more room than there is."""
LIMITED = """
import resource
from service.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
main()
"""
"""`empd` whose files may not grow beyond 4 MB: what is beyond, the system refuses to write."""


def write_cases(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            row = {"record_id": f"R{number}", "kind": "missing", "full_name": f"Selam T{number}"}
            file.write(json.dumps(row) + "\n")


def record_ids(engine: Engine) -> set[str]:
    with Session(engine) as session:
        return set(session.exec(select(col(Case.record_id))))


def fill(path: Path) -> None:
    """Write until nothing goes any more."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that is soon full: a tmpfs, which root may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.fail("a full disk needs a tmpfs, which only root may mount: run these tests as root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def test_a_full_disk_refuses_and_keeps_what_was_stored(
    small_disk: Path, linkage: Linkage, tmp_path: Path
) -> None:
    engine = make_engine(f"sqlite:///{small_disk / 'empd.sqlite3'}")
    upgrade(engine)
    world = World(engine, linkage)
    url, credentials = url_of(world), client_of(world)
    acknowledged = []
    with served(url) as server:
        token = server.token(*credentials)
        server.post("/api/v1/cases", draft(0), token)
        acknowledged.append("R0")
        # The rest of the disk is taken: what is left is too little for the next pages.
        ballast = small_disk / "ballast"
        fill(ballast)
        refused = None
        for number in range(1, 200):
            try:
                server.post("/api/v1/cases", draft(number), token)
            except HTTPError as error:
                with error:
                    refused = json.load(error)
                break
            acknowledged.append(f"R{number}")
        assert refused is not None
        assert refused["status"] == 503
        assert refused["code"] == "store_busy"
        ballast.unlink()
        server.post("/api/v1/cases", draft(999), token)
        acknowledged.append("R999")
    assert record_ids(engine) == set(acknowledged)
    assert verify(url)["clean"]
    engine.dispose()


def test_an_import_onto_a_full_disk_can_be_taken_up(
    small_disk: Path, linkage: Linkage, tmp_path: Path
) -> None:
    engine = make_engine(f"sqlite:///{small_disk / 'empd.sqlite3'}")
    upgrade(engine)
    world = World(engine, linkage)
    path = tmp_path / "cases.jsonl"
    write_cases(path)
    told = command(url_of(world), "import", str(path), "--authority", "BE-POL", "--later")
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    # A larger disk: what was committed is there, the same command stores the rest.
    engine.dispose()
    larger = tmp_path / "larger"
    larger.mkdir()
    for part in small_disk.glob("empd.sqlite3*"):
        shutil.copy(part, larger / part.name)
    url = f"sqlite:///{larger / 'empd.sqlite3'}"
    assert verify(url)["clean"]
    again = command(url, "import", str(path), "--authority", "BE-POL", "--later", "--json")
    assert again.returncode == 0, again.stderr
    moved = make_engine(url)
    assert len(record_ids(moved)) == ROWS
    moved.dispose()
    assert verify(url)["clean"]


def test_an_import_into_files_that_may_not_grow_can_be_taken_up(
    world: World, tmp_path: Path
) -> None:
    # A limit of the process instead of the disk: anybody may set it, and writing fails likewise.
    url, path = url_of(world), tmp_path / "cases.jsonl"
    write_cases(path)
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, "import", str(path), "--authority", "BE-POL", "--later"],
        env={**os.environ, "EMPD_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2, told.stderr
    assert "Traceback" not in told.stderr
    assert "the database does not answer" in told.stderr
    assert verify(url)["clean"]
    stored = len(record_ids(world.engine))
    assert stored < ROWS
    again = command(url, "import", str(path), "--authority", "BE-POL", "--later", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["resumed_at"] == stored
    assert len(record_ids(world.engine)) == ROWS
    assert verify(url)["clean"]


def test_a_locked_database_is_busy_not_broken(world: World) -> None:
    path = world.engine.url.database or ""
    with served(url_of(world)) as server:
        token = server.token(*client_of(world))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HTTPError) as refused:
            server.post("/api/v1/cases", draft(1), token)
        with refused.value as error:
            assert error.code == 503
            assert error.headers["Retry-After"]
        other.execute("ROLLBACK")
        other.close()
        answer = server.post("/api/v1/cases", draft(1), token)
        assert answer["case"]["case_id"]
    assert verify(url_of(world))["clean"]
