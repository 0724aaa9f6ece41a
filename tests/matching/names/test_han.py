"""Two spellings of one syllable."""

from __future__ import annotations

import pytest

from matching import compare_names, load_profile
from matching.names.letters.han import wade_giles


@pytest.mark.parametrize(
    ("pinyin", "older"),
    [
        ("zhang", "chang"),
        ("jiang", "chiang"),
        ("xie", "hsieh"),
        ("cai", "tsai"),
        ("zhou", "chou"),
        ("deng", "teng"),
        ("qian", "chien"),
        ("rong", "jung"),
        ("guo", "ko"),
        ("li", "li"),
        ("si", "szu"),
    ],
)
def test_wade_giles(pinyin: str, older: str) -> None:
    assert wade_giles(pinyin) == older


def test_both_spellings_agree_with_the_characters() -> None:
    profile = load_profile()
    for spelling in ("Zhang Xiaoming", "Chang Hsiao-ming"):
        assert compare_names("张晓明", spelling, profile).weight > 0
