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


def test_an_unknown_column_is_told_by_name() -> None:
    with pytest.raises(BadInput, match="row 1, shoe_size: is no known column"):
        check_columns(["record_id", "shoe_size"])


@pytest.mark.parametrize(
    "name", ["\x00\x1b[31m", "n\ufffdme", "x" * 500, "2009-03-04", "+491234567"]
)
def test_what_cannot_be_a_name_is_told_by_its_place(name: str) -> None:
    with pytest.raises(BadInput, match="row 1, column 2: is no known column") as refused:
        check_columns(["record_id", name])
    assert name not in str(refused.value)


def test_of_a_file_without_a_header_nothing_is_repeated() -> None:
    row = ["Selam Tesfay", "2009-03-04", "+491234567", "Köln"]
    with pytest.raises(BadInput, match="header: names no known column") as refused:
        check_columns(row)
    assert not any(value in str(refused.value) for value in row)


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        check_columns(["sex", "sex"])
