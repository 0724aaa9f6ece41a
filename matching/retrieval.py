"""What an index of candidates must hold and ask for, the same for every adapter.

Fuzziness is resolved once per query part on the vocabulary of folded parts, by
consonant skeletons and one-letter deletes; the exact postings of what was found
are then fetched. Date of birth, sex and nationality are scored during retrieval.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matching.compare.identifiers import normal_number
from matching.compare.texts import fold_words
from matching.dates.relations import is_placeholder
from matching.names.folding import fold
from matching.names.parts import prepare
from matching.names.similarity import fold_similarity as similarity
from matching.names.skeletons import skeletons
from matching.places.gazetteer import place_key
from matching.record import Address, CaseKind, PersonRecord, Precision, Sex

NAME, DAY, YEAR, PHONE, DOCUMENT = "n:", "d:", "y:", "p:", "x:"
STREET, EMAIL, HOUSE = "s:", "e:", "h:"
"""Prefixes of index terms: parts of names are looked up fuzzily, all others exactly."""
MAX_DELETE_LENGTH = 14
"""Longer folds get keys for their first letters only: deletes grow with length."""
MAX_EXPANSIONS = 120
"""Vocabulary entries followed for one part of a query."""
MIN_SIMILARITY = 0.6
MAX_YEARS_ASKED = 6
"""A search without a name asks for at most so many years of birth; more would be everybody."""
SCHEMA = 3
"""Version of the terms and of the packing; a change asks for a rebuild."""

_KINDS = {kind.value: place for place, kind in enumerate(CaseKind)}
_SEXES = {Sex.UNKNOWN: 0, Sex.FEMALE: 1, Sex.MALE: 2, Sex.OTHER: 0}
_SAME_DAY, _SWAPPED_DAY, _SAME_DAY_OTHER_YEAR, _SAME_YEAR, _NEAR_YEAR, _FAR_YEAR = (
    8.0, 6.0, 3.0, 2.4, 0.4, -3.0,
)  # fmt: skip
"""Bits of dates during retrieval: rounder than the assessment's, which follows."""
_SEX_AGREES, _SEX_DIFFERS = 0.9, -3.0
_NATION_AGREES, _NATION_DIFFERS = 2.5, -1.5
_EXACT_TERM_BITS = {
    DAY: 6.0,
    YEAR: 2.0,
    PHONE: 10.0,
    DOCUMENT: 16.0,
    STREET: 7.0,
    EMAIL: 13.0,
    HOUSE: 6.0,
}
_INTERVAL_BITS = 1.5

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What an index holds of one case.

    Attributes:
        case_id: Internal id of the case.
        terms: Folded name parts, joins, and exact keys, each with its prefix.
        packed: Birth, sex, nationality and kind in one integer.
    """

    case_id: int
    terms: tuple[str, ...]
    packed: int


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """What is asked: folded parts to look up fuzzily, exact terms, and attributes to score."""

    parts: tuple[str, ...]
    exact: tuple[str, ...]
    packed: int
    years: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class TermGroup:
    """Terms of which the best counts, with bits: the readings of one part of the query."""

    weights: Mapping[str, float]


def index_entry(case_id: int, record: PersonRecord) -> IndexEntry:
    """What an index holds of a record."""
    terms = {f"{NAME}{part}" for part in _name_parts(record)}
    terms.update(_exact_terms(record))
    return IndexEntry(case_id, tuple(sorted(terms)), _pack(record))


def index_query(record: PersonRecord) -> IndexQuery:
    """What is asked to find others like a record."""
    exact = list(_exact_terms(record, with_years=not record.names))
    years = None
    if record.births:
        born = record.births[0].date
        if born.precision is Precision.RANGE:
            years = (born.earliest.year, born.latest.year)
    return IndexQuery(
        tuple(sorted(_name_parts(record))), tuple(sorted(exact)), _pack(record), years
    )


def _name_parts(record: PersonRecord) -> set[str]:
    found: set[str] = set()
    for name in record.names:
        parts = prepare(name)
        found.update(part.fold for part in parts)
        found.update(fold(one.latin + other.latin) for one, other in pairwise(parts))
    return found


def _exact_terms(record: PersonRecord, *, with_years: bool = True) -> Iterable[str]:
    for born in record.births:
        value = born.date
        if value.precision is Precision.DAY and not is_placeholder(value):
            yield f"{DAY}{value.earliest:%Y%m%d}"
        if with_years and value.latest.year - value.earliest.year < MAX_YEARS_ASKED:
            for year in range(value.earliest.year, value.latest.year + 1):
                yield f"{YEAR}{year}"
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


_MONTH_SHIFT, _DAY_SHIFT, _SEX_SHIFT, _NATION_SHIFT, _KIND_SHIFT = 12, 16, 21, 23, 33
_LETTERS = 26
_NUMBER = re.compile(r"\d+")


def _pack(record: PersonRecord) -> int:
    year = month = day = 0
    if record.births:
        value = record.births[0].date
        if value.precision is not Precision.RANGE:
            year = value.earliest.year
        if value.precision is Precision.DAY and not is_placeholder(value):
            month, day = value.earliest.month, value.earliest.day
    nation = _nation_code(record.nationalities[0]) if record.nationalities else 0
    return (
        year
        | month << _MONTH_SHIFT
        | day << _DAY_SHIFT
        | _SEXES[record.sex] << _SEX_SHIFT
        | nation << _NATION_SHIFT
        | _KINDS[record.kind.value] << _KIND_SHIFT
    )


def _nation_code(country: str) -> int:
    """1 to 676 for two capital letters; anything else is unknown, and must not touch other bits."""
    one, other = (ord(letter) - ord("A") for letter in country.ljust(2)[:2])
    is_code = len(country) == 2 and 0 <= one < _LETTERS and 0 <= other < _LETTERS  # noqa: PLR2004 - alpha-2
    return one * _LETTERS + other + 1 if is_code else 0


def kind_code(kind: str) -> int:
    """The number of a kind of case inside a packed integer."""
    return _KINDS[kind]


def kinds_of(packed: IntArray) -> IntArray:
    """The kind of case of each packed integer."""
    return (packed >> _KIND_SHIFT) & 3


def vocabulary_keys(folded: str) -> frozenset[str]:
    """Keys under which a folded part is found: skeletons, itself, and one-letter deletes."""
    keys = {f"~{text}" for text in skeletons(folded)}
    keys.add(folded)
    head = folded[:MAX_DELETE_LENGTH]
    keys.update(head[:place] + head[place + 1 :] for place in range(len(head)) if len(head) > 2)  # noqa: PLR2004 - deletes of two letters meet everything
    return frozenset(keys)


def expand_part(part: str, vocabulary: Mapping[str, int], total: int) -> TermGroup:
    """Weigh the vocabulary entries that may be the same part.

    Args:
        part: A folded part of the query.
        vocabulary: Folded parts that share a key with it, and how many cases bear each.
        total: Cases in the index.

    Returns:
        Bits per term: the information of agreeing this well or better, discounted
        by how unlike the entry is.
    """
    alike = sorted(
        ((similarity(part, entry), entry) for entry in vocabulary), key=lambda i: (-i[0], i[1])
    )
    weights: dict[str, float] = {}
    borne = 0
    for score, entry in alike[:MAX_EXPANSIONS]:
        if score < MIN_SIMILARITY:
            break
        borne += vocabulary[entry]
        information = math.log2(max(total, 2) / max(borne, 1))
        weights[f"{NAME}{entry}"] = max(information * score * score, 0.1)
    return TermGroup(weights)


def exact_groups(query: IndexQuery) -> list[TermGroup]:
    """The exact terms of a query with their bits; the years of an interval are one group."""
    groups = []
    years = {}
    for term in query.exact:
        bits = _EXACT_TERM_BITS[term[:2]]
        if term.startswith(YEAR):
            years[term] = bits
        else:
            groups.append(TermGroup({term: bits}))
    if years:
        groups.append(TermGroup(years))
    return groups


def attribute_bits(query: IndexQuery, packed: IntArray) -> FloatArray:
    """Bits of date of birth, sex and nationality for many candidates; unknown gives 0.

    Args:
        query: What is asked.
        packed: Packed attributes, shape (candidates,).

    Returns:
        Bits, shape (candidates,).
    """
    return (
        _date_bits(query, packed)
        + _code_bits(query.packed, packed, (_SEX_SHIFT, 3), (_SEX_AGREES, _SEX_DIFFERS))
        + _code_bits(query.packed, packed, (_NATION_SHIFT, 1023), (_NATION_AGREES, _NATION_DIFFERS))
    )


def _code_bits(
    query: int, packed: IntArray, place: tuple[int, int], bits: tuple[float, float]
) -> FloatArray:
    shift, mask = place
    asked = (query >> shift) & mask
    if asked == 0:
        return np.zeros(len(packed))
    codes = (packed >> shift) & mask
    return np.where(codes == 0, 0.0, np.where(codes == asked, bits[0], bits[1]))


def _date_bits(query: IndexQuery, packed: IntArray) -> FloatArray:
    years = packed & 4095
    known = years > 0
    if query.years is not None:
        low, high = query.years
        outside = np.maximum(low - years, years - high)
        return np.where(
            known & (outside <= 0),
            _INTERVAL_BITS,
            np.where(known & (outside > 1), np.maximum(-outside.astype(float), _FAR_YEAR), 0.0),
        )
    year = query.packed & 4095
    if year == 0:
        return np.zeros(len(packed))
    apart = np.abs(years - year)
    bits = np.select(
        [apart == 0, apart == 1],
        [_SAME_YEAR, _NEAR_YEAR],
        default=np.maximum(-apart.astype(float), _FAR_YEAR),
    )
    month, day = (query.packed >> _MONTH_SHIFT) & 15, (query.packed >> _DAY_SHIFT) & 31
    if month:
        months, days = (packed >> _MONTH_SHIFT) & 15, (packed >> _DAY_SHIFT) & 31
        same = (months == month) & (days == day)
        swapped = (months == day) & (days == month)
        bits = np.where(same & (apart == 0), _SAME_DAY, bits)
        bits = np.where(swapped & (apart == 0) & ~same, _SWAPPED_DAY, bits)
        bits = np.where(same & (apart > 0), _SAME_DAY_OTHER_YEAR, bits)
    return np.where(known, bits, 0.0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Case ids and scores, best first."""

    case_ids: IntArray
    scores: FloatArray
    considered: int


