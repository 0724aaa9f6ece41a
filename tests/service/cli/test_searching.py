"""`empd search` reads only, and says where it did not see all."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from service.cli.main import app
from service.index import reading
from tests.conftest import World

ASKED = ["search", "Selam Tesfay", "--purpose", "identification", "--reference", "1"]
CUT = "the list of candidates was cut"


def test_a_cut_list_is_said(world: World, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.missing("Selam Tesfay", "Selam Haile", "Dawit Tesfay")
    monkeypatch.setenv("EMPD_DATABASE_URL", sqlite_url)
    whole = CliRunner().invoke(app, ASKED)
    assert (whole.exit_code, CUT in whole.output) == (0, False)
    monkeypatch.setattr(reading, "MAX_POSTINGS", 1)
    cut = CliRunner().invoke(app, ASKED)
    assert (cut.exit_code, CUT in cut.output) == (0, True)
