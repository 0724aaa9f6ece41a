"""A line says the same as the record it was made of."""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching import BirthDate, Name, PartialDate, PersonRecord, Sex
from matching.bulk import columns as columns_module
from matching.bulk.columns import LineColumns
from matching.bulk.lines import (
    VERSION,
    Lines,
    is_line,
    line_of,
    nationalities_of,
    nationality_key,
    sex_key,
)
from matching.bulk.spoken import Spoken
from matching.compare.dates import MOST_CLAIMS
from matching.compare.names import MAX_NAMES
from matching.names.parts import PARTICLES, PLACEHOLDERS, prepare, sound_of
from matching.names.tokens import MAX_TOKEN_LENGTH, MAX_TOKENS
from matching.record import Basis, NamePart, NamePartKind

WORDS = (
    "Ali",
    "al",
    "bin",
    "عبد",
    "الرحمن",
    "王小明",
    "김민준",
    "unknown",
    "?",
    "ሰላም",
    "D'Souza",
    "-",
)
words = st.sampled_from(WORDS) | st.text(max_size=6)
names = st.lists(
    st.builds(
        NamePart, st.lists(words, max_size=4).map(" ".join), st.sampled_from(list(NamePartKind))
    ),
    max_size=4,
).map(lambda parts: Name(tuple(parts)))
dates = st.sampled_from(("2009", "2009-05", "2009-05-17", "2007..2010")).map(PartialDate.parse)
records = st.builds(
    PersonRecord,
    st.just("r"),
    names=st.lists(names, max_size=3).map(tuple),
    births=st.lists(st.builds(BirthDate, dates, st.sampled_from(Basis)), max_size=3).map(tuple),
    sex=st.sampled_from(Sex),
    nationalities=st.lists(st.sampled_from(("AF", "ir", "")) | st.text(max_size=3), max_size=3).map(
        tuple
    ),
)


@settings(max_examples=400, deadline=None)
@example([PersonRecord("r", names=(Name.of("?"),)), PersonRecord("r", names=(Name.of("Ali"),))])
@example([PersonRecord("r", nationalities=("a\tb", "c,d"))])
@given(st.lists(records, max_size=5))
def test_lines_say_what_the_records_say(found: list[PersonRecord]) -> None:
    assert_says(Lines.read([line_of(record) for record in found]), found)


def assert_says(lines: Lines, found: list[PersonRecord]) -> None:
    assert len(lines) == len(found)
    assert lines.sexes == [sex_key(record) for record in found]
    assert lines.nationalities == [nationality_key(record) for record in found]
    births = [lines.births.values[number] for number in lines.births.flat]
    cuts = lines.births.first
    assert [tuple(births[a:b]) for a, b in pairwise(cuts)] == [record.births for record in found]
    spoken = [name for record in found for name in record.names]
    assert len(lines.names) == len(spoken)
    owners = np.repeat(np.arange(len(found)), [len(record.names) for record in found])
    assert lines.of_record.tolist() == owners.tolist()
    for place, name in enumerate(spoken):
        assert lines.names.parts(place) == prepare(name)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 9), records), max_size=5), max_size=4),
    st.lists(st.integers(0, 12), max_size=6, unique=True),
)
def test_columns_say_what_was_put_in_last(
    shares: list[list[tuple[int, PersonRecord]]], asked: list[int]
) -> None:
    columns, held = LineColumns(), dict[int, PersonRecord]()
    for share in map(dict, shares):
        columns.put(list(share), [line_of(record) for record in share.values()])
        held |= share
    rows = columns.rows(asked)
    if not asked or not held.keys() >= set(asked):
        assert rows is None
    else:
        assert rows is not None
        assert_says(rows, [held[number] for number in asked])