Postings = Callable[[str], tuple[IntArray, IntArray]]
"""Case ids and packed attributes of the cases that hold a term."""


def rank_postings(
    query: IndexQuery,
    groups: Iterable[TermGroup],
    postings: Postings,
    *,
    limit: int,
    keep: Callable[[IntArray, IntArray], NDArray[np.bool_]] | None = None,
) -> Ranked:
    """Add the best of each group, then the attributes, and cut.

    Args:
        query: What is asked.
        groups: Terms with bits, of each group the best counts.
        postings: Gives the cases of a term.
        limit: How many to return.
        keep: Which candidates the scope allows, from ids and packed attributes.

    Returns:
        At most `limit` candidates, ties by id.
    """
    ids, packed, bits, group_of = _gather(groups, postings)
    if len(ids) == 0:
        return Ranked(ids, np.zeros(0), 0)
    order = np.lexsort((bits, group_of, ids))
    ids, packed, bits, group_of = ids[order], packed[order], bits[order], group_of[order]
    # Sorted by bits last: the last row of each case and group is that group's best.
    best = np.append((ids[1:] != ids[:-1]) | (group_of[1:] != group_of[:-1]), [True])
    ids, packed, bits = ids[best], packed[best], bits[best]
    first = np.flatnonzero(np.append([True], ids[1:] != ids[:-1]))
    scores = np.add.reduceat(bits, first)
    ids, packed = ids[first], packed[first]
    scores = scores + attribute_bits(query, packed)
    if keep is not None:
        allowed = keep(ids, packed)
        ids, scores = ids[allowed], scores[allowed]
    considered = len(ids)
    if considered > limit:
        top = np.argpartition(-scores, limit - 1)[:limit]
        ids, scores = ids[top], scores[top]
    order = np.lexsort((ids, -scores))
    return Ranked(ids[order], scores[order], considered)


def _gather(
    groups: Iterable[TermGroup], postings: Postings
) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
    ids, packed, bits, group_of = [], [], [], []
    for number, group in enumerate(groups):
        for term, weight in group.weights.items():
            term_ids, term_packed = postings(term)
            ids.append(term_ids)
            packed.append(term_packed)
            bits.append(np.full(len(term_ids), weight))
            group_of.append(np.full(len(term_ids), number, dtype=np.int64))
    empty = np.zeros(0, dtype=np.int64)
    if not ids:
        return empty, empty, np.zeros(0), empty
    return (
        np.concatenate(ids),
        np.concatenate(packed),
        np.concatenate(bits),
        np.concatenate(group_of),
    )
