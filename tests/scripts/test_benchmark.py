"""A benchmark runs end to end, and its report is a pure function of what was stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import benchmark, report

KEYS = {
    "tool", "version", "precision", "recall", "f1", "threshold", "best_f1", "seconds", "peak_mb",
    "recall_at",
}  # fmt: skip


@pytest.fixture
def stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    code = benchmark.main(
        ["population", "--size", "300", "--seed", "7", "--out", str(tmp_path), "--json"]
    )
    assert code == 0
    assert json.loads(capsys.readouterr().out)["suite"] == "population"
    return tmp_path


def test_rows_and_cases_are_stored(stored: Path) -> None:
    run = json.loads((stored / "run.json").read_text("utf-8"))
    assert [row["tool"] for row in run["rows"]] == ["empd", "rapidfuzz"]
    assert all(set(row) >= KEYS for row in run["rows"])
    cases = [json.loads(line) for line in (stored / "cases.jsonl").read_text("utf-8").splitlines()]
    assert sum(case["match"] for case in cases) == run["rows"][0]["true_pairs"] > 0
    ours, baseline = run["rows"]
    assert ours["best_f1"] > baseline["best_f1"]


def test_the_report_repeats_byte_for_byte(stored: Path) -> None:
    report.main([str(stored)])
    first = [(stored / name).read_bytes() for name in ("report.md", "curve.svg")]
    report.main([str(stored)])
    assert [(stored / name).read_bytes() for name in ("report.md", "curve.svg")] == first
    text = first[0].decode()
    assert "## The misses" in text
    assert "Expected calibration error" in text


def test_no_run_no_report(tmp_path: Path) -> None:
    assert report.main([str(tmp_path)]) == 2
