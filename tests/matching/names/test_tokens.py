from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.names.tokens import MAX_TOKEN_LENGTH, MAX_TOKENS, tokenize


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("O'Brien", ("obrien",)),
        ("N’Diaye", ("ndiaye",)),
        ("Abd-al-Rahman", ("abd", "al", "rahman")),
        ("Hosseini, Ali", ("hosseini", "ali")),
        ("\u200fمحمد\u200e حسینی\u202c", ("محمد", "حسینی")),
        ("نجیب\u200cالله", ("نجیبالله",)),
        ("محـــمد", ("محمد",)),
        ("ﷴ", ("محمد",)),
        ("Ａｌｉ", ("ali",)),
        ("Ali\x00Reza\tKhan", ("ali", "reza", "khan")),
        ("Ali 🙂 !!", ("ali",)),
        ("--- ... 🙂", ()),
        ("\u0301\u0301", ()),
        ("", ()),
    ],
)
def test_parts_as_written(text: str, parts: tuple[str, ...]) -> None:
    assert tokenize(text) == parts


def test_endless_names_are_bounded() -> None:
    assert len(tokenize("ab " * 300)) == MAX_TOKENS
    assert len(tokenize("a" * 10_000)[0]) == MAX_TOKEN_LENGTH


@given(st.text())
def test_any_text_gives_parts_without_blanks(text: str) -> None:
    for part in tokenize(text):
        assert part == "".join(part.split())
        assert any(letter.isalnum() for letter in part)


@given(st.lists(st.sampled_from(["Ali", "محمد", "Оля", "Nguyễn"]), max_size=6))
def test_parts_keep_their_order(words: list[str]) -> None:
    assert tokenize(" ".join(words)) == tuple(p for word in words for p in tokenize(word))
