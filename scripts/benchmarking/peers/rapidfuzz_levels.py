"""Levels by rapidfuzz and a small EM in numpy: what a day without a linkage library gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from scripts.benchmarking.peers.inputs import Pair, Record, Scored, full_date, plain, words, years

Levels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

THRESHOLD = 0.0
UNKNOWN = -1
"""The level of a field that one side lacks; it says nothing."""
ROUNDS = 200
CONVERGED = 1e-6
SMOOTH = 0.5
"""Pseudo-count of every level, so that no weight is infinite."""
RANDOM_PAIRS = 200_000
LEAST = 1e-9
START_SHARE = 0.1
START_MATCH = 0.8
"""Share of matches in a field's best level at the start; each further level has a part of it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record as the comparisons need it."""

    names: tuple[tuple[str, ...], ...]
    dob: str
    years: tuple[int, int] | None
    sex: str
    countries: frozenset[str]
    place: str
    phones: frozenset[str]
    documents: frozenset[str]
    mother: str
    father: str
    address: str


@dataclass(frozen=True, slots=True)
class Mixture:
    """What EM found: the share of matches, and m and u of every level of every field."""

    share: float
    m: list[Floats]
    u: list[Floats]


def prepare(record: Record) -> Prepared:
    """Names as sorted ASCII words, the rest in plain text."""
    return Prepared(
        tuple(tuple(sorted(found)) for name in record["names"] if (found := words(name))),
        full_date(record),
        years(record),
        record["sex"] if record["sex"] in {"F", "M", "X"} else "",
        frozenset(record["nationalities"] + record["countries_of_birth"]),
        plain(record["place_of_birth"]),
        frozenset(record["phones"]),
        frozenset(record["documents"]),
        plain(record["mother"]),
        plain(record["father"]),
        plain(" ".join((record["street"], record["postcode"], record["city"]))),
    )


def name_level(left: Prepared, right: Prepared) -> int:
    """0 the same words, to 6 nothing alike; the best of all names."""
    if not left.names or not right.names:
        return UNKNOWN
    return min(_one_name(one, other) for one in left.names for other in right.names)


