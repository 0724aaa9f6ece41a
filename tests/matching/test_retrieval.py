from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.names.folding import fold
from matching.names.similarity import fold_similarity as similarity
from matching.record import (
    Address,
    BirthDate,
    CaseKind,
    Contact,
    Document,
    Name,
    PartialDate,
    PersonRecord,
    Sex,
)
from matching.retrieval import (
    DOCUMENT,
    MAX_DELETE_LENGTH,
    MAX_EXPANSIONS,
    MIN_SIMILARITY,
    PHONE,
    IntArray,
    Postings,
    TermGroup,
    attribute_bits,
    exact_groups,
    expand_part,
    index_entry,
    index_query,
    kind_code,
    kinds_of,
    rank_postings,
    vocabulary_keys,
)


def person(
    name: str = "", born: str = "", sex: Sex = Sex.UNKNOWN, nation: str = ""
) -> PersonRecord:
    return PersonRecord(
        "r",
        names=(Name.of(name),) if name else (),
        births=(BirthDate(PartialDate.parse(born)),) if born else (),
        sex=sex,
        nationalities=(nation,) if nation else (),
    )


def bits(asked: PersonRecord, held: PersonRecord) -> float:
    packed = np.array([index_entry(1, held).packed], dtype=np.int64)
    return float(attribute_bits(index_query(asked), packed)[0])


class TestTerms:
    def test_all_names_and_joined_neighbours_are_held(self) -> None:
        record = PersonRecord("r", names=(Name.of("Ali Reza"), Name.of("Karim")))
        terms = index_entry(1, record).terms
        assert {f"n:{fold(part)}" for part in ("ali", "reza", "alireza", "karim")} <= set(terms)

    def test_articles_come_and_go(self) -> None:
        with_article = set(index_entry(1, person("Ahmad al-Hassan")).terms)
        assert with_article == set(index_entry(1, person("Ahmad Hassan")).terms)

    def test_a_joined_spelling_meets_the_separate_one(self) -> None:
        assert set(index_query(person("Abdulrahman")).parts) <= set(
            index_query(person("Abdul Rahman")).parts
        )

    def test_telephone_document_and_street_are_exact_terms(self) -> None:
        record = PersonRecord(
            "r",
            contacts=(Contact("phone", "+4930123456"),),
            documents=(Document("AB 12-34"),),
            addresses=(Address("Lindenstr. 4"),),
        )
        terms = index_entry(1, record).terms
        assert f"{PHONE}+4930123456" in terms
        assert any(term.startswith(DOCUMENT) for term in terms)
        assert set(index_query(record).exact) == set(terms)

    def test_a_placeholder_day_is_no_term(self) -> None:
        assert not any(t.startswith("d:") for t in index_entry(1, person(born="2009-01-01")).terms)
        assert any(t.startswith("d:") for t in index_entry(1, person(born="2009-03-14")).terms)

    def test_years_are_asked_for_only_without_a_name(self) -> None:
        years = exact_groups(index_query(person(born="2008..2010")))
        assert [set(group.weights) for group in years] == [{"y:2008", "y:2009", "y:2010"}]
        assert exact_groups(index_query(person("Ali", born="2008..2010"))) == []


class TestPacking:
    @pytest.mark.parametrize("kind", list(CaseKind))
    @pytest.mark.parametrize("nation", ["AF", "ZZ", "AA", "af", "A", "AFG", "??", "éé", "", " "])
    def test_the_kind_survives_any_nationality(self, kind: CaseKind, nation: str) -> None:
        record = PersonRecord("r", kind, sex=Sex.FEMALE, nationalities=(nation,))
        packed = np.array([index_entry(1, record).packed], dtype=np.int64)
        assert kinds_of(packed).tolist() == [kind_code(kind.value)]
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

    def test_sex_and_nationality(self) -> None:
        asked = person(sex=Sex.MALE, nation="AF")
        agree, differ = person(sex=Sex.MALE, nation="AF"), person(sex=Sex.FEMALE, nation="SY")
        assert bits(asked, agree) > 0 > bits(asked, differ)


