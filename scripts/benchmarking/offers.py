"""The pairs that retrieval offers for a labelled set: the same blocks for every tool."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.profile import Profile, TermFrequencies, load_profile
from matching.record import PersonRecord
from matching.retrieval import index_entry
from scripts.benchmarking.sets import Labelled
from service.index.base import Scope
from service.index.memory import MemoryIndex
from service.linkage import record_tokens

CANDIDATES = 30
"""Offered for each record; a pair counts when either side offers it."""

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Offered:
    """Pairs of records with their truth.

    Attributes:
        ids: Record ids in order.
        records: In the same order.
        left: Place of the left record of each pair.
        right: Place of the right one.
        matches: Whether each pair is one person.
        total: True pairs in all, those included that nothing offers.
        ranks: Rank of each true partner among the candidates, from either side; None when lost.
        frequencies: How common name parts are in the set.
        profile: That EMPD scores with.
    """

    ids: list[str]
    records: list[PersonRecord]
    left: IntArray
    right: IntArray
    matches: BoolArray
    total: int
    ranks: list[int | None]
    frequencies: TermFrequencies
    profile: Profile


def offer(
    labelled: Labelled, profile: Profile | None = None, candidates: int = CANDIDATES
) -> Offered:
    """Ask the index for every record."""
    ids = sorted(labelled.records)
    records = [labelled.records[name] for name in ids]
    place = {name: number for number, name in enumerate(ids)}
    true = {tuple(sorted((place[one], place[other]))) for one, other in labelled.pairs}
    partners: dict[int, set[int]] = {}
    for one, other in true:
        partners.setdefault(one, set()).add(other)
        partners.setdefault(other, set()).add(one)
    index = MemoryIndex()
    index.upsert(index_entry(number, record) for number, record in enumerate(records))
    pairs: set[tuple[int, int]] = set()
    ranks: list[int | None] = []
    for number, record in enumerate(records):
        scope = Scope(kinds=_kinds(labelled, record), exclude=frozenset({number}))
        found = [item.case_id for item in index.candidates(record, scope, candidates).items]
        pairs.update((min(number, other), max(number, other)) for other in found)
        rank = {other: at for at, other in enumerate(found)}
        ranks.extend(rank.get(partner) for partner in sorted(partners.get(number, ())))
    array = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    matches = np.array([tuple(pair) in true for pair in array.tolist()], dtype=bool)
    frequencies = index.frequencies(record_tokens(records))
    return Offered(
        ids,
        records,
        array[:, 0],
        array[:, 1],
        matches,
        len(true),
        ranks,
        frequencies,
        profile or load_profile(),
    )


def _kinds(labelled: Labelled, record: PersonRecord) -> frozenset[str]:
    """Where only two sides are linked, the other side."""
    if not labelled.linked_sides:
        return frozenset()
    return frozenset({"encountered" if record.kind == "missing" else "missing"})
