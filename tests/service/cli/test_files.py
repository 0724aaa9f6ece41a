"""`empd import` tells what it stored, also where the comparison stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from service.alerts import background
from service.alerts.repository import WaitingRepository
from service.cli.main import app
from tests.conftest import World

ROWS = (
    {"kind": "missing", "full_name": "Selam Tesfay"},
    {"kind": "missing", "full_name": "Dawit Haile", "date_of_birth": "2009-02-30"},
)


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
