"""The documented file format is the one that the code reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.errors import BadInput
from service.exchange.formats.columns import COLUMNS, check_columns

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "file-format.md"


def test_every_column_is_documented() -> None:
    named = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert named == list(COLUMNS)


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean family_name"):
        check_columns(["record_id", "familyname"])


@pytest.mark.parametrize("name", ["\x00\x1b[31m", "n\ufffdme", "x" * 500])
def test_what_is_no_table_is_not_repeated(name: str) -> None:
    with pytest.raises(BadInput, match="a table in UTF-8 is expected") as refused:
        check_columns(["record_id", name])
    assert name not in str(refused.value)


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        check_columns(["sex", "sex"])
