from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matching.names.folding import fold
from matching.record import (
    Address,
    BirthDate,
    Contact,
    Document,
    Name,
    PartialDate,
    PersonRecord,
)
from matching.retrieval import index_entry, index_query, vocabulary_keys
from matching.retrieval.terms import (
    DOCUMENT,
    MAX_DELETE_LENGTH,
    PHONE,
    is_rare,
    keys_of,
    rare_key,
    term_keys,
)
from tests.persons import person


class TestTerms:
    def test_all_names_and_joined_neighbours_are_held(self) -> None:
        record = PersonRecord("r", names=(Name.of("Ali Reza"), Name.of("Karim")))
        terms = index_entry(1, record).terms
        assert {f"n:{fold(part)}" for part in ("ali", "reza", "karim")} <= set(terms)
        assert f"j:{fold('alireza')}" in terms

    def test_articles_come_and_go(self) -> None:
        with_article = set(index_entry(1, person("Ahmad al-Hassan")).terms)
        assert with_article == set(index_entry(1, person("Ahmad Hassan")).terms)

    def test_a_joined_spelling_meets_the_separate_one(self) -> None:
        joined = index_query(person("Abdulrahman")).parts
        assert set(joined) <= set(index_query(person("Abdul Rahman")).parts)

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
        assert all(is_rare(term) for term in terms)

    def test_a_placeholder_day_is_no_term(self) -> None:
        assert not any(t.startswith("d:") for t in index_entry(1, person(born="2009-01-01")).terms)
        assert any(t.startswith("d:") for t in index_entry(1, person(born="2009-03-14")).terms)

    def test_years_are_asked_for_only_without_a_name(self) -> None:
        assert index_query(person(born="2008..2010")).exact == ("y:2008", "y:2009", "y:2010")
        assert index_query(person("Ali", born="2008..2010")).exact == ()

    def test_a_birthday_is_asked_for_with_its_likely_slips(self) -> None:
        days = index_query(person(born="2009-03-11")).days
        assert days == ("d:20080311", "d:20090311", "d:20091103", "d:20100311")
        assert index_query(person(born="2008-02-29")).days == ("d:20080229",)
        assert index_query(person(born="2009-01-01")).days == ()

    def test_all_readings_of_a_part_are_asked_for(self) -> None:
        asked = index_query(person("يوسف")).parts
        assert len(asked) == 1
        assert len(asked[0]) > 1
        assert keys_of(asked[0]) > vocabulary_keys(asked[0][0])


class TestKeys:
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

    def test_a_join_has_no_deletes_and_exact_terms_no_keys(self) -> None:
        assert term_keys("j:abdulraman") < term_keys("n:abdulraman")
        assert term_keys("d:20090314") == frozenset()

    def test_keys_of_an_endless_part_are_bounded(self) -> None:
        assert len(vocabulary_keys("abdi" * 10)) <= MAX_DELETE_LENGTH + 8

    def test_hashes_do_not_depend_on_the_process(self) -> None:
        assert rare_key("x:AB1234") == 3671544687087884519


@given(
    st.lists(st.text(max_size=40), max_size=4),
    st.sampled_from(["", "2009-01-01", "2009", "2009-03", "2008..2010"]),
)
def test_any_text_can_be_indexed_and_asked(names: list[str], born: str) -> None:
    births = (BirthDate(PartialDate.parse(born)),) if born else ()
    record = PersonRecord("r", names=tuple(Name.of(text) for text in names), births=births)
    entry, asked = index_entry(1, record), index_query(record)
    assert list(entry.terms) == sorted(set(entry.terms))
    held = {term[2:] for term in entry.terms if term[:2] in {"n:", "j:"}}
    assert {readings[0] for readings in asked.parts} == held
