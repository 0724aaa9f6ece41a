"""`empd import` tells what it stored, also where the comparison stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner, Result

from service.alerts import background
from service.alerts.repository import WaitingRepository
from service.cli.main import app
from tests.conftest import World

ROWS = (
    {"kind": "missing", "full_name": "Selam Tesfay"},
    {"kind": "missing", "full_name": "Dawit Haile", "date_of_birth": "2009-02-30"},
)


def run(world: World, path: Path, rows: tuple[dict[str, str], ...], *more: str) -> Result:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return CliRunner().invoke(app, ["import", str(path), "--authority", "BE-POL", "--json", *more])


def test_rejects_of_an_earlier_import_do_not_stay(
    world: World, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPD_DATABASE_URL", sqlite_url)
    path = tmp_path / "cases.jsonl"
    rejects = tmp_path / "cases.jsonl.rejects.jsonl"
    assert json.loads(run(world, path, ROWS).stdout)["rejected"] == 1
    assert rejects.is_file()
    assert json.loads(run(world, path, ROWS[:1]).stdout)["rejected"] == 0
    assert not rejects.exists()


def test_a_file_of_rejects_that_cannot_be_written_is_named(
    world: World, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPD_DATABASE_URL", sqlite_url)
    refused = run(world, tmp_path / "cases.jsonl", ROWS, "--rejects", str(tmp_path / "no" / "r"))
    assert refused.exit_code == 2
    assert "file of rejects: cannot be written" in refused.stderr.replace("\n", " ")
    with Session(world.engine) as session:
        # Its batch is given up whole: nothing is stored of which nobody learns the rejects.
        assert WaitingRepository(session).count() == 0


@pytest.mark.parametrize("as_json", [True, False])
def test_the_report_outlives_the_comparison(
    world: World, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    monkeypatch.setenv("EMPD_DATABASE_URL", sqlite_url)
    # Elasticsearch was never built, nothing stands in for it, and the collection counts as large.
    monkeypatch.setenv("EMPD_INDEX", "elastic")
    monkeypatch.setenv("EMPD_ELASTIC_FALLBACK", "false")
    monkeypatch.setattr(background, "IN_MEMORY_AT_MOST", 0)
    asked = ["import", str(path), "--authority", "BE-POL", *(["--json"] if as_json else [])]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "empd index build" in done.stderr
    if as_json:
        report = json.loads(done.stdout)
        assert (report["stored"], report["rejected"], report["alerts"]) == (1, 1, None)
        assert not report["compared"]
        assert "empd index build" in report["reason"]
    else:
        assert "1 stored, 0 unchanged, 1 rejected, comparison stopped" in done.stdout
        assert path.with_name("cases.jsonl.rejects.jsonl").name in done.stdout.replace("\n", "")
    with Session(world.engine) as session:
        assert WaitingRepository(session).count() == 1


def test_a_file_without_rows_is_told(
    world: World, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPD_DATABASE_URL", sqlite_url)
    empty = run(world, tmp_path / "cases.jsonl", ())
    assert (empty.exit_code, json.loads(empty.stdout)["read"]) == (1, 0)
    assert "holds no rows" in empty.stderr
    assert run(world, tmp_path / "cases.jsonl", ROWS[:1]).exit_code == 0
    # Read again nothing is new, which is no failure.
    assert run(world, tmp_path / "cases.jsonl", ROWS[:1]).exit_code == 0
