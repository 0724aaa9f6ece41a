"""Profiles are data with an identity; probability and bands follow the weight."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from matching import Band, TermFrequencies, load_profile
from matching.profile import parse_profile

DATA = resources.files("matching.profiles").joinpath("default.toml").read_bytes()


def test_the_id_changes_with_the_content() -> None:
    changed = DATA.replace(b"prior = -14.0", b"prior = -13.0")
    assert parse_profile(DATA).id == load_profile().id
    assert parse_profile(changed).id != load_profile().id


def test_an_impossible_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        parse_profile(DATA.replace(b"m = 0.99", b"m = 1.99", 1))


def test_bands_and_probability_rise_with_the_weight() -> None:
    profile = load_profile()
    order = [Band.UNLIKELY, Band.POSSIBLE, Band.PROBABLE, Band.STRONG]
    weights = [profile.prior, *(profile.bands[band] for band in order[1:])]
    assert [profile.band(bits) for bits in weights] == order
    found = [profile.probability(bits) for bits in (-1e9, *weights, 1e9)]
    assert found == sorted(found)


def test_rare_parts_say_more_and_the_floor_holds() -> None:
    profile = load_profile()
    known = TermFrequencies(10_000, {"muamad": 900, "samarai": 2})
    borne = [profile.share(part, known) for part in ("muamad", "samarai", "neverseen")]
    assert borne == sorted(borne, reverse=True)
    said = [profile.vowelled.bits(1.0, share) for share in borne]
    assert said[0] < said[1] <= said[2]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("prior = -14.0", "prior = nan", "score.prior"),
        ("prior = -14.0", 'prior = "x"', "score.prior"),
        ("soft_limit = 12.0", "", "names.soft_limit"),
        ("swapped = 7.4", "", "dates.swapped"),
        ("[levels.sex]", "[levels.gender]", "levels.sex"),
        ("[levels.marks]\nagree", "[levels.marks]\nalike", "levels.marks.agree"),
        ("slope = 0.5312", "slope = -1.0", "slope"),
        ("strong = 7.4", "strong = -9.0", "bands"),
        ("exact = 10.5", "exact = inf", "dates.exact"),
        ("weight_limit = 40.0", "weight_limit = -1.0", "score.weight_limit"),
        ('"phone"], limit = 20.0', '"phone"], limit = -5.0', "limit"),
        ('"phone"], limit = 20.0', '"phone"], limit = nan', "limit"),
        ('"phone"], limit = 20.0', '"phone"], limit = "x"', "limit"),
        ('household = { fields = ["address"', 'household = { fields = ["addres"', "addres"),
    ],
)
def test_a_profile_that_no_score_could_stand_on_is_refused(old: str, new: str, said: str) -> None:
    text = resources.files("matching.profiles").joinpath("default.toml").read_text("utf-8")
    assert text.count(old) == 1
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_profile(text.replace(old, new).encode())