def _one_name(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    if one == other:
        return 0
    first, second = " ".join(one), " ".join(other)
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    alike = [max(JaroWinkler.similarity(word, found) for found in many) for word in few]
    close = sum(value >= 0.9 for value in alike)  # noqa: PLR2004
    ratio = fuzz.WRatio(first, second)
    tests = (
        JaroWinkler.similarity(first, second) >= 0.95,  # noqa: PLR2004
        close >= 2 and close == len(few),  # noqa: PLR2004
        sum(value >= 0.8 for value in alike) == len(few) and len(few) > 1,  # noqa: PLR2004
        close >= 1 and ratio >= 80,  # noqa: PLR2004
        close >= 1 or ratio >= 80,  # noqa: PLR2004
    )
    return next((level for level, held in enumerate(tests, 1) if held), 6)


def birth_level(left: Prepared, right: Prepared) -> int:
    """0 the same day, to 7 years apart; 1 January is a placeholder."""
    if not left.years or not right.years:
        return UNKNOWN
    one, other = left.dob, right.dob
    vague = not one or not other or one.endswith("-01-01") or other.endswith("-01-01")
    apart = max(left.years[0] - right.years[1], right.years[0] - left.years[1])
    tests = (
        bool(one) and one == other and not vague,
        bool(one) and one == other,
        bool(one and other) and one == f"{other[:4]}-{other[8:]}-{other[5:7]}",
        not vague and DamerauLevenshtein.distance(one, other) == 1,
        vague and apart <= 0,
        not vague and (one[:7] == other[:7] or one[4:] == other[4:]),
        apart <= 1,
    )
    return next((level for level, held in enumerate(tests) if held), 7)


def _text_level(left: str, right: str) -> int:
    if not left or not right:
        return UNKNOWN
    if left == right:
        return 0
    return 1 if JaroWinkler.similarity(left, right) >= 0.88 else 2  # noqa: PLR2004


def _shared(left: frozenset[str], right: frozenset[str]) -> int:
    return UNKNOWN if not left or not right else int(not left & right)


FIELDS: tuple[tuple[int, Callable[[Prepared, Prepared], int]], ...] = (
    (7, name_level),
    (8, birth_level),
    (3, lambda left, right: _text_level(left.sex, right.sex)),
    (2, lambda left, right: _shared(left.countries, right.countries)),
    (3, lambda left, right: _text_level(left.place, right.place)),
    (2, lambda left, right: _shared(left.phones, right.phones)),
    (2, lambda left, right: _shared(left.documents, right.documents)),
    (3, lambda left, right: _text_level(left.mother, right.mother)),
    (3, lambda left, right: _text_level(left.father, right.father)),
    (3, lambda left, right: _text_level(left.address, right.address)),
)
"""Each field with its number of levels."""
ANCHORS = (0, 1)
"""Name and birth: pairs that agree on one of them teach the other fields."""


def expect_maximise(levels: Levels, sizes: list[int], u: list[Floats] | None = None) -> Mixture:
    """Fit matches and others to levels (pairs by fields); u is fitted too unless it is given."""
    patterns, counts = np.unique(levels, axis=0, return_counts=True)
    share = START_SHARE
    m = [_start(size) for size in sizes]
    fitted = u if u is not None else [found[::-1].copy() for found in m]
    for _ in range(ROUNDS):
        odds = share / (1 - share) * np.exp2(_weights(patterns, m, fitted))
        match = counts * odds / (1 + odds)
        other = counts - match
        before, share = share, float(np.clip(match.sum() / counts.sum(), LEAST, 1 - LEAST))
        m = [_frequencies(patterns[:, i], match, size) for i, size in enumerate(sizes)]
        if u is None:
            fitted = [_frequencies(patterns[:, i], other, size) for i, size in enumerate(sizes)]
        if abs(share - before) < CONVERGED * share:
            break
    return Mixture(share, m, fitted)


def train(levels: Levels, chance: Levels, sizes: list[int], possible: float) -> Mixture:
    """Fit u to random pairs, and m to the pairs that agree on an anchor, without that anchor.

    The pairs to score were blocked, so that a mixture fitted to them all would find the blocks
    again. The share of matches among all possible pairs is what agrees on both anchors, by the
    share of matches that do.
    """
    u = [_frequencies(chance[:, i], np.ones(len(chance)), size) for i, size in enumerate(sizes)]
    sums = [np.zeros(size) for size in sizes]
    times = np.zeros(len(sizes))
    for anchor in ANCHORS:
        agreed = levels[levels[:, anchor] == 0].copy()
        if not len(agreed):
            continue
        agreed[:, anchor] = UNKNOWN
        for field, found in enumerate(expect_maximise(agreed, sizes, u).m):
            if field != anchor:
                sums[field] += found
                times[field] += 1
    m = [
        total / count if count else _start(size)
        for total, count, size in zip(sums, times, sizes, strict=True)
    ]
    both = int((levels[:, list(ANCHORS)] == 0).all(axis=1).sum())
    expected = both / float(np.prod([m[anchor][0] for anchor in ANCHORS]))
    return Mixture(float(np.clip(expected / possible, LEAST, 1 - LEAST)), m, u)


def match_weights(levels: Levels, found: Mixture) -> Floats:
    """Base-two logarithm of the odds of a match."""
    prior = float(np.log2(found.share / (1 - found.share)))
    return prior + _weights(levels, found.m, found.u)


def _start(size: int) -> Floats:
    steps = START_MATCH * (1 - START_MATCH) ** np.arange(size, dtype=np.float64)
    return np.asarray(steps / steps.sum(), dtype=np.float64)


def _frequencies(levels: Levels, counts: Floats, size: int) -> Floats:
    known = levels >= 0
    sums = np.bincount(levels[known], weights=counts[known], minlength=size) + SMOOTH
    return np.asarray(sums / sums.sum(), dtype=np.float64)


def _weights(levels: Levels, m: list[Floats], u: list[Floats]) -> Floats:
    total = np.zeros(len(levels))
    for index, (matches, others) in enumerate(zip(m, u, strict=True)):
        ratios = np.append(np.log2(matches / others), 0.0)  # the last, so -1, is UNKNOWN
        total += ratios[levels[:, index]]
    return total


def score(records: list[Record], pairs: list[Pair], seed: int) -> Scored:
    """Match weights of the pairs."""
    known = {record["id"]: prepare(record) for record in records}
    draw = np.random.default_rng(seed).integers(len(records), size=(RANDOM_PAIRS, 2))
    others = [(records[i]["id"], records[j]["id"]) for i, j in draw if i != j]
    levels, chance = _levels(known, pairs), _levels(known, others)
    possible = max(1.0, len(records) * (len(records) - 1) / 2)
    found = train(levels, chance, [size for size, _ in FIELDS], possible)
    return Scored(
        version("rapidfuzz"),
        THRESHOLD,
        [float(value) for value in match_weights(levels, found)],
        f"{len(FIELDS)} fields in levels on ASCII words; u from random pairs, m by EM on the "
        "pairs of the same name and on those of the same birthday",
    )


def _levels(known: dict[str, Prepared], pairs: list[Pair]) -> Levels:
    found = [[level(known[left], known[right]) for _, level in FIELDS] for left, right in pairs]
    return np.array(found, dtype=np.int64).reshape(len(pairs), len(FIELDS))
