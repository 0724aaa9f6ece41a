"""Benchmarks run end to end, and reports are pure functions of what was stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from matching.profile import parse_profile
from scripts import benchmark, estimate, report
from scripts.benchmarking.peering import PYTHON

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "tool", "version", "precision", "recall", "f1", "f1_interval", "threshold", "best_f1",
    "seconds", "peak_mb", "recall_at", "reliability", "calibration_error", "slices",
    "cultures_at_precision",
}  # fmt: skip


@pytest.fixture
def stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    arguments = ["population", "--size", "600", "--seed", "7", "--out", str(tmp_path), "--json"]
    assert benchmark.main([*arguments, "--against", "empd_em,rapidfuzz"]) == 0
    assert json.loads(capsys.readouterr().out)["suite"] == "population"
    return tmp_path


def test_rows_and_cases_are_stored(stored: Path) -> None:
    run = json.loads((stored / "run.json").read_text("utf-8"))
    assert [row["tool"] for row in run["rows"]] == ["empd", "empd_em", "rapidfuzz"]
    assert all(set(row) >= KEYS for row in run["rows"])
    ours, _, baseline = run["rows"]
    assert ours["best_f1"] > baseline["best_f1"]
    assert ours["f1_interval"][0] <= ours["f1"] <= ours["f1_interval"][1]
    assert 0 <= ours["calibration_error"] < 0.05
    cases = [json.loads(line) for line in (stored / "cases.jsonl").read_text("utf-8").splitlines()]
    assert sum(case["match"] for case in cases) == ours["true_pairs"] > 0
    retrieved = [case for case in cases if case["retrieved"]]
    assert all(0 <= case["probabilities"]["empd"] <= 1 for case in retrieved)


def test_the_report_is_a_pure_function_of_the_run(stored: Path) -> None:
    assert report.main([str(stored)]) == 0
    names = ("report.md", "curve.svg", "reliability.svg")
    first = [(stored / name).read_bytes() for name in names]
    assert report.main([str(stored)]) == 0
    assert [(stored / name).read_bytes() for name in names] == first
    text = first[0].decode()
    assert "The misses" in text
    assert "Recall by corruption" in text


def test_judged_names(tmp_path: Path) -> None:
    assert benchmark.main(["names", "--out", str(tmp_path)]) == 0
    (row,) = json.loads((tmp_path / "run.json").read_text("utf-8"))["rows"]
    assert len(row["groups"]) == 13
    assert row["best_f1"] > 0.8
    assert report.main([str(tmp_path)]) == 0
    assert "got wrong" in (tmp_path / "report.md").read_text("utf-8")


def test_the_chapter_says_what_the_stored_runs_say(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "feasibility" / "runs", tmp_path / "runs")
    assert report.main(["--chapter", str(tmp_path)]) == 0
    written = (tmp_path / "matching.md").read_bytes()
    assert written == (ROOT / "docs" / "feasibility" / "matching.md").read_bytes()


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([str(tmp_path)]) == 2
    with pytest.raises(SystemExit) as refused:
        benchmark.main(["population", "--against", "nobody", "--out", str(tmp_path)])
    assert refused.value.code == 2
    assert "nobody" in capsys.readouterr().err


def test_a_peer_that_is_not_installed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.benchmarking.peering.PYTHON", PYTHON.with_name("nothing"))
    options = ["names", "--against", "wratio", "--out", str(tmp_path)]
    assert benchmark.main(options) == 2
    assert "scripts/peers" in capsys.readouterr().err


def test_a_proposal_carries_its_calibration_and_can_be_benchmarked(tmp_path: Path) -> None:
    arguments = ["--size", "500", "--seed", "11", "--calibrate", "12", "--out", str(tmp_path)]
    assert estimate.main(arguments) == 0
    report_of = json.loads((tmp_path / "estimate.json").read_text("utf-8"))
    proposed = tmp_path / "profile.toml"
    profile = parse_profile(proposed.read_bytes())
    assert profile.slope == report_of["calibration"]["slope"] > 0
    assert profile.intercept == report_of["calibration"]["intercept"]
    assert "train seed 11" in proposed.read_text("utf-8")
    measured = ["population", "--size", "300", "--seed", "7", "--profile", str(proposed)]
    assert benchmark.main([*measured, "--out", str(tmp_path / "run")]) == 0
    assert benchmark.main(["names", "--profile", str(proposed), "--out", str(tmp_path / "n")]) == 0
    for folder in ("run", "n"):
        run = json.loads((tmp_path / folder / "run.json").read_text("utf-8"))
        assert run["profile"] == run["rows"][0]["version"] == profile.id


@pytest.mark.parametrize(
    "wrong",
    [
        ["--calibrate", "x"],
        ["--calibrate", "101"],
        ["--calibrate", "12,12"],
        ["--size", "10"],
        ["--seed", "0"],
    ],
)
def test_wrong_use_of_the_estimate(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        estimate.main([*wrong, "--out", str(tmp_path)])
    assert refused.value.code == 2


def test_nothing_is_estimated_on_test_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seeds in (["--seed", "9001"], ["--calibrate", "102,9001"]):
        with pytest.raises(SystemExit) as refused:
            estimate.main([*seeds, "--out", str(tmp_path)])
        assert refused.value.code == 2
    assert "for tests" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
