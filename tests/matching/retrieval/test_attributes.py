from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.record import CaseKind, PersonRecord, Sex
from matching.retrieval.attributes import attribute_bits, of_kinds, pack, unpack
from tests.persons import person


def bits(asked: PersonRecord, held: PersonRecord) -> float:
    return float(attribute_bits(pack(asked), np.array([pack(held)], dtype=np.uint32))[0])


class TestPacking:
    @pytest.mark.parametrize("kind", list(CaseKind))
    @pytest.mark.parametrize("nation", ["AF", "ZZ", "AA", "af", "A", "AFG", "??", "éé", "", " "])
    def test_the_kind_survives_any_nationality(self, kind: CaseKind, nation: str) -> None:
        record = PersonRecord("r", kind, sex=Sex.FEMALE, nationalities=(nation,))
        packed = np.array([pack(record)], dtype=np.uint32)
        assert of_kinds(packed, [kind.value]).all()
        others = [other.value for other in CaseKind if other is not kind]
        assert not of_kinds(packed, others).any()
        assert bits(person(sex=Sex.FEMALE), record) > 0

    @pytest.mark.parametrize("nation", ["af", "A", "AFG", "??"])
    def test_what_is_no_country_code_is_unknown(self, nation: str) -> None:
        assert bits(person(nation="AF"), person(nation=nation)) == 0


class TestAttributes:
    def test_missing_is_not_disagreeing(self) -> None:
        known = person(born="2009-03-14", sex=Sex.MALE, nation="AF")
        assert bits(known, person()) == 0
        assert bits(person(), known) == 0

    def test_dates_from_best_to_worst(self) -> None:
        asked = person(born="2009-03-11")
        others = (
            "2009-03-11",
            "2009-11-03",
            "2008-03-11",
            "2009-07-20",
            "2008-07-20",
            "1999-07-20",
        )
        found = [bits(asked, person(born=born)) for born in others]
        assert found[0] > found[1] > found[2] > found[3] > found[4] > found[5]
        assert found[5] < 0

    def test_a_placeholder_tells_only_its_year(self) -> None:
        first_january = bits(person(born="2009-01-01"), person(born="2009-01-01"))
        assert first_january == bits(person(born="2009"), person(born="2009"))
        assert first_january < bits(person(born="2009-03-14"), person(born="2009-03-14"))

    def test_an_interval_agrees_within_itself(self) -> None:
        asked = person(born="2008..2010")
        assert bits(asked, person(born="2009-05-06")) > 0 > bits(asked, person(born="1995-05-06"))

    def test_intervals_that_overlap_agree(self) -> None:
        asked = person(born="2008-05-01..2010-04-30")
        near, far = person(born="2009-02-01..2012-01-31"), person(born="1995..1997")
        assert bits(asked, near) > 0 > bits(asked, far)
        assert bits(near, asked) == bits(asked, near)

    def test_an_interval_of_decades_is_unknown(self) -> None:
        assert bits(person(born="1980..2015"), person(born="2009-03-14")) == 0

    def test_the_month_says_more_than_the_year(self) -> None:
        asked = person(born="2009-03-11")
        month, year = bits(asked, person(born="2009-03-20")), bits(asked, person(born="2009-08-20"))
        assert bits(asked, person(born="2009-03-11")) > month > year
        assert month == bits(asked, person(born="2009-03"))

    @given(
        st.dates(date(1860, 1, 1), date(2090, 1, 1)), st.dates(date(1860, 1, 1), date(2090, 1, 1))
    )
    def test_either_side_says_the_same(self, one: date, other: date) -> None:
        left, right = person(born=one.isoformat()), person(born=other.isoformat())
        assert bits(left, right) == bits(right, left)

    @given(st.dates(date(1860, 1, 1), date(2090, 1, 1)))
    def test_what_is_packed_comes_out(self, born: date) -> None:
        found = unpack(pack(person(born=born.isoformat(), sex=Sex.MALE, nation="ZZ")))
        known = (born.month, born.day) != (1, 1)
        assert found.year == born.year
        assert (found.month, found.day) in {(born.month, born.day), (0, 0)}
        assert (found.month != 0) <= known
        assert (found.sex, found.nation) == (2, 676)

    def test_sex_and_nationality(self) -> None:
        asked = person(sex=Sex.MALE, nation="AF")
        agree, differ = person(sex=Sex.MALE, nation="AF"), person(sex=Sex.FEMALE, nation="SY")
        assert bits(asked, agree) > 0 > bits(asked, differ)
