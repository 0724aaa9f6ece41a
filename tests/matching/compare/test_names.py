"""Names alone: what ranks above what, and what no text may break."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import Outcome, TermFrequencies, compare_names, load_profile

PROFILE = load_profile()
SCRIPTS = [
    ("محمد أحمد", "Mohamed Ahmad"),
    ("زمری ستانکزی", "Zamarai Stanekzai"),
    ("فاطمه رضایی", "Fatemeh Rezaei"),
    ("ተስፋዬ ገብረ", "Tesfaye Gebre"),
    ("Юрій Щербак", "Yurii Shcherbak"),
    ("Христо Хаджиев", "Hristo Hadzhiev"),
    ("Ђорђе Цветић", "Djordje Cvetic"),
    ("Γεώργιος Μπάκας", "Georgios Bakas"),
    ("רבקה לוי", "Rivka Levi"),
    ("გიორგი მაისაშვილი", "Giorgi Maisashvili"),
    ("Հովհաննես Մելիքյան", "Hovhannes Melikyan"),
    ("राजेश शर्मा", "Rajesh Sharma"),
    ("প্রিয়া চক্রবর্তী", "Priya Chakraborty"),
    ("王小明", "Xiaoming Wang"),
    ("김민준", "Kim Min-jun"),
    ("ธนากร ใจดี", "Thanakorn Jaidee"),
]
STRANGERS = ("Petronella Quist", "Ignatius Lovelock")


def bits(left: str, right: str, frequencies: TermFrequencies | None = None) -> float:
    return compare_names(left, right, PROFILE, frequencies).weight


@pytest.mark.parametrize(("original", "latin"), SCRIPTS)
def test_every_script_meets_its_latin_spelling(original: str, latin: str) -> None:
    assert bits(original, latin) > 0
    others = [name for _, name in SCRIPTS if name != latin]
    assert bits(original, latin) > max(bits(original, name) for name in (*others, *STRANGERS))


@pytest.mark.parametrize(
    ("name", "same", "other"),
    [
        ("Abdulrahman Khan", "Abdul Rahman Khan", "Abdul Karim Khan"),
        ("عبدالرحمن خان", "Abdur Rahman Khan", "Abdul Karim Khan"),
        ("Xasan Cali", "Hassan Ali", "Hussein Ali"),
        ("Amina Warsame", "Warsame Aamina", "Amira Warsame"),
        ("Oleksandr Koval", "Саша Коваль", "Oleksii Koval"),
        ("Nguyễn Văn An", "Nguyen An", "Nguyen Van Binh"),
        ("Müller", "Mueller", "Miller"),
        ("Çağrı Yıldız", "Cagri Yildiz", "Cagla Yildiz"),
        ("John Harrow", "J Harrow", "K Harrow"),
        ("al-Hussein Nabil", "Hussein Nabil", "Hassan Nabil"),
        ("Karimzadeh", "Karim Zadeh", "Karimi"),
        ("Mehmetoğlu", "Mehmet Oglu", "Mehmedi"),
    ],
)
def test_the_same_name_ranks_above_a_neighbour(name: str, same: str, other: str) -> None:
    assert bits(name, same) > bits(name, other)


def test_uncommon_names_weigh_more() -> None:
    known = TermFrequencies(10_000, {"muamad": 900})
    assert bits("Zalmai", "Zalmay", known) > bits("Mohammad", "Muhammad", known) > 0


def test_siblings_are_told_apart() -> None:
    found = compare_names("Yonas Tesfaye Gebre", "Selam Tesfaye Gebre", PROFILE)
    assert found.reason == "name.given_differs"
    assert found.weight < bits("Yonas Tesfaye Gebre", "Yonas Tesfaye")


def test_more_agreeing_parts_still_rank_higher_at_the_limit() -> None:
    found = [bits(name, name) for name in ("Ali", "Ali Reza", "Ali Reza Nuri", "Ali Reza Nuri Taj")]
    assert found == sorted(set(found))
    assert found[-1] <= PROFILE.names["limit"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "A", "☃", "👩‍👧", "Иvan", "Мohamed", "a\u0301\u0301\u0301", "\u202eilA", "7",
     "x" * 5_000, " ".join(["Ali"] * 300), "ﷺ", "ـــ", "'", "\x00", "Ⅷ", "ß", "ı", "ʿ"],
)  # fmt: skip
def test_odd_names_stay_within_bounds(text: str) -> None:
    for other in ("Mohamed Ali", "", text):
        weight = bits(text, other)
        assert math.isfinite(weight)
        assert PROFILE.names["whole_different"] <= weight <= PROFILE.names["limit"]


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_compared_alike_from_both_sides(left: str, right: str) -> None:
    one = compare_names(left, right, PROFILE)
    other = compare_names(right, left, PROFILE)
    assert one.weight == pytest.approx(other.weight, abs=1e-9)
    assert one.outcome is other.outcome
    assert one.reason == other.reason
    assert compare_names(left, left, PROFILE).weight >= one.weight - 1e-9


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_bytes_of_any_kind(left: bytes, right: bytes) -> None:
    found = compare_names(left.decode("utf-8", "replace"), right.decode("latin-1"), PROFILE)
    assert math.isfinite(found.weight)
    assert (found.outcome is Outcome.MISSING) <= (found.weight == 0.0)
