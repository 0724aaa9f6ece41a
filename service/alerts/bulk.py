"""Compare shares of cases with the collection: whole in memory, or through the index.

Both score all candidates of a share over arrays and explain the likely ones only.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Engine
from sqlmodel import Session

from matching.bulk.scorer import RecordTable
from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import index_entry
from matching.retrieval.ranking import grown
from service.alerts.models import Alert
from service.alerts.operations import ALERTING, pair_digests, raise_pair
from service.alerts.repository import AlertRepository
from service.alerts.schemas import WAITING
from service.cases.operations import is_open
from service.cases.records.repository import digests_of_open, matching_records
from service.cases.repository import CaseRepository
from service.cases.summaries.repository import CaseSummary
from service.index.base import CandidateIndex, Scope
from service.index.memory import MemoryIndex
from service.linkage import ROUNDING, AssessedCase, Linkage, record_tokens
from service.store.engine import for_reading
from service.store.unit_of_work import UnitOfWork

CANDIDATES = 20
"""Candidates of each case of an import among 20,000; the true partner is rarely below the tenth."""
CANDIDATES_AT_CASES = 20_000
"""In a larger collection they grow with its square root, as those of a search do."""
LEAST_RETRIEVAL_BITS = 7.0
"""Candidates below this are not scored; on train seed 3 it kept 98.8 % of the pairs retrieved."""
AT_CASES = 5_000
"""The size at which that was measured: the information of a name grows with log2 of the size."""

Pairs = dict[tuple[int, int], AssessedCase]
"""Likely links by internal ids of the case asked for and of the other."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing a share gave.

    Attributes:
        case_ids: The cases of the share.
        pairs: Their likely links.
        digests: Content digests of the cases in these links, as they were compared.
        unseen: Those of the cases for which the index could not meet every other; they
            are still to be compared.
        lagging: How many of these for changes that were not carried to it yet.
    """

    case_ids: Sequence[int]
    pairs: Pairs
    digests: Mapping[int, str]
    unseen: frozenset[int] = frozenset()
    lagging: int = 0


@dataclass(frozen=True, slots=True)
class _Scores:
    """Records laid out for scoring, with the rows they have there."""

    linkage: Linkage
    records: Mapping[int, PersonRecord]
    frequencies: TermFrequencies
    rows: Mapping[int, int]
    table: RecordTable

    @classmethod
    def of(
        cls, linkage: Linkage, records: Mapping[int, PersonRecord], frequencies: TermFrequencies
    ) -> _Scores:
        table = RecordTable(list(records.values()), linkage.profile, frequencies)
        rows = {case_id: row for row, case_id in enumerate(records)}
        return cls(linkage, records, frequencies, rows, table)

    def likely(self, candidates: Sequence[tuple[int, int]]) -> Pairs:
        """Those of the pairs that a person should look at, explained."""
        left = np.array([self.rows[one] for one, _ in candidates], dtype=np.int64)
        right = np.array([self.rows[other] for _, other in candidates], dtype=np.int64)
        bits = self.table.match_weights(left, right)
        lowest = self.linkage.lowest(ALERTING)
        pairs: Pairs = {}
        for place in np.flatnonzero(bits >= lowest - ROUNDING).tolist():
            one, other = candidates[place]
            ones, others = self.records[one], self.records[other]
            assessment = self.linkage.assess(ones, others, self.frequencies)
            if assessment.band in ALERTING and (other, one) not in pairs:
                pairs[one, other] = AssessedCase(other, assessment)
        return pairs


@dataclass(frozen=True, slots=True)
class InMemory:
    """Compares with a collection that was read and indexed once; for small ones."""

    digests: Mapping[int, str]
    index: MemoryIndex
    scores: _Scores
    generation: str

    @classmethod
    def read(cls, session: Session, linkage: Linkage) -> InMemory:
        """Read all open cases; the session only reads."""
        digests = digests_of_open(session)
        records = matching_records(session, digests)
        index = MemoryIndex()
        index.upsert(index_entry(case_id, record) for case_id, record in records.items())
        stored = linkage.open_index(session)
        frequencies = stored.frequencies(record_tokens(records.values()))
        scores = _Scores.of(linkage, records, frequencies)
        return cls(digests, index, scores, stored.generation().name)

    def __call__(self, case_ids: Sequence[int]) -> Compared:
        """Compare a share; touches no database."""
        records = self.scores.records
        known = {case_id: records[case_id] for case_id in case_ids if case_id in records}
        candidates, _, _ = _candidates(self.index, known, len(records))
        pairs = self.scores.likely(candidates)
        # What was stored after the collection was read stays in the queue.
        return _compared(list(known), pairs, self.digests)


@dataclass(frozen=True, slots=True)
class ThroughIndex:
    """Compares through the index everybody uses; memory does not grow with the collection."""

    engine: Engine
    linkage: Linkage
    generation: str
    parent: int

    @classmethod
    def open(cls, engine: Engine, linkage: Linkage) -> ThroughIndex:
        """Made in the parent; forked processes open connections of their own."""
        with Session(for_reading(engine)) as session:
            generation = linkage.open_index(session).generation().name
        return cls(engine, linkage, generation, os.getpid())

    def __call__(self, case_ids: Sequence[int]) -> Compared:
        """Compare a share in a transaction that only reads."""
        if os.getpid() != self.parent:
            # The parent's connections came along with the fork and stay untouched.
            self.engine.dispose(close=False)
        with Session(for_reading(self.engine)) as session:
            return self._compare(session, case_ids)

    def _compare(self, session: Session, case_ids: Sequence[int]) -> Compared:
        index = self.linkage.open_index(session)
        digests = digests_of_open(session, case_ids)
        records = matching_records(session, digests)
        candidates, unseen, lagging = _candidates(index, records, index.frequencies([]).total)
        digests |= digests_of_open(session, {other for _, other in candidates} - digests.keys())
        candidates = [pair for pair in candidates if pair[1] in digests]
        missing = {other for _, other in candidates} - records.keys()
        records |= matching_records(session, missing)
        frequencies = index.frequencies(record_tokens(records.values()))
        scores = _Scores.of(self.linkage, records, frequencies)
        compared = _compared(case_ids, scores.likely(candidates), digests)
        return replace(compared, unseen=unseen, lagging=lagging)


Comparer = InMemory | ThroughIndex


def _candidates(
    index: CandidateIndex, records: Mapping[int, PersonRecord], collection: int
) -> tuple[list[tuple[int, int]], frozenset[int], int]:
    """Pairs worth scoring, the cases that could not meet every other, and how many for lag."""
    least = LEAST_RETRIEVAL_BITS + math.log2(max(collection, AT_CASES) / AT_CASES)
    wanted = max(CANDIDATES, grown(CANDIDATES, CANDIDATES_AT_CASES, collection))
    pairs: list[tuple[int, int]] = []
    unseen: set[int] = set()
    lagging = 0
    for case_id, record in records.items():
        found = index.candidates(record, Scope(exclude=frozenset({case_id})), wanted)
        pairs.extend((case_id, item.case_id) for item in found.items if item.score >= least)
        if not found.complete:
            unseen.add(case_id)
            lagging += found.lags
    return pairs, frozenset(unseen), lagging


def _compared(case_ids: Sequence[int], pairs: Pairs, digests: Mapping[int, str]) -> Compared:
    involved = {case_id for pair in pairs for case_id in pair}
    return Compared(case_ids, pairs, {case_id: digests[case_id] for case_id in sorted(involved)})


def store_links(
    work: UnitOfWork, linkage: Linkage, compared: Compared, generation: str
) -> list[Alert]:
    """Raise the alerts of compared pairs.

    A case that was changed or closed since it was compared is left out: its own change
    compared it again. A pair that was told from its other side is told already.

    Returns:
        The alerts that are new or open again.
    """
    involved = set(compared.digests)
    cases = {
        case_id: found.case
        for case_id, found in CaseRepository(work.session, work.actor).summaries(involved).items()
        if is_open(found.case) and found.case.content_digest == compared.digests[case_id]
    }
    known = AlertRepository(work.session, work.actor).by_pairs(involved)
    raised = []
    for (left, right), item in compared.pairs.items():
        if left not in cases or right not in cases:
            continue
        if _is_told(known.get((min(left, right), max(left, right))), cases, linkage):
            continue
        alert = raise_pair(work, known, (cases[left], cases[right]), item.assessment)
        if alert is not None:
            alert.profile_id = linkage.profile.id
            alert.index_generation = generation
            work.session.add(alert)
            raised.append(alert)
    work.session.flush()
    return raised


def _is_told(alert: Alert | None, cases: Mapping[int, CaseSummary], linkage: Linkage) -> bool:
    """Whether an alert waits that the same claims and the same profile gave."""
    return (
        alert is not None
        and alert.status in WAITING
        and alert.profile_id == linkage.profile.id
        and alert.digests == pair_digests(cases[alert.left_id], cases[alert.right_id])
    )
