"""Verdicts change m, slowly at first; the proposal is a profile that scores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching.profile import load_profile, parse_profile
from service.alerts.learning import LEAST_VERDICTS, learn_from_verdicts
from service.alerts.operations import decide
from service.alerts.schemas import VerdictCode, VerdictIn
from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.errors import Conflict
from tests.conftest import World

EMPD = Path(sys.executable).parent / "empd"


def confirm(world: World, number: int) -> None:
    """One confirmed pair whose sex differs, which is rare so far."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")
    for code, kind, sex in (("DE-JA", "missing", "M"), ("BE-POL", "encountered", "F")):
        draft = {
            "kind": kind,
            "names": [f"Zamarai{letters} Stanekzai{letters}"],
            "births": [{"date": f"2010-05-{number % 20 + 2:02}"}],
            "nationalities": ["AF"],
            "sex": sex,
        }
        with world.work(code) as work:
            intake = register_case(work, world.linkage, CaseDraft.model_validate(draft), limit=20)
            alerts = [alert.public_id for alert in intake.alerts]
    with world.work("BE-POL") as work:
        decide(work, alerts[0], VerdictIn(verdict=VerdictCode.SAME, reason="scar agrees"))


def test_too_few_verdicts_teach_nothing(world: World) -> None:
    with pytest.raises(Conflict, match="0 pairs"), world.work() as work:
        learn_from_verdicts(work, world.linkage)


def test_a_proposal_follows_the_verdicts(world: World, sqlite_url: str, tmp_path: Path) -> None:
    for number in range(LEAST_VERDICTS):
        confirm(world, number)
    before = load_profile()
    with world.work() as work:
        pairs, found = learn_from_verdicts(work, world.linkage)
    assert pairs == LEAST_VERDICTS
    assert before.m["sex.disagree"] < found["sex"]["disagree"] < 1
    assert found["nationality"]["agree"] > before.m["nationality.agree"]
    target = tmp_path / "proposed.toml"
    environment = {**os.environ, "EMPD_DATABASE_URL": sqlite_url}
    command = [str(EMPD), "profile", "propose", str(target), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["changes"][0]["level"].startswith("sex.")
    proposed = parse_profile(target.read_bytes())
    assert proposed.id.startswith("proposed@")
    assert proposed.weights["sex.disagree"] > before.weights["sex.disagree"]
    assert proposed.weights["phone.agree"] == before.weights["phone.agree"]
    chosen = {**environment, "EMPD_PROFILE": str(target)}
    shown = subprocess.run(
        [str(EMPD), "profile", "show", "--json"],
        env=chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(shown.stdout)["id"] == proposed.id


def test_a_file_that_is_no_profile_is_said(sqlite_url: str, world: World, tmp_path: Path) -> None:
    del world
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("name = 3", "utf-8")
    for path in (wrong, tmp_path / "none.toml"):
        environment = {**os.environ, "EMPD_DATABASE_URL": sqlite_url, "EMPD_PROFILE": str(path)}
        done = subprocess.run(
            [str(EMPD), "profile", "show"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "EMPD_PROFILE" in done.stderr