class TestVocabulary:
    @given(st.text(alphabet="abdfgiklmnrstu", min_size=4, max_size=MAX_DELETE_LENGTH), st.data())
    def test_one_slip_always_shares_a_key(self, part: str, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(part) - 1))
        letter = data.draw(st.sampled_from("abdklmu"))
        for slip in (
            part[:place] + part[place + 1 :],
            part[:place] + letter + part[place + 1 :],
            part[:place] + part[place : place + 2][::-1] + part[place + 2 :],
        ):
            assert vocabulary_keys(part) & vocabulary_keys(slip)

    def test_keys_of_an_endless_part_are_bounded(self) -> None:
        assert len(vocabulary_keys("abdi" * 10)) <= MAX_DELETE_LENGTH + 8

    @given(st.text(alphabet="abdimnu", max_size=8), st.text(alphabet="abdimnu", max_size=8))
    def test_similarity_has_two_equal_sides(self, one: str, other: str) -> None:
        assert similarity(one, other) == pytest.approx(similarity(other, one))
        assert 0 <= similarity(one, other) <= 1

    def test_the_rarer_and_the_more_alike_weigh_more(self) -> None:
        group = expand_part("kalid", {"kalid": 5, "kalad": 5, "muamad": 5}, 1_000)
        assert set(group.weights) == {"n:kalid", "n:kalad"}
        assert group.weights["n:kalid"] > group.weights["n:kalad"]
        common = expand_part("kalid", {"kalid": 400}, 1_000)
        assert common.weights["n:kalid"] < group.weights["n:kalid"]

    def test_expansion_is_bounded_and_nothing_unlike_is_followed(self) -> None:
        letters = "abdfgijklmnprstu"
        alike = {f"kalid{a}{b}": 1 for a, b in itertools.product(letters, letters)}
        assert len(expand_part("kalid", alike, 1_000).weights) == MAX_EXPANSIONS
        assert similarity("kalid", "susan") < MIN_SIMILARITY
        assert not expand_part("kalid", {"susan": 1}, 1_000).weights


def postings(table: dict[str, list[int]], packed: int = 0) -> Postings:
    def of_term(term: str) -> tuple[IntArray, IntArray]:
        ids = np.array(table.get(term, []), dtype=np.int64)
        return ids, np.full(len(ids), packed, dtype=np.int64)

    return of_term


class TestRanking:
    def test_the_best_of_a_group_counts_once(self) -> None:
        group = TermGroup({"n:a": 4.0, "n:b": 3.0})
        found = rank_postings(
            index_query(person()), [group], postings({"n:a": [1], "n:b": [1, 2]}), limit=5
        )
        assert dict(zip(found.case_ids.tolist(), found.scores.tolist(), strict=True)) == {
            1: 4.0,
            2: 3.0,
        }

    def test_groups_add_up(self) -> None:
        groups = [TermGroup({"n:a": 4.0}), TermGroup({"n:b": 3.0})]
        found = rank_postings(
            index_query(person()), groups, postings({"n:a": [1, 2], "n:b": [2]}), limit=5
        )
        assert found.case_ids.tolist() == [2, 1]
        assert found.scores.tolist() == [7.0, 4.0]

    def test_ties_go_by_id_and_the_rest_is_counted(self) -> None:
        found = rank_postings(
            index_query(person()),
            [TermGroup({"n:a": 4.0})],
            postings({"n:a": [9, 3, 7]}),
            limit=10,
        )
        assert found.case_ids.tolist() == [3, 7, 9]
        assert found.considered == 3

    def test_nothing_asked_finds_nothing(self) -> None:
        found = rank_postings(index_query(person()), [], postings({}), limit=5)
        assert len(found.case_ids) == found.considered == 0


@given(
    st.lists(st.text(max_size=40), max_size=4),
    st.sampled_from(["", "2009-01-01", "2009", "2009-03", "2008..2010"]),
)
def test_any_text_can_be_indexed_and_asked(names: list[str], born: str) -> None:
    births = (BirthDate(PartialDate.parse(born)),) if born else ()
    record = PersonRecord("r", names=tuple(Name.of(text) for text in names), births=births)
    entry, asked = index_entry(1, record), index_query(record)
    assert list(entry.terms) == sorted(set(entry.terms))
    assert {f"n:{part}" for part in asked.parts} <= set(entry.terms)
