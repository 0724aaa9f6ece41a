from __future__ import annotations

import pytest

from service.cli.output import show_table

ID = "c" + "0123456789" * 4


def test_an_id_in_a_narrow_table_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("case", "name", "why"), [(ID, "N" * 60, "W" * 60)])
    printed = capsys.readouterr().out
    assert ID in printed
    lines = [line.split("│")[1:-1] for line in printed.splitlines() if "│" in line]
    cells = ["".join(parts).replace(" ", "") for parts in zip(*lines, strict=True)]
    assert cells == [ID, "N" * 60, "W" * 60]
