"""Documents and queries of the Elasticsearch index: the bits of `matching.retrieval`, as clauses.

Elasticsearch adds the boosts of constant clauses. A group of terms of which the best
counts is a `dis_max`; attributes are added where they are known. A boost cannot be
negative: the bits of each attribute are raised by the least it can give.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.record import CaseKind
from matching.retrieval import IndexEntry, IndexQuery, TermGroup, exact_groups
from matching.retrieval.attributes import (
    FIRST_YEAR,
    Attributes,
    FloatArray,
    attribute_bits,
    kind_code,
    repack,
    unpack,
)
from service.index.base import Scope

LEVELS = 16
"""Weights of a group that are told apart: each is one clause; finer ones gain no recall."""
IGNORED_FROM = 8_000
"""Longer terms are not indexed: Lucene refuses more than 32,766 bytes."""
YEARS, MONTHS, INTERVALS = 256, 12, 15
"""Years, months and, above the months, codes of intervals that a packed integer can hold."""

SORT = ("y", "nat", "sex")
"""Order of the documents on disk: a query's year lies together, which halves its cost."""
_SEARCHED = {"type": "keyword", "doc_values": False, "ignore_above": IGNORED_FROM}
_SORTED = {"type": "keyword", "index": False}
_KEPT = {"type": "long", "index": False}
MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    # What verification compares; the rest follows from it.
    "_source": {"includes": ["t", "packed", "rid"]},
    "properties": {
        "t": _SEARCHED,
        "b": _SEARCHED,
        "y": _SORTED,
        "nat": _SORTED,
        "sex": _SORTED,
        "rid": _KEPT,
        "packed": _KEPT,
    },
}
"""`t` holds the terms of a case, `b` its attributes as terms, `rid` its id."""

Clause = dict[str, Any]


def document(entry: IndexEntry) -> dict[str, Any]:
    """What Elasticsearch stores of a case."""
    held = unpack(entry.packed)
    return {
        "t": list(entry.terms),
        "b": _attribute_terms(held),
        "y": str(held.year),
        "nat": str(held.nation),
        "sex": str(held.sex),
        "rid": entry.case_id,
        "packed": entry.packed,
    }


def entry_of(source: dict[str, Any]) -> IndexEntry:
    """The entry that a document was made from."""
    return IndexEntry(source["rid"], tuple(source["t"]), source["packed"])


def _attribute_terms(held: Attributes) -> list[str]:
    terms = [f"s{held.sex}", f"n{held.nation}", f"k{held.kind}"]
    if held.month > MONTHS:
        return [*terms, _cell(held.year, held.month)]
    terms.append(_year(held.year))
    if held.month:
        terms.append(_cell(held.year, held.month))
    if held.day:
        terms.append(_day(held.year, held.month, held.day))
        terms.append(_anniversary(held.month, held.day))
    return terms


def _year(year: int) -> str:
    return f"y{year}"


def _cell(year: int, month: int) -> str:
    """A month of a year, or an interval of years around one."""
    return f"m{year}{month:02d}"


def _day(year: int, month: int, day: int) -> str:
    return f"d{year}{month:02d}{day:02d}"


