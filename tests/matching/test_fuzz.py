"""Whatever bytes come in: no exception, no score outside its bounds, the same from both sides."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import (
    BirthDate,
    Name,
    NamePart,
    PartialDate,
    PersonRecord,
    TermFrequencies,
    assess,
    compare_names,
    index_entry,
    index_query,
    load_profile,
    name_weights,
)
from matching.bulk.scorer import RecordTable
from matching.compare.identifiers import normal_number
from matching.names.folding import fold
from matching.names.scripts import readings
from matching.names.tokens import MAX_TOKENS, tokenize
from matching.places.gazetteer import place_key
from matching.record import Address, Contact, Document

PROFILE = load_profile()
NONE = TermFrequencies.empty()
LEAST, MOST = PROFILE.names["whole_different"], PROFILE.names["limit"]
HOSTILE = (
    "", " ", "a", "1", "٣", "é" * 200, "a\u0301\u0302" * 60, "👧🏽👩‍👧", "\0", "\ud800",
    "\u202eabc", "аdmin", "Мaria", "x" * 5_000, " ".join(["Ali"] * 300), "李" * 50, "김" * 9,
    "ا" * 80, "ﷺ",
    "\u200d", "Ⅷ", "ﬁ", "-", "O'", "’’’", "السلام-Ali", "क्\u200dष", "ณ์", "\ufeffAli", "nan", "None",
    "al-", "abd al", "bin",
)  # fmt: skip
from_bytes = st.binary(max_size=80).map(lambda data: data.decode("utf-8", "replace"))
raw = st.binary(max_size=80).map(lambda data: data.decode("utf-8", "surrogateescape"))
texts = st.sampled_from(HOSTILE) | from_bytes | raw | st.text(max_size=60)


@settings(max_examples=500, deadline=None)
@given(texts)
def test_normalisation(text: str) -> None:
    parts = tokenize(text)
    assert len(parts) <= MAX_TOKENS
    for part in parts:
        assert readings(part) == readings(part)
        assert fold(fold(part)) == fold(part)
    place_key(text)
    normal_number(text)


@settings(max_examples=500, deadline=None)
@given(texts, texts)
def test_names(left: str, right: str) -> None:
    found = compare_names(left, right, PROFILE)
    assert math.isfinite(found.weight)
    assert LEAST <= found.weight <= MOST
    assert compare_names(right, left, PROFILE).weight == found.weight
    (bits,) = name_weights([left], [right], PROFILE)[0]
    assert math.isclose(bits, found.weight, abs_tol=1e-9)


records = st.builds(
    lambda name, part, place, number, phone, born: PersonRecord(
        "r",
        names=(Name.of(name), Name((NamePart(part), NamePart(name)))),
        births=tuple(BirthDate(PartialDate.parse(text)) for text in born),
        places_of_birth=(place,),
        addresses=(Address(place, place, number, ""),),
        documents=(Document(number),),
        contacts=(Contact("phone", phone), Contact("email", place)),
    ),
    texts,
    texts,
    texts,
    texts,
    texts,
    st.lists(st.sampled_from(("2009", "1900..2020", "0001-01-01", "9999-12-31")), max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(records, records)
def test_records(left: PersonRecord, right: PersonRecord) -> None:
    found = assess(left, right, PROFILE, NONE)
    assert math.isfinite(found.match_weight)
    assert 0 <= found.probability <= 1
    assert all(abs(item.weight) <= PROFILE.weight_limit for item in found.evidence)
    assert math.isclose(
        assess(right, left, PROFILE, NONE).match_weight, found.match_weight, abs_tol=1e-9
    )
    bits = RecordTable([left, right], PROFILE, NONE).match_weights(np.array([0]), np.array([1]))
    assert math.isclose(bits[0], found.match_weight, abs_tol=1e-9)


@settings(max_examples=300, deadline=None)
@given(records)
def test_index_terms(record: PersonRecord) -> None:
    entry = index_entry(1, record)
    assert list(entry.terms) == sorted(set(entry.terms))
    assert index_query(record).exact == tuple(sorted(index_query(record).exact))
