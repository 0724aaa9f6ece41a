"""Compare many cases with the collection at once, for imports and the demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

CANDIDATES = 50
"""Candidates scored for each case of an import; the true partner is rarely below the tenth."""
PROGRESS_EVERY = 200


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
    records = matching_records(work.session, cases.open_ids())
    index = MemoryIndex()
    index.upsert([index_entry(case_id, record) for case_id, record in records.items()])
    frequencies = linkage.open_index(work.session).frequencies(record_tokens(records.values()))
    pairs: dict[tuple[int, int], AssessedCase] = {}
    for done, case_id in enumerate(ids, 1):
        if case_id in records:
            for item in _candidates(linkage, index, records, case_id, frequencies):
                pairs.setdefault((case_id, item.case_id), item)
        if done % PROGRESS_EVERY == 0 or done == len(ids):
            progress("matching", done, len(ids))
    return _store(work, linkage, pairs)


def _candidates(
    linkage: Linkage,
    index: MemoryIndex,
    records: dict[int, PersonRecord],
    case_id: int,
    frequencies: TermFrequencies,
) -> list[AssessedCase]:
    scope = Scope(exclude=frozenset({case_id}))
    found = index.candidates(records[case_id], scope, CANDIDATES)
    assessed = (
        AssessedCase(
            item.case_id, linkage.assess(records[case_id], records[item.case_id], frequencies)
        )
        for item in found.items
    )
    return [item for item in assessed if item.assessment.band in ALERTING]


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
        if (right, left) in pairs and right < left:
            continue
        alert = raise_pair(work, known, (cases[left], cases[right]), item.assessment)
        if alert is not None:
            alert.profile_id = linkage.profile.id
            alert.index_generation = generation
            work.session.add(alert)
            raised += 1
    work.session.flush()
    return raised
