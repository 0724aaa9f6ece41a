from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.names.folding import fold
from matching.names.tokens import tokenize

ONE_NAME = [
    ("Mohammad", "Muhammad", "Mohammed", "Mouhamed"),
    ("Hussein", "Husain", "Hossein", "Hüseyin", "Xuseen"),
    ("Hassan", "Xasan", "حسن"),
    ("Khadija", "Khadidja", "خدیجه", "Хадиджа"),
    ("Ali", "Aly", "علي", "علی", "Али"),
    ("Volodymyr", "Wolodymyr", "Володимир"),
    ("Qasim", "Kassim", "Касим"),
    ("Nguyễn", "Nguyen", "NGUYEN"),
    ("Γεώργιος", "Georgios"),
    ("Shcherbak", "Щербак"),
]
OTHER_NAMES = [("Ahmad", "Mahmud"), ("Selam", "Salma"), ("Fatima", "Farida"), ("Linh", "Lan")]
FRAGMENTS = (
    "tsch", "tch", "tsh", "cz", "sch", "shch", "sh", "ch", "dzh", "dsch", "dj", "dz",
    "xh", "zh", "kh", "gh", "ph", "th", "dh", "ck", "q", "x", "w", "y",
    "ou", "oo", "au", "av", "ov", "ee", "ei", "ai", "ie", "ae", "ii", "ia",
    "h", "a", "o", "e", "u", "c", "s", "t", "d", "z", "b", "r",
    "n", "l", "m",
)  # fmt: skip


@pytest.mark.parametrize("spellings", ONE_NAME, ids=lambda names: names[0])
def test_spellings_of_one_name_meet(spellings: tuple[str, ...]) -> None:
    assert len({fold(part) for name in spellings for part in tokenize(name)}) == 1


@pytest.mark.parametrize(("one", "other"), OTHER_NAMES)
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    for part in tokenize(text):
        assert fold(fold(part)) == fold(part)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=10).map("".join))
def test_every_run_of_digraphs_settles(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=30))
def test_case_does_not_matter(text: str) -> None:
    assert [fold(p) for p in tokenize(text)] == [fold(p) for p in tokenize(text.upper())]


@given(st.text(max_size=30))
def test_a_part_never_folds_to_nothing(text: str) -> None:
    for part in tokenize(text):
        assert fold(part)
