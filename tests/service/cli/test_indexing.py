"""`empd index` says what is wrong in one line, and mends what can be mended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.cli.main import app
from tests.conftest import World


@pytest.fixture
def stored(world: World, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three cases, with something rare to find each by."""
    monkeypatch.setenv("EMPD_DATABASE_URL", sqlite_url)
    with world.work("BE-POL") as work:
        for number, name in enumerate(("Selam Tesfay", "Arben Hoxha", "Dawit Haile")):
            body: dict[str, Any] = {"kind": "missing", "names": [name]}
            body["contacts"] = [{"kind": "phone", "value": f"+3246012345{number}"}]
            draft = CaseDraft.model_validate(body)
            register_case(work, world.linkage, draft, limit=10)
    return world


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["index", *arguments])


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM index_cases WHERE case_id = 1",
        "UPDATE index_cases SET terms = '' WHERE case_id = 1",
        "UPDATE index_postings SET pairs = x'00ff' WHERE term_id = 1",
    ],
)
def test_what_only_a_build_mends_is_said(stored: World, damage: str) -> None:
    with stored.engine.begin() as connection:
        assert connection.execute(text(damage)).rowcount == 1
    for arguments in ((), ("--repair",)):
        found = run("verify", *arguments)
        assert found.exit_code == 1
        assert "empd index build" in found.output
    assert json.loads(run("verify", "--json").stdout)["needs_build"]
    assert run("build").exit_code == 0
    verified = json.loads(run("verify", "--json").stdout)
    assert (verified["clean"], verified["needs_build"]) == (True, False)


def test_an_entry_that_is_gone_whole_is_mended(stored: World) -> None:
    with stored.engine.begin() as connection:
        connection.execute(text("UPDATE index_cases SET packed = packed + 1 WHERE case_id = 1"))
    assert run("verify").exit_code == 1
    mended = run("verify", "--repair", "--json")
    assert (mended.exit_code, json.loads(mended.stdout)["repaired"]) == (0, True)


def test_a_database_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPD_DATABASE_URL", "postgresql+psycopg://x:y@127.0.0.1:1/z")
    found = run("status")
    assert (found.exit_code, "the database does not answer" in found.output) == (2, True)
