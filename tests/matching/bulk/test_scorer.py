"""Arrays of records score as `assess` does, on random records and on the population."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import (
    BirthDate,
    Name,
    PartialDate,
    PersonRecord,
    Sex,
    TermFrequencies,
    assess,
    load_profile,
)
from matching.bulk.against import Against
from matching.bulk.dates import BirthTable
from matching.bulk.lines import Lines, line_of
from matching.bulk.rows import Column
from matching.bulk.scorer import RecordTable
from matching.dates.relations import DateRelation, relate
from matching.profile import JointLimit, Profile
from matching.record import (
    Address,
    Basis,
    Contact,
    Description,
    Document,
    Event,
    Place,
    Relative,
)
from scripts.benchmarking.sets import population

PROFILE = load_profile()
KNOWN = TermFrequencies(5_000, {"muamad": 700, "ali": 300, "asan": 90})
BIRTHS = (
    "2009-05-17",
    "2009-05-18",
    "2009-05-31",
    "2009-05-13",
    "2001-09-05",
    "1388-02-27",
    "2001-05-17",
    "2010-05-17",
    "1909-05-17",
    "2009-05",
    "2009",
    "2009-01-01",
    "2008-01-01",
    "2001-01-01",
    "1388",
    "2007..2010",
    "2009-04-05",
    "2009-05-04",
    "1990-12-31",
    "1430-01-01",
    "2008-12-29",
    "2009-05..2009-06",
)


def some(*values: str, most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most).map(tuple)


def maybe(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(("", *values))


names = st.sampled_from(
    (
        "Mohammad Ali",
        "محمد علی",
        "Ali",
        "Hassan Ali",
        "Selam Tesfay",
        "ሰላም ተስፋይ",
        "?",
        "Ali Mohamed",
        "Abdul Rahman Noor",
        "Abdulrahman Noor",
        "Noor Abd Ul Rahman",
    )
).map(Name.of)
births = st.builds(
    BirthDate, st.sampled_from(BIRTHS).map(PartialDate.parse), st.sampled_from(Basis)
)
ranges = st.none() | st.tuples(st.integers(140, 150), st.integers(150, 175))
events = st.builds(
    Event,
    st.sampled_from(("disappearance", "encounter", "sighting")),
    st.none()
    | st.sampled_from(("2026-03-02", "2026-03", "2025-03-02", "2026-04-11")).map(PartialDate.parse),
    st.builds(Place, st.just(""), maybe("GR", "SE", "BE", "QQ")),
)
records = st.builds(
    PersonRecord,
    st.just("r"),
    names=st.lists(names, max_size=3).map(tuple),
    births=st.lists(births, max_size=2).map(tuple),
    sex=st.sampled_from(Sex),
    nationalities=some("AF", "IR", "SY"),
    countries_of_birth=some("AF", "IR"),
    places_of_birth=some("Kabul", "Kaboul", "Afghanistan", "Herat", "دمشق", "Damas"),
    languages=some("fa", "ar"),
    addresses=st.lists(
        st.builds(
            Address,
            maybe("Hoofdstraat 8", "8 Hoofdstr"),
            maybe("Brugge", "Bruges"),
            maybe("8000", "8010"),
        ),
        max_size=2,
    ).map(tuple),
    documents=st.lists(
        st.builds(
            Document,
            st.sampled_from(("AB123456", "AB123457", "XY98765", "1")),
            maybe("passport", "id_card"),
        ),
        max_size=2,
    ).map(tuple),
    contacts=st.lists(
        st.builds(
            Contact,
            st.sampled_from(("phone", "email")),
            st.sampled_from(("+32460123456", "0460123456", "a@b.example")),
        ),
        max_size=2,
    ).map(tuple),
    relatives=st.lists(
        st.builds(Relative, st.sampled_from(("father", "mother", "accompanying_adult")), names),
        max_size=3,
    ).map(tuple),
    events=st.lists(events, max_size=3).map(tuple),
    description=st.builds(
        Description,
        ranges,
        ranges,
        maybe("brown", "BRO", "hazel", "blue"),
        maybe("black", "dark brown"),
        maybe("scar on the chin", "small scar on chin", "left-handed"),
    ),
)


def check(found: list[PersonRecord], left: np.ndarray, right: np.ndarray) -> None:
    table = RecordTable(found, PROFILE, KNOWN)
    bits = table.match_weights(left, right)
    fields = table.field_weights(left, right)
    for place, (i, j) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        expected = assess(found[i], found[j], PROFILE, KNOWN)
        for item in expected.evidence:
            assert fields[item.field][place] == pytest.approx(item.weight, abs=1e-9), item.field
        assert bits[place] == pytest.approx(expected.match_weight, abs=1e-9)


def known(tokens: Collection[str]) -> TermFrequencies:
    """Only what was asked for: other frequencies must not matter."""
    return TermFrequencies(KNOWN.total, {token: KNOWN.counts.get(token, 0) for token in tokens})


def check_against(
    query: PersonRecord, others: list[PersonRecord], least: float, profile: Profile = PROFILE
) -> None:
    comparison = Against.of(query, others, profile)
    fields = comparison.field_weights(known)
    bits = comparison.match_weights(known)
    reached = comparison.match_weights(known, least=least)
    assert bits.shape == reached.shape == (len(others),)
    for place, other in enumerate(others):
        expected = assess(query, other, profile, KNOWN)
        for item in expected.evidence:
            found = fields[item.field][place] if item.field in fields else 0.0
            assert found == pytest.approx(item.weight, abs=1e-9), item.field
        assert bits[place] == pytest.approx(expected.match_weight, abs=1e-9)
        if reached[place] == -np.inf:
            assert expected.match_weight < least
        else:
            assert reached[place] == pytest.approx(expected.match_weight, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(records, st.lists(records, max_size=5), st.floats(-40, 25))
def test_one_against_many(query: PersonRecord, others: list[PersonRecord], least: float) -> None:
    check_against(query, others, least)


@settings(max_examples=100, deadline=None)
@given(records, st.lists(records, max_size=5), st.floats(-40, 25), st.booleans())
def test_limits_that_bite_rule_nobody_out(
    query: PersonRecord, others: list[PersonRecord], least: float, crossed: bool
) -> None:
    tight = [replace(joint, limit=2.0) for joint in PROFILE.joint]
    if crossed:
        tight.append(JointLimit(frozenset({"nationality", "sex", "height"}), 3.0))
    siblings = replace(PROFILE.siblings, limit=1.5)
    profile = replace(PROFILE, joint=tuple(tight), siblings=siblings, weight_limit=6.0)
    check_against(query, others, least, profile)


def test_a_record_whose_names_leave_it_open_is_asked_for_once() -> None:
    query = PersonRecord("q", names=(Name.of("Farhad Asad Ollag"),))
    names = (Name.of("Ahmad Asadullah Ahmedi"), Name.of("احمد اسدالله احمدی"))
    common = TermFrequencies(5_000, {"amad": 1_200, "asad": 100})
    others = [PersonRecord("r", names=names)] * 2
    asked: list[list[int]] = []

    def persons(places: Sequence[int]) -> list[PersonRecord]:
        asked.append(list(places))
        return [others[place] for place in places]

    lines = Lines.read([line_of(other) for other in others])
    bits = Against(query, lines, persons, PROFILE).match_weights(lambda _: common)
    assert asked == [[0, 1]]
    assert bits == pytest.approx(assess(query, others[0], PROFILE, common).match_weight, abs=1e-9)


def test_one_of_the_population_against_many() -> None:
    labelled = population(300, 12)
    ids = sorted(labelled.records)
    everyone = [labelled.records[name] for name in ids]
    rng = np.random.default_rng(5)
    for place in rng.integers(0, len(ids), 25).tolist():
        some = [everyone[other] for other in rng.integers(0, len(ids), 40).tolist()]
        partners = [
            labelled.records[name]
            for pair in sorted(labelled.pairs)
            if ids[place] in pair
            for name in pair
        ]
        check_against(everyone[place], some + partners, least=-2.3)


@settings(max_examples=150, deadline=None)
@given(st.lists(records, min_size=1, max_size=5))
def test_random_records(found: list[PersonRecord]) -> None:
    left, right = np.divmod(np.arange(len(found) ** 2), len(found))
    check(found, left, right)


def test_the_population() -> None:
    labelled = population(400, 11)
    ids = sorted(labelled.records)
    place = {record_id: number for number, record_id in enumerate(ids)}
    rng = np.random.default_rng(3)
    true = np.array([[place[one], place[other]] for one, other in sorted(labelled.pairs)])
    strangers = rng.integers(0, len(ids), (300, 2))
    pairs = np.concatenate([true, strangers])
    check([labelled.records[name] for name in ids], pairs[:, 0], pairs[:, 1])


@settings(max_examples=300, deadline=None)
@given(st.dates(date(1990, 1, 1), date(2020, 1, 1)), st.integers(-1500, 1500), st.booleans())
def test_dates_at_random(day: date, days: int, swap: bool) -> None:
    other = day + timedelta(days=days)
    if swap and other.day <= 12:
        other = other.replace(month=other.day, day=min(other.month, 28))
    claims = [BirthDate(PartialDate.parse(item.isoformat())) for item in (day, other)]
    table = BirthTable(Column([(claim,) for claim in claims]), PROFILE)
    size = len(table.column.values)
    one, two = np.divmod(np.arange(size**2), size)
    found = table.relations(one, two)
    for place in range(len(one)):
        expected = relate(
            table.column.values[one[place]].date, table.column.values[two[place]].date
        )
        assert list(DateRelation)[found[place]] == expected.relation


def test_no_pairs_and_no_values() -> None:
    empty = np.zeros(0, dtype=np.int64)
    assert RecordTable([], PROFILE, KNOWN).match_weights(empty, empty).shape == (0,)
    nobody = RecordTable([PersonRecord("a"), PersonRecord("b")], PROFILE, KNOWN)
    zero, one = np.array([0]), np.array([1])
    assert nobody.match_weights(zero, one) == pytest.approx(PROFILE.prior)
