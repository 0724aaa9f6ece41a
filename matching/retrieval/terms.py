"""What an index holds of a case and what is asked of it: folded name parts and exact terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from matching.compare.identifiers import normal_number
from matching.compare.texts import fold_words
from matching.dates.relations import is_placeholder
from matching.names.folding import fold
from matching.names.parts import kept_pieces, prepare, written
from matching.names.skeletons import skeletons
from matching.places.gazetteer import place_key
from matching.record import Address, PersonRecord, Precision
from matching.retrieval.attributes import pack

NAME, JOIN, DAY, YEAR, PHONE, DOCUMENT = "n:", "j:", "d:", "y:", "p:", "x:"
STREET, EMAIL, HOUSE = "s:", "e:", "h:"
"""Prefixes of index terms: parts of names and joins of two are looked up fuzzily, all others
exactly. Every prefix is two characters long."""
RARE = frozenset({PHONE, DOCUMENT, STREET, EMAIL, HOUSE})
"""Terms that few cases share: an index keeps them by hash, without a vocabulary."""
MAX_DELETE_LENGTH = 14
"""Longer folds get keys for their first letters only: deletes grow with length."""
MAX_YEARS_ASKED = 6
"""A search without a name asks for at most so many years of birth; more would be everybody."""
SCHEMA = 4
"""Version of the terms and of the packing; a change asks for a rebuild."""
_NUMBER = re.compile(r"\d+")
_OTHER_YEARS = (-1, 1)
"""Years beside the one asked for in which the same day is looked up: the commonest slips."""


Readings = tuple[str, ...]
"""Folds of the ways in which one name part may be read, the likeliest first."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What an index holds of one case.

    Attributes:
        case_id: Internal id of the case.
        terms: Folded name parts, joins, and exact keys, each with its prefix, sorted.
        packed: Birth, sex, nationality and kind in one integer.
    """

    case_id: int
    terms: tuple[str, ...]
    packed: int


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """What is asked: folded parts to look up fuzzily, exact terms, and attributes to score.

    Attributes:
        parts: Name parts and joins of two, each with the folds of its readings, the
            likeliest first.
        exact: Terms that count when they are met.
        days: Terms of the birthday asked for and of its likely slips; they bring cases
            in, and the attributes say what the day is worth.
        packed: Birth, sex, nationality and kind in one integer.
    """

    parts: tuple[Readings, ...]
    exact: tuple[str, ...]
    days: tuple[str, ...]
    packed: int


def index_entry(case_id: int, record: PersonRecord) -> IndexEntry:
    """What an index holds of a record."""
    terms = set(_name_terms(record))
    terms.update(_rare_terms(record))
    terms.update(_birth_terms(record))
    return IndexEntry(case_id, tuple(sorted(terms)), pack(record))


def index_query(record: PersonRecord) -> IndexQuery:
    """What is asked to find others like a record."""
    exact = set(_rare_terms(record))
    if not record.names:
        exact.update(term for term in _birth_terms(record) if term.startswith(YEAR))
    return IndexQuery(
        tuple(sorted(_parts_asked(record))),
        tuple(sorted(exact)),
        tuple(sorted(set(_days_asked(record)))),
        pack(record),
    )


def _name_terms(record: PersonRecord) -> Iterator[str]:
    for name in record.names:
        likeliest = [piece.sound.readings[0] for piece in kept_pieces(written(name))]
        for one in likeliest:
            yield f"{NAME}{one.fold}"
        for one, other in pairwise(likeliest):
            yield f"{JOIN}{fold(one.latin + other.latin)}"


def _parts_asked(record: PersonRecord) -> set[Readings]:
    """A letter of another script may be read in several ways: any may be the one held."""
    found: dict[str, Readings] = {}
    for name in record.names:
        parts = prepare(name)
        for part in parts:
            folds = dict.fromkeys(reading.fold for reading in part.sound.readings)
            found[part.fold] = tuple(folds)
        for one, other in pairwise(parts):
            joined = fold(one.latin + other.latin)
            found.setdefault(joined, (joined,))
    return set(found.values())


def _birth_terms(record: PersonRecord) -> Iterator[str]:
    for born in record.births:
        value = born.date
        if value.precision is Precision.DAY and not is_placeholder(value):
            yield day_term(value.earliest)
        if value.latest.year - value.earliest.year < MAX_YEARS_ASKED:
            for year in range(value.earliest.year, value.latest.year + 1):
                yield f"{YEAR}{year}"


def day_term(day: date) -> str:
    """The term of a birthday."""
    return f"{DAY}{day.year}{day.month:02}{day.day:02}"


def _days_asked(record: PersonRecord) -> Iterator[str]:
    """The birthdays of a record, with day and month exchanged, and a year before and after."""
    for born in record.births:
        value = born.date
        if value.precision is not Precision.DAY or is_placeholder(value):
            continue
        day = value.earliest
        yield day_term(day)
        if day.day <= 12:  # noqa: PLR2004 - months of a year
            yield day_term(day.replace(month=day.day, day=day.month))
        for more in _OTHER_YEARS:
            if (day.month, day.day) != (2, 29) and date.min.year < day.year < date.max.year:
                yield day_term(day.replace(year=day.year + more))


def _rare_terms(record: PersonRecord) -> Iterator[str]:
    for contact in record.contacts:
        yield f"{PHONE if contact.kind == 'phone' else EMAIL}{contact.value}"
    for document in record.documents:
        yield f"{DOCUMENT}{normal_number(document.number)}"
    for address in record.addresses:
        if address.text:
            yield f"{STREET}{fold_words(address.text)}"
        yield from _house_terms(address)


def _house_terms(address: Address) -> Iterable[str]:
    """The house number in its postcode and in its city: one of both survives most slips."""
    number = _NUMBER.search(address.text)
    if number is None:
        return
    for area in (address.postcode.replace(" ", "").upper(), place_key(address.city)):
        if area:
            yield f"{HOUSE}{area}:{number[0]}"


def keys_of(readings: Readings) -> frozenset[int]:
    """Keys under which any reading of a part is found."""
    return frozenset().union(*(vocabulary_keys(folded) for folded in readings))


def vocabulary_keys(folded: str) -> frozenset[int]:
    """Keys under which a part is looked up: of its skeletons, itself, and one-letter deletes.

    Returns:
        CRC-32 of each key. Two keys may share one: what they bring is compared anyway.
    """
    head = folded[:MAX_DELETE_LENGTH]
    deletes = {head[:place] + head[place + 1 :] for place in range(len(head)) if len(head) > 2}  # noqa: PLR2004 - deletes of two letters meet everything
    return _hashed(deletes) | _plain_keys(folded)


def term_keys(term: str) -> frozenset[int]:
    """Keys under which an index holds a term; none for those that are looked up exactly.

    A join of two parts has no deletes: its parts are found with their slips one by one,
    and joins are half of all terms.
    """
    if term.startswith(NAME):
        return vocabulary_keys(term[len(NAME) :])
    return _plain_keys(term[len(JOIN) :]) if term.startswith(JOIN) else frozenset()


def _plain_keys(folded: str) -> frozenset[int]:
    return _hashed({folded, *(f"~{text}" for text in skeletons(folded))})


def _hashed(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(crc32(text.encode()) for text in texts)


def is_rare(term: str) -> bool:
    """Whether a term is kept by its hash."""
    return term[:2] in RARE


def rare_key(term: str) -> int:
    """Signed 64-bit BLAKE2b hash: any two of ten million terms share one by a chance of 3e-6."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big", signed=True)
