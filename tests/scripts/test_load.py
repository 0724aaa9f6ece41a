"""The load script asks a served EMPD and stores what it measured."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from scripts import generate, load
from scripts.loading.questions import read_rows, searches
from service.accounts.operations import add_client
from service.accounts.schemas import ClientIn
from service.security.policy import Permission
from tests.conftest import World
from tests.serving import served


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    assert generate.main(["--size", "100", "--seed", "3", "--out", str(tmp_path)]) == 0
    return tmp_path / "cases.jsonl"


def test_searches_and_registrations(
    world: World, sqlite_url: str, cases: Path, tmp_path: Path
) -> None:
    with world.work() as work:
        scopes = [Permission.SEARCH, Permission.CASE_WRITE, Permission.CASE_READ]
        client, secret = add_client(
            work, ClientIn(authority="BE-POL", name="Load (fictional)", scopes=scopes)
        )
        credentials = {"client_id": client.client_id, "client_secret": secret}
    (tmp_path / "client.json").write_text(json.dumps(credentials), "utf-8")
    with served(sqlite_url) as process:
        options = ["--url", process.base, "--pid", str(process.pid), "--cases", str(cases)]
        options += ["--credentials", str(tmp_path / "client.json"), "--out", str(tmp_path / "run")]
        counts = ["--searches", "6", "--registrations", "4", "--clients", "2", "--warm-up", "2"]
        assert load.main([*options, *counts]) == 0
    run = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert [(row["what"], row["count"]) for row in run["rows"]] == [
        ("search", 6),
        ("registration", 4),
    ]
    assert all(row["p50_ms"] <= row["p95_ms"] <= row["max_ms"] for row in run["rows"])
    assert run["memory_mb"]["after"][str(process.pid)] > 0


def test_the_same_seed_asks_the_same(cases: Path) -> None:
    rows = read_rows(cases)
    first, again, other = (list(islice(searches(rows, seed), 30)) for seed in (1, 1, 2))
    assert first == again != other


def test_a_server_that_is_away_is_one_line(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "client.json").write_text('{"client_id": "a", "client_secret": "b"}', "utf-8")
    options = ["--url", "http://127.0.0.1:9", "--cases", str(cases), "--out", str(tmp_path)]
    assert load.main([*options, "--credentials", str(tmp_path / "client.json")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("load: the server does not answer")
