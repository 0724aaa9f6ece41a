from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.names.scripts import Script, script_of, to_latin


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Nguyễn", Script.LATIN),
        ("محمد", Script.ARABIC),
        ("پښتو", Script.ARABIC),
        ("Олена", Script.CYRILLIC),
        ("ብርሃነ", Script.ETHIOPIC),
        ("Γιώργος", Script.GREEK),
        ("דוד", Script.HEBREW),
        ("王小明", Script.HAN),
        ("김민준", Script.HANGUL),
        ("প্রিয়া", Script.BENGALI),
        ("გიორგი", Script.GEORGIAN),
        ("ᏣᎳᎩ", Script.OTHER),
        ("12 ?", Script.OTHER),
        ("", Script.OTHER),
    ],
)
def test_script_of_the_first_letter(text: str, script: Script) -> None:
    assert script_of(text) is script


@pytest.mark.parametrize(
    ("one", "other"),
    [("علي", "علی"), ("كريم", "کریم"), ("أحمد", "احمد"), ("فاطمة", "فاطمى"), ("حَسَن", "حسن")],
)
def test_letters_of_neighbouring_alphabets_are_one(one: str, other: str) -> None:
    assert to_latin(one) == to_latin(other)


@pytest.mark.parametrize(
    ("text", "latin"),
    [("گل", "gal"), ("چمن", "chaman"), ("پری", "pari"), ("Đặng", "dang"), ("Щербак", "shcherbak")],
)
def test_letters_in_latin(text: str, latin: str) -> None:
    assert to_latin(text) == latin


@given(st.text())
def test_any_text_becomes_lower_case_ascii(text: str) -> None:
    latin = to_latin(text)
    assert latin.isascii()
    assert latin == latin.lower()
