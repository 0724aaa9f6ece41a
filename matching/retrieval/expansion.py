"""Resolve fuzziness on the vocabulary: which folded parts may be the part asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cdist

from matching.retrieval.attributes import FloatArray, IntArray
from matching.retrieval.terms import (
    DOCUMENT,
    EMAIL,
    HOUSE,
    NAME,
    PHONE,
    STREET,
    YEAR,
    IndexQuery,
    Readings,
)

MAX_EXPANSIONS = 60
"""Vocabulary entries followed for one part of a query: on train seed 11 more brought nothing."""
MIN_SIMILARITY = 0.6
"""Entries less alike than this are not followed."""
OTHER_READING = 0.98
"""An unlikely reading that fits says a little less than the likeliest that does."""
LEAST_BITS = 0.1
"""Bearing a very common part still speaks for a case, if hardly."""
EXACT_BITS = {YEAR: 2.0, PHONE: 10.0, DOCUMENT: 16.0, STREET: 7.0, EMAIL: 13.0, HOUSE: 6.0}
"""What an equal exact term says; a birthday is scored with the attributes."""


@dataclass(frozen=True, slots=True)
class TermGroup:
    """Terms of which the best counts: the readings of one part, or the years of an interval.

    Attributes:
        terms: The terms, the most telling first.
        bits: Bits of each, shape (terms,).
        cases: How many cases hold each, shape (terms,).
    """

    terms: tuple[str, ...]
    bits: FloatArray
    cases: IntArray


def fold_similarities(readings: Readings, entries: Sequence[str]) -> FloatArray:
    """How alike folds are to the best reading of a part, shape (entries,).

    Half Jaro-Winkler, half optimal string alignment : Jaro-Winkler alone lets a shared
    beginning hide what follows in short parts.
    """
    jaro = cdist(readings, entries, scorer=JaroWinkler.similarity, dtype=np.float32)
    osa = cdist(readings, entries, scorer=OSA.normalized_similarity, dtype=np.float32)
    alike = (jaro + osa) / np.float32(2)
    alike[1:] *= np.float32(OTHER_READING)
    found: FloatArray = alike.max(axis=0)
    return found


@dataclass(frozen=True, slots=True)
class Likely:
    """Vocabulary entries that may be the part asked for.

    Attributes:
        places: Places of the entries, the most alike first, shape (likely,).
        alike: How alike each is, 0 to 1, shape (likely,).
    """

    places: IntArray
    alike: FloatArray


def likely_parts(readings: Readings, terms: Sequence[str]) -> Likely:
    """Those of the terms that are alike enough to be followed.

    Args:
        readings: Folds of the ways in which the part asked for may be read.
        terms: Parts of names and joins of two, each with its prefix.

    Returns:
        Their places; ties are in the order of the whole terms, so that every adapter
        follows the same ones, also where a part and a join have the same letters.
    """
    if not terms:
        return Likely(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    alike = fold_similarities(readings, [term[len(NAME) :] for term in terms])
    near = np.flatnonzero(alike >= MIN_SIMILARITY)
    order = sorted(near.tolist(), key=lambda place: (-alike[place], terms[place]))
    places = np.array(order, dtype=np.int64)
    return Likely(places, alike[places])


def expand(likely: Likely, cases: IntArray, total: int) -> tuple[IntArray, FloatArray]:
    """Weigh the entries that may be the same part.

    Args:
        likely: The entries.
        cases: How many cases bear each of them, shape (likely,).
        total: Cases in the index.

    Returns:
        Which of them are followed, and their bits: the information of agreeing this
        well or better, discounted by how unlike the entry is.
    """
    kept = np.flatnonzero(cases > 0)[:MAX_EXPANSIONS]
    borne = np.cumsum(cases[kept])
    information = np.log2(max(total, 2) / np.maximum(borne, 1))
    bits = np.maximum(information * likely.alike[kept] ** 2, LEAST_BITS)
    return kept, bits.astype(np.float32)


def exact_groups(query: IndexQuery) -> list[tuple[tuple[str, ...], float]]:
    """The exact terms of a query with their bits; the years of an interval are one group."""
    years = tuple(term for term in query.exact if term.startswith(YEAR))
    found: list[tuple[tuple[str, ...], float]] = [
        ((term,), EXACT_BITS[term[:2]]) for term in query.exact if term not in years
    ]
    if years:
        found.append((years, EXACT_BITS[YEAR]))
    return found
