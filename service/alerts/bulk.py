"""Compare many cases with the collection at once, for imports and the demo."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from matching.bulk.scorer import RecordTable
from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import index_entry
from service.alerts.models import Alert
from service.alerts.operations import ALERTING, raise_pair
from service.alerts.repository import AlertRepository
from service.cases.operations import is_open
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
ROUNDING = 1e-6
"""Bits by which the two ways of adding up may differ."""
SHARE = 250
"""Cases that one process compares before it reports."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    """All that comparing needs, so that a forked process finds it in its memory."""

    linkage: Linkage
    index: MemoryIndex
    records: dict[int, PersonRecord]
    rows: dict[int, int]
    table: RecordTable
    frequencies: TermFrequencies
    least_bits: float

    def of(self, case_ids: Sequence[int]) -> _Found:
        """Possible links of cases: all candidates scored over arrays, the likely ones explained."""
        known = [case_id for case_id in case_ids if case_id in self.records]
        pairs = [(case_id, other) for case_id in known for other in self._candidates(case_id)]
        left = np.array([self.rows[one] for one, _ in pairs], dtype=np.int64)
        right = np.array([self.rows[other] for _, other in pairs], dtype=np.int64)
        bits = self.table.match_weights(left, right)
        found: dict[int, list[AssessedCase]] = {case_id: [] for case_id in case_ids}
        for place in np.flatnonzero(bits >= self._lowest() - ROUNDING).tolist():
            case_id, other = pairs[place]
            ones, others = self.records[case_id], self.records[other]
            assessment = self.linkage.assess(ones, others, self.frequencies)
            if assessment.band in ALERTING:
                found[case_id].append(AssessedCase(other, assessment))
        return list(found.items())

    def _candidates(self, case_id: int) -> list[int]:
        scope = Scope(exclude=frozenset({case_id}))
        found = self.index.candidates(self.records[case_id], scope, CANDIDATES)
        return [item.case_id for item in found.items if item.score >= self.least_bits]

    def _lowest(self) -> float:
        return min(self.linkage.profile.bands[band] for band in ALERTING)


_forked: list[_Comparison] = []
"""Set before processes are forked, and emptied afterwards."""

_Found = list[tuple[int, list[AssessedCase]]]


def _compare_share(case_ids: Sequence[int]) -> _Found:
    return _forked[0].of(case_ids)


@dataclass(frozen=True, slots=True)
class Collection:
    """The open cases as they were when comparing began."""

    digests: dict[int, str]
    comparison: _Comparison
    generation: str


def read_collection(session: Session, linkage: Linkage, digests: dict[int, str]) -> Collection:
    """Read all open cases once and index them in memory.

    For thousands of cases that is far cheaper than asking the store for each.

    Args:
        session: A session that only reads.
        linkage: Matching.
        digests: Content digests of the open cases by internal id.
    """
    records = matching_records(session, digests)
    index = MemoryIndex()
    index.upsert(index_entry(case_id, record) for case_id, record in records.items())
    stored = linkage.open_index(session)
    frequencies = stored.frequencies(record_tokens(records.values()))
    least_bits = LEAST_RETRIEVAL_BITS + math.log2(max(len(records), AT_CASES) / AT_CASES)
    rows = {case_id: row for row, case_id in enumerate(records)}
    table = RecordTable(list(records.values()), linkage.profile, frequencies)
    comparison = _Comparison(linkage, index, records, rows, table, frequencies, least_bits)
    return Collection(digests, comparison, stored.generation().name)


def compare_cases(
    collection: Collection, ids: Sequence[int], progress: Callable[[str, int, int | None], None]
) -> dict[tuple[int, int], AssessedCase]:
    """Compare cases with the collection; touches no database.

    Args:
        collection: What to compare with.
        ids: Internal ids of the cases to compare.
        progress: Told how many are done.

    Returns:
        The likely pairs: internal ids of the query and of the other, with the assessment.
    """
    pairs: dict[tuple[int, int], AssessedCase] = {}
    done = 0
    for found in _compare_all(collection.comparison, ids):
        for case_id, items in found:
            for item in items:
                if (item.case_id, case_id) not in pairs:
                    pairs[case_id, item.case_id] = item
        done += len(found)
        progress("matching", done, len(ids))
    return pairs


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


def store_links(
    work: UnitOfWork,
    linkage: Linkage,
    collection: Collection,
    pairs: Mapping[tuple[int, int], AssessedCase],
) -> list[Alert]:
    """Raise the alerts of compared pairs.

    A case that was changed or closed since the collection was read is left out: its
    own change compared it again.
    """
    involved = {case_id for pair in pairs for case_id in pair}
    cases = {
        case_id: found.case
        for case_id, found in CaseRepository(work.session, work.actor).by_ids(involved).items()
        if is_open(found.case) and found.case.content_digest == collection.digests[case_id]
    }
    known = AlertRepository(work.session, work.actor).by_pairs(involved)
    raised = []
    for (left, right), item in pairs.items():
        if left not in cases or right not in cases:
            continue
        alert = raise_pair(work, known, (cases[left], cases[right]), item.assessment)
        if alert is not None:
            alert.profile_id = linkage.profile.id
            alert.index_generation = collection.generation
            work.session.add(alert)
            raised.append(alert)
    work.session.flush()
    return raised
