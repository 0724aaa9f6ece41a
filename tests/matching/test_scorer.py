"""Properties that every score keeps, and rankings that users expect."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import (
    Band,
    BirthDate,
    Name,
    NamePart,
    Outcome,
    PartialDate,
    PersonRecord,
    Sex,
    TermFrequencies,
    assess,
    load_profile,
)
from matching.record import (
    Address,
    CaseKind,
    Contact,
    Description,
    Document,
    Event,
    Place,
    Relative,
)

PROFILE = load_profile()
NONE = TermFrequencies.empty()
COMMON = TermFrequencies(10_000, {"muamad": 900, "amad": 700, "ali": 800})


def person(name: str = "", born: str = "", **fields: object) -> PersonRecord:
    names = (Name.of(name),) if name else ()
    births = (BirthDate(PartialDate.parse(born)),) if born else ()
    return dataclasses.replace(PersonRecord("r", names=names, births=births), **fields)  # type: ignore[arg-type]  # test input


def weight(left: PersonRecord, right: PersonRecord, frequencies: TermFrequencies = NONE) -> float:
    return assess(left, right, PROFILE, frequencies).match_weight


texts = st.text(max_size=40) | st.sampled_from(
    [
        "",
        "a",
        "محمد علی",
        "Nguyễn Thị Hoa",
        "O'Brien",
        "Ali",
        "123",
        "👧🏽",
        "\0",
        "x" * 300,
        "ገብርኤል ክብሮም",
        "Al-",
    ]
)
dates = st.none() | st.dates(date(1900, 1, 1), date(2026, 1, 1)).map(lambda day: day.isoformat())


@st.composite
def records(draw: st.DrawFn) -> PersonRecord:
    names = tuple(Name.of(text) for text in draw(st.lists(texts, max_size=3)))
    births = tuple(
        BirthDate(PartialDate.parse(text)) for text in draw(st.lists(dates, max_size=2)) if text
    )
    return PersonRecord(
        "r",
        draw(st.sampled_from(CaseKind)),
        names,
        births,
        draw(st.sampled_from(Sex)),
        tuple(draw(st.lists(st.sampled_from(["AF", "ER", "SY"]), max_size=2))),
        places_of_birth=tuple(draw(st.lists(texts, max_size=1))),
        languages=tuple(draw(st.lists(st.sampled_from(["fa", "ti"]), max_size=1))),
        addresses=tuple(Address(t, t, t) for t in draw(st.lists(texts, max_size=1))),
        documents=tuple(Document(t) for t in draw(st.lists(texts, max_size=1))),
        contacts=tuple(Contact("phone", t) for t in draw(st.lists(texts, max_size=1))),
        relatives=tuple(Relative("mother", Name.of(t)) for t in draw(st.lists(texts, max_size=1))),
        events=(Event("disappearance", PartialDate.parse("2026-01-01"), Place("x", "BE")),),
        description=Description(height_cm=draw(st.none() | st.just((150, 160)))),
    )


@given(records(), records())
@settings(max_examples=150, deadline=None)
def test_symmetric_and_bounded(left: PersonRecord, right: PersonRecord) -> None:
    one, other = assess(left, right, PROFILE, NONE), assess(right, left, PROFILE, NONE)
    assert one.match_weight == pytest.approx(other.match_weight)
    assert one.band is other.band
    assert 0.0 <= one.probability <= 1.0
    assert all(abs(item.weight) <= PROFILE.weight_limit for item in one.evidence)
    assert {item.field for item in one.evidence} == {item.field for item in other.evidence}


@given(records(), records())
@settings(max_examples=100, deadline=None)
def test_missing_weighs_nothing(left: PersonRecord, right: PersonRecord) -> None:
    for item in assess(left, right, PROFILE, NONE).evidence:
        if item.outcome in {Outcome.MISSING, Outcome.NOT_COMPARABLE}:
            assert item.weight == 0.0


@given(records())
@settings(max_examples=100, deadline=None)
def test_nothing_known_leaves_the_prior(record: PersonRecord) -> None:
    assert weight(record, PersonRecord("empty")) == pytest.approx(PROFILE.prior)


@given(records(), st.sampled_from(["+32460000000", "+49151000000"]))
@settings(max_examples=100, deadline=None)
def test_more_agreement_never_lowers(record: PersonRecord, phone: str) -> None:
    bare = dataclasses.replace(record, contacts=())
    with_phone = dataclasses.replace(record, contacts=(Contact("phone", phone),))
    assert weight(with_phone, with_phone) >= weight(bare, bare) - 1e-9


@given(st.permutations(["Selam", "Dawit", "Tesfay"]))
def test_order_of_parts_does_not_matter(parts: list[str]) -> None:
    asked = person("Selam Dawit Tesfay")
    assert weight(asked, person(" ".join(parts))) == pytest.approx(weight(asked, asked))


@given(st.permutations(["Selam Tesfay", "ሰላም ተስፋይ", "Samira"]))
def test_order_of_names_does_not_matter(names: list[str]) -> None:
    record = PersonRecord("r", names=tuple(Name.of(name) for name in names))
    asked = person("Selam Tesfai")
    first = PersonRecord("r", names=tuple(Name.of(name) for name in sorted(names)))
    assert weight(asked, record) == pytest.approx(weight(asked, first))


@pytest.mark.parametrize(
    ("written", "spelt", "other"),
    [
        ("محمد حسینی", "Mohammad Hosseini", "Mahmoud Hashemi"),
        ("فاطمة الزهراء", "Fatima Zahra", "Farida Zaki"),
        ("ሰላም ተስፋይ", "Selam Tesfay", "Sara Tekle"),
        ("Cabdiraxmaan Warsame", "Abdirahman Warsama", "Abdullahi Warfa"),
        ("Şêrko Demir", "Sherko Demir", "Serhat Deniz"),
        ("Nguyễn Thị Hoa", "Nguyen Hoa", "Nguyen Lan Anh"),
        ("Володимир Коваленко", "Volodymyr Kovalenko", "Viktor Kravchenko"),
        ("Сергей Иванов", "Serhiy Ivanov", "Semen Petrov"),
        ("Arbër Hoxha", "Arber Hodja", "Artan Hysa"),
        ("Ștefan Mihăilescu", "Stefan Mihailescu", "Sorin Mihai"),
        ("Mamadou Diallo", "Mamadu Jallow", "Moussa Diarra"),
        ("Jürgen Müller", "Juergen Mueller", "Jonas Möller"),
    ],
)
def test_spellings_rank_above_other_names(written: str, spelt: str, other: str) -> None:
    assert weight(person(written), person(spelt)) > weight(person(written), person(other))
    assert weight(person(written), person(spelt)) > PROFILE.prior


@pytest.mark.parametrize(
    "better_to_worse",
    [
        ["2009-03-14", "2009-04-13", "2010-06-30", "2015-06-30"],
        ["2009-03-14", "2009-03", "2009", "2004"],
        ["2009-03-14", "2009-14-03", "2008-11-20"],
        ["2009-03-14", "2002-03-14", "2002-05-20"],
        ["2009-03-14", "2009-01-01", "2014-01-01"],
    ],
)
def test_dates_rank(better_to_worse: list[str]) -> None:
    asked = person("Ali", "2009-03-14")
    readable = [text for text in better_to_worse if text != "2009-14-03"]
    found = [weight(asked, person("Ali", text)) for text in readable]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == len(found)


def test_exchanged_day_and_month_beat_another_day() -> None:
    asked = person("Ali", "2009-03-12")
    assert weight(asked, person("Ali", "2009-12-03")) > weight(asked, person("Ali", "2009-11-20"))


def test_a_placeholder_that_agrees_is_worth_little() -> None:
    def gain(day: str) -> float:
        return weight(person("Ali", day), person("Ali", day)) - weight(person("Ali"), person("Ali"))

    assert gain("2009-01-01") < gain("2009-03-14") / 2


def test_a_common_name_alone_is_not_even_possible() -> None:
    found = assess(person("Mohammed"), person("محمد"), PROFILE, COMMON)
    assert found.band is Band.UNLIKELY
    assert weight(person("Zemaryalai"), person("Zemaryalai"), COMMON) > found.match_weight


def test_unknown_sex_is_no_disagreement() -> None:
    girl, boy = person("Noor", sex=Sex.FEMALE), person("Noor", sex=Sex.MALE)
    unknown = person("Noor")
    assert weight(girl, boy) < weight(girl, unknown) < weight(girl, girl)


def test_a_changed_nationality_costs_less_than_another_sex() -> None:
    base = person("Noor Rahimi", nationalities=("AF",), sex=Sex.FEMALE)
    moved = dataclasses.replace(base, nationalities=("IR",))
    other = dataclasses.replace(base, sex=Sex.MALE)
    assert weight(base, moved) > weight(base, other)


def test_siblings_of_one_household_are_not_strong() -> None:
    shared: dict[str, object] = {
        "addresses": (Address("Rue Neuve 3", "Liège", "4000", "BE"),),
        "contacts": (Contact("phone", "+32460000000"),),
        "relatives": (Relative("mother", Name.of("Parwin Ansari")),),
        "nationalities": ("AF",),
    }

    def child(given_name: str, born: str) -> PersonRecord:
        name = Name((NamePart(given_name), NamePart("Rahimi")))
        return dataclasses.replace(person("", born, **shared), names=(name,))

    siblings = assess(child("Zamarai", "2009-03-14"), child("Farhad", "2011-08-02"), PROFILE, NONE)
    same = assess(child("Zamarai", "2009-03-14"), child("Zmaray", "2009-01-01"), PROFILE, NONE)
    assert siblings.band is not Band.STRONG
    assert same.match_weight > siblings.match_weight


def test_the_sum_of_the_evidence_is_the_score() -> None:
    found = assess(person("Ali Rahimi", "2009"), person("Aly Rahimy", "2009"), PROFILE, NONE)
    assert found.match_weight == pytest.approx(
        found.prior + sum(item.weight for item in found.evidence)
    )
    assert found.profile_id == PROFILE.id
