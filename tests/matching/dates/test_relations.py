"""How two dates relate, and what ranks above what."""

from __future__ import annotations

import pytest

from matching.compare.dates import compare_births
from matching.dates.relations import relate
from matching.profile import load_profile
from matching.record import Basis, BirthDate, PartialDate, PersonRecord


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [
        ("2009-05-17", "2009-05-17", "exact"),
        ("2009-05-04", "2009-04-05", "swapped"),
        ("2009-05-17", "2009-05-18", "digit"),
        ("2009-05-31", "2009-06-01", "digit"),
        ("2009-05-13", "2009-05-31", "digit"),
        ("2009-05-17", "2009-05-25", "near_year"),
        ("2009-05-17", "2009-11-02", "same_year_other_day"),
        ("2009-05-13", "2001-09-05", "calendar"),
        ("2009-05-17", "1388-02-27", "calendar"),
        ("2008-12-29", "1430-01-02", "calendar"),
        ("2009-05-17", "2001-05-17", "calendar_years"),
        ("2009-05-17", "2010-05-17", "year_slip"),
        ("1998-05-17", "1989-05-17", "year_slip"),
        ("1909-05-17", "2009-05-17", "year_slip"),
        ("2009-05", "2009-05-17", "month"),
        ("2009", "2009-05-17", "year"),
        ("1388", "2009-05-17", "year"),
        ("2009-01-01", "2009-05-17", "placeholder"),
        ("2009-07-01", "2009-01-01", "placeholder"),
        ("2001-01-01", "2009-05-17", "calendar_year"),
        ("2008-01-01", "2009-05-17", "near_year"),
        ("2008..2010", "2009-05-17", "overlap"),
        ("2009-05-17", "2011-02-03", "apart_2"),
        ("2009-05-17", "2013-02-03", "apart_5"),
        ("2009-05-17", "1990-02-03", "apart"),
    ],
)
def test_relations_are_symmetric(left: str, right: str, relation: str) -> None:
    one, other = PartialDate.parse(left), PartialDate.parse(right)
    assert relate(one, other).relation == relation
    assert relate(other, one) == relate(one, other)


def weight(left: str, right: str, basis: Basis = Basis.CLAIMED) -> float:
    one = PersonRecord("a", births=(BirthDate(PartialDate.parse(left)),))
    other = PersonRecord("b", births=(BirthDate(PartialDate.parse(right), basis),))
    return compare_births(one, other, load_profile()).weight


def test_what_says_more_ranks_higher() -> None:
    falling = [
        weight("2009-05-04", "2009-05-04"),
        weight("2009-05-04", "2009-04-05"),
        weight("2009-05-04", "2009-05"),
        weight("2009-05-04", "2009"),
        weight("2009-05-04", "2007..2011"),
        weight("2009-05-04", "2009-11-28"),
        weight("2009-05-04", "2005-11-28"),
        weight("2009-05-04", "1990-11-28"),
    ]
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) == len(falling)


def test_a_shared_placeholder_says_little() -> None:
    assert weight("2009-01-01", "2009-01-01") < weight("2009-05-04", "2009-05-04") / 2


def test_an_assessed_age_contradicts_less() -> None:
    assert weight("2009-05-04", "1999", Basis.ASSESSED) > weight("2009-05-04", "1999")
