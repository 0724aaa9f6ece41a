from __future__ import annotations

import os
import subprocess

import pytest
from rich.console import Console

from service.cli import output
from service.cli.output import show_table
from tests.serving import EMPD

COLUMNS = ("case", "record", "authority", "name", "band", "bits", "reasons")
ROWS = [
    ("c" + "0123456789" * 2, "NL-RECEP-0000964", "NL-RECEP", "Selam Tesfay", "unlikely", -2.75,
     "name.transliteration, date_of_birth.near_year"),
    ("d" + "9876543210" * 2, None, "DE-JUGEND", "Arben", "possible", 3.5, "name.same"),
]  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_nothing_is_cut_at_any_width(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_out", Console(width=width))
    show_table(COLUMNS, ROWS)
    printed = capsys.readouterr().out
    assert "…" not in printed
    for row in ROWS:
        for cell in row:
            assert all(word in printed for word in str("" if cell is None else cell).split())
    assert all(name in printed for name in COLUMNS)


def test_a_table_is_printed_where_it_fits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = []
    for width in (60, 200):
        monkeypatch.setattr(output, "_out", Console(width=width))
        show_table(COLUMNS, ROWS)
        shapes.append("│" in capsys.readouterr().out)
    assert shapes == [False, True]


def test_a_reader_that_has_enough_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [EMPD, "settings", "--json"],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")