def test_what_is_written_again_and_again_takes_no_more_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns_module, "_SPARE", 10)
    columns = LineColumns()
    births = (BirthDate(PartialDate.parse("2009-05-17")), BirthDate(PartialDate.parse("2008")))
    for turn in range(30):
        held = [
            PersonRecord("r", names=(Name.of(f"Ali {word} {turn}"),), births=births[: turn % 3])
            for word in ("Hassan", "Noor", "Selam")
        ]
        columns.put([1, 5, 9], [line_of(record) for record in held])
        columns.forget([1, 700])
        columns.put([1], [line_of(held[0])])
        rows = columns.rows([9, 1, 5])
        assert rows is not None
        assert_says(rows, [held[2], held[0], held[1]])
        assert columns._parts.end <= 2 * 9 + 10 + 9
        assert columns._codes.end == columns._parts.end
    columns.forget([5])
    assert columns.rows([5]) is None


@settings(max_examples=200, deadline=None)
@given(st.lists(names, max_size=5))
def test_columns_hold_the_parts_that_are_compared(found: list[Name]) -> None:
    spoken = Spoken.of(found)
    prepared = [prepare(name) for name in found]
    assert spoken.counts.tolist() == [len(parts) for parts in prepared]
    tokens = [spoken.lexicon.tokens[number] for number in spoken.numbers]
    assert tokens == [part.text for parts in prepared for part in parts]
    assert [sound_of(token) for token in tokens] == [p.sound for parts in prepared for p in parts]
    kinds = list(NamePartKind)
    assert [kinds[kind] for kind in spoken.kinds] == [p.kind for parts in prepared for p in parts]


@given(st.lists(st.text(max_size=4), max_size=4))
def test_a_nationality_key_can_be_read_again(codes: list[str]) -> None:
    record = PersonRecord("r", nationalities=tuple(codes))
    again = PersonRecord("r", nationalities=nationalities_of(nationality_key(record)))
    assert nationality_key(again) == nationality_key(record)


def test_lines_outlive_a_release() -> None:
    record = PersonRecord(
        "r",
        names=(
            Name.of("Ahmad bin Ali"),
            Name((NamePart("王小明"), NamePart("Li", NamePartKind.FAMILY))),
            Name.of("?"),
        ),
        births=(
            BirthDate(PartialDate.parse("2009-05-17")),
            BirthDate(PartialDate.parse("2008"), Basis.ASSESSED),
        ),
        sex=Sex.FEMALE,
        nationalities=("SY", "AF"),
    )
    # Stored lines are read by later code: what changes here needs another VERSION.
    line = "1\tF\taf,sy\t2009-05-17c 2008a\tahmad bin ali 王 小明 li -\t@80B12`"
    assert line_of(record) == line
    assert is_line(line)
    assert not is_line("")
    assert not is_line("0" + line[1:])
    # A damaged line would move what the next ones say.
    assert not is_line(line + "\t")
    assert not is_line(line[:-1])
    assert not is_line(line.replace(" bin", ""))
    assert not is_line(line.replace("2008a", "2008-13a"))
    assert not is_line(line.replace("2008a", "2008z"))
    assert not is_line(line.replace("\tF\t", "\tZ\t"))
    assert not is_line(line[:-1] + "\x7f")
    assert not is_line(line[:-1] + "é")
    assert not is_line(line.replace("\t@", "\t0"))


def test_what_takes_names_apart_is_that_of_the_version() -> None:
    tables = (sorted(PARTICLES), sorted(PLACEHOLDERS), [str(kind) for kind in NamePartKind])
    limits = (MAX_NAMES, MOST_CLAIMS, MAX_TOKENS, MAX_TOKEN_LENGTH)
    splitting = [
        prepare(Name.of(name)) for name in ("司馬相如", "김민준", "abd-al Rahman", "O'Neil")
    ]
    texts = [[(part.text, part.kind.value) for part in parts] for parts in splitting]
    digest = blake2b(repr((tables, limits, texts)).encode(), digest_size=8).hexdigest()
    # Stored lines hold names taken apart by these: another digest needs another VERSION.
    assert (VERSION, digest) == ("1", "a850e662c05f72e6")