def _anniversary(month: int, day: int) -> str:
    return f"a{month:02d}{day:02d}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of a search, and by how much its scores are raised.

    Attributes:
        body: For `Elasticsearch.search`; None when nothing can be found.
        raised: Subtract it from a score to get bits.
    """

    body: dict[str, Any] | None
    raised: float


def search_body(query: IndexQuery, groups: Sequence[TermGroup], scope: Scope, size: int) -> Asked:
    """The search for a query.

    Args:
        query: What is asked.
        groups: Name parts as they may be written, with bits; of each group the best counts.
        scope: What may be offered.
        size: How many hits to return.
    """
    terms = [clause for group in groups if (clause := _best_of(_levels(group)))]
    terms += [_constant("t", exact, bits) for exact, bits in exact_groups(query)]
    if query.days:
        # A birthday brings cases in; what it is worth, the attributes say.
        terms.append(_constant("t", query.days, 0.0))
    if not terms:
        return Asked(None, 0.0)
    attributes, raised = _attribute_clauses(query)
    bool_query: Clause = {"must": [{"bool": {"should": terms}}], "should": attributes}
    if hidden := _hidden(scope):
        bool_query["must_not"] = hidden
    body = {
        "query": {"bool": bool_query},
        "size": size,
        # What a hit is sorted by comes back with it: score and id, and nothing else is fetched.
        "sort": [{"_score": "desc"}, {"rid": "asc"}],
        "stored_fields": "_none_",
        "source": False,
        "track_total_hits": False,
    }
    return Asked(body, raised)


def _hidden(scope: Scope) -> list[Clause]:
    """What a scope keeps out: to exclude is cheaper than to require."""
    found: list[Clause] = []
    if scope.kinds:
        others = [f"k{kind_code(kind.value)}" for kind in CaseKind if kind.value not in scope.kinds]
        if others:
            found.append({"terms": {"b": others}})
    if scope.exclude:
        found.append({"ids": {"values": [str(case_id) for case_id in sorted(scope.exclude)]}})
    return found


def _levels(group: TermGroup) -> dict[float, list[str]]:
    """The terms of a group by their bits, rounded to few levels."""
    levels: dict[float, list[str]] = defaultdict(list)
    if len(group.terms):
        step = float(group.bits.max()) / LEVELS
        for term, bits in zip(group.terms, group.bits.tolist(), strict=True):
            levels[max(1, round(bits / step)) * step].append(term)
    return levels


def _best_of(levels: dict[float, list[str]], field: str = "t") -> Clause | None:
    clauses = [_constant(field, terms, bits) for bits, terms in sorted(levels.items())]
    return {"dis_max": {"queries": clauses}} if len(clauses) > 1 else next(iter(clauses), None)


def _constant(field: str, terms: Iterable[str], bits: float) -> Clause:
    found = {"terms": {field: list(terms)}}
    return {"constant_score": {"filter": found, "boost": round(bits, 3)}}


def _attribute_clauses(query: IndexQuery) -> tuple[list[Clause], float]:
    """Clauses of birth, sex and nationality that add up, and by how much they are raised."""
    asked = unpack(query.packed)
    clauses, raised = [], 0.0
    for terms in (
        _birth_bits(asked) if asked.year else {},
        _code_bits("s", "sex", asked.sex),
        _code_bits("n", "nation", asked.nation),
    ):
        least = min(terms.values(), default=0.0)
        levels: dict[float, list[str]] = defaultdict(list)
        for term, bits in terms.items():
            if bits > least:
                levels[bits - least].append(term)
        if clause := _best_of(levels, "b"):
            clauses.append(clause)
            raised -= least
    return clauses, raised


def _birth_bits(asked: Attributes) -> dict[str, float]:
    """Bits of terms about birth; of several that a case holds the highest is right.

    Those that say the least stand for one another: one of them tells how little that is.
    """
    birth = repack(replace(asked, sex=0, nation=0, kind=0))
    held = np.arange((INTERVALS + 1) * YEARS, dtype=np.uint32)
    months = attribute_bits(birth, held).reshape(INTERVALS + 1, YEARS)
    of_year = months[: MONTHS + 1].min(axis=0)
    least = months[:, 1:].min()
    found = {_year(0): 0.0, _year(int(of_year[1:].argmin()) + 1 + FIRST_YEAR): float(least)}
    for year in (np.flatnonzero(of_year[1:] > least) + 1).tolist():
        found[_year(year + FIRST_YEAR)] = float(of_year[year])
    said = months > of_year
    said[MONTHS + 1 :] = months[MONTHS + 1 :] > least
    said[0] = said[:, 0] = False
    for month, year in np.argwhere(said).tolist():
        found[_cell(year + FIRST_YEAR, month)] = float(months[month, year])
    if asked.day:
        found |= _day_bits(asked, birth, months)
    return found


def _day_bits(asked: Attributes, birth: int, months: FloatArray) -> dict[str, float]:
    """What the day asked for says, and the one with day and month exchanged."""
    found = {}
    for month, day in {(asked.month, asked.day), (asked.day, asked.month)}:
        if month > MONTHS:
            continue
        rest = np.uint32(repack(Attributes(0, month, day, 0, 0, 0)))
        bits = attribute_bits(birth, np.arange(YEARS, dtype=np.uint32) | rest)
        found[_anniversary(month, day)] = least = float(bits[1:].min())
        more = np.flatnonzero(bits > np.maximum(least, months[month]))
        for year in more[more > 0].tolist():
            found[_day(year + FIRST_YEAR, month, day)] = float(bits[year])
    return found


def _code_bits(letter: str, attribute: str, code: int) -> dict[str, float]:
    """Bits of the same code and of none; all others give the least."""
    if not code:
        return {}
    unknown = Attributes(0, 0, 0, 0, 0, 0)
    other = 2 if code == 1 else 1
    packed = [repack(replace(unknown, **{attribute: each})) for each in (code, 0, other)]
    same, none, differs = _bits(packed[0], np.array(packed, dtype=np.uint32))
    return {f"{letter}{code}": same, f"{letter}0": none, f"{letter}{other}": differs}


def _bits(asked: int, packed: NDArray[np.uint32]) -> list[float]:
    found: list[float] = attribute_bits(asked, packed).tolist()
    return found
