"""Compare many cases with the collection at once, for imports and the demo."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import index_entry
from service.alerts.operations import ALERTING, raise_pair
from service.alerts.repository import AlertRepository
from service.cases.repository import CaseRepository, matching_records
from service.index.base import Scope
from service.index.memory import MemoryIndex
from service.linkage import AssessedCase, Linkage, record_tokens
from service.store.unit_of_work import UnitOfWork

CANDIDATES = 20
"""Candidates of each case of an import; the true partner is rarely below the tenth."""
LEAST_RETRIEVAL_BITS = 7.0
"""Candidates below this are not scored; on train seed 3 it kept 98.8 % of the pairs retrieved."""
AT_CASES = 5_000
"""The size at which that was measured: the information of a name grows with log2 of the size."""
SHARE = 250
"""Cases that one process compares before it reports."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    """All that comparing needs, so that a forked process finds it in its memory."""

    linkage: Linkage
    index: MemoryIndex
    records: dict[int, PersonRecord]
    frequencies: TermFrequencies
    least_bits: float

    def of(self, case_id: int) -> list[AssessedCase]:
        """Possible links of one case."""
        if case_id not in self.records:
            return []
        query = self.records[case_id]
        found = self.index.candidates(query, Scope(exclude=frozenset({case_id})), CANDIDATES)
        assessed = (
            AssessedCase(
                item.case_id,
                self.linkage.assess(query, self.records[item.case_id], self.frequencies),
            )
            for item in found.items
            if item.score >= self.least_bits
        )
        return [item for item in assessed if item.assessment.band in ALERTING]


_forked: list[_Comparison] = []
"""Set before processes are forked, and emptied afterwards."""

_Found = list[tuple[int, list[AssessedCase]]]


def _compare_share(case_ids: Sequence[int]) -> _Found:
    return [(case_id, _forked[0].of(case_id)) for case_id in case_ids]


def link_cases(
    work: UnitOfWork,
    linkage: Linkage,
    ids: Sequence[int],
    *,
    progress: Callable[[str, int, int | None], None],
) -> int:
    """Raise the possible links of many stored cases.

    The collection is read once and searched in memory, which for thousands of
    cases is far cheaper than asking the store for each.

    Args:
        work: The unit of work.
        linkage: Matching.
        ids: Internal ids of the cases to compare with the whole collection.
        progress: Told how many are done.

    Returns:
        How many alerts were raised.
    """
    cases = CaseRepository(work.session, work.actor)
    progress("reading", 0, None)
    records = matching_records(work.session, cases.open_ids())
    index = MemoryIndex()
    index.upsert(index_entry(case_id, record) for case_id, record in records.items())
    frequencies = linkage.open_index(work.session).frequencies(record_tokens(records.values()))
    least_bits = LEAST_RETRIEVAL_BITS + math.log2(max(len(records), AT_CASES) / AT_CASES)
    comparison = _Comparison(linkage, index, records, frequencies, least_bits)
    pairs: dict[tuple[int, int], AssessedCase] = {}
    done = 0
    for found in _compare_all(comparison, ids):
        for case_id, items in found:
            for item in items:
                if (item.case_id, case_id) not in pairs:
                    pairs[case_id, item.case_id] = item
        done += len(found)
        progress("matching", done, len(ids))
    return _store(work, linkage, pairs)


def _compare_all(comparison: _Comparison, ids: Sequence[int]) -> Iterator[_Found]:
    """Compare in as many processes as there are cores, or here where forking is not to be had."""
    shares = [ids[start : start + SHARE] for start in range(0, len(ids), SHARE)]
    processes = min(os.cpu_count() or 1, len(shares))
    _forked[:] = [comparison]
    try:
        if processes == 1 or "fork" not in multiprocessing.get_all_start_methods():
            yield from map(_compare_share, shares)
            return
        # Forked, not spawned: the collection need not be copied to the other process.
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            yield from pool.imap(_compare_share, shares)
    finally:
        _forked.clear()


def _store(work: UnitOfWork, linkage: Linkage, pairs: dict[tuple[int, int], AssessedCase]) -> int:
    involved = {case_id for pair in pairs for case_id in pair}
    cases = {
        case_id: found.case
        for case_id, found in CaseRepository(work.session, work.actor).by_ids(involved).items()
    }
    known = AlertRepository(work.session, work.actor).by_pairs(involved)
    generation = linkage.open_index(work.session).generation().name
    raised = 0
    for (left, right), item in pairs.items():
        alert = raise_pair(work, known, (cases[left], cases[right]), item.assessment)
        if alert is not None:
            alert.profile_id = linkage.profile.id
            alert.index_generation = generation
            work.session.add(alert)
            raised += 1
    work.session.flush()
    return raised
