"""From a record to assessed candidates: index, authoritative rows, assessment, order.

The one path that registration, search and partner queries share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlmodel import Session

from matching.evidence import Assessment
from matching.names.folding import fold
from matching.names.tokens import tokenize
from matching.profile import Profile, TermFrequencies
from matching.record import PersonRecord
from matching.scorer import assess
from service.cases.repository import matching_records
from service.index.base import CandidateIndex, Scope

IndexFactory = Callable[[Session], CandidateIndex]
"""Opens the candidate index inside a session's transaction."""


@dataclass(frozen=True, slots=True)
class AssessedCase:
    """A candidate with its assessment; the query is the left side."""

    case_id: int
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class AssessedCandidates:
    """Best first; `cut` says that the index stopped before it had seen all."""

    items: tuple[AssessedCase, ...]
    considered: int
    cut: bool
    generation: str


class Linkage:
    """Matching as the service uses it: one profile, one kind of index."""

    def __init__(self, profile: Profile, open_index: IndexFactory) -> None:
        self.profile = profile
        self.open_index = open_index

    def find(
        self, session: Session, query: PersonRecord, *, scope: Scope, limit: int
    ) -> AssessedCandidates:
        """Candidates of a record, assessed and ordered.

        Args:
            session: The transaction to read in.
            query: The record to find others for.
            scope: What the index may offer.
            limit: Candidates to score.

        Raises:
            IndexUnavailable: If the index does not answer.
            IndexNotReady: If it is not built.
        """
        index = self.open_index(session)
        found = index.candidates(query, scope, limit)
        assessed = self.compare(session, query, [item.case_id for item in found.items])
        return AssessedCandidates(assessed, found.considered, found.cut, index.generation().name)

    def compare(
        self, session: Session, query: PersonRecord, case_ids: Collection[int]
    ) -> tuple[AssessedCase, ...]:
        """A record against given cases, best first.

        Raises:
            IndexUnavailable: If the index, which knows how common names are, does not answer.
        """
        records = matching_records(session, case_ids)
        tokens = record_tokens([query, *records.values()])
        frequencies = self.open_index(session).frequencies(tokens)
        assessed = [
            AssessedCase(case_id, self.assess(query, record, frequencies))
            for case_id, record in records.items()
        ]
        # Ties by id: the same question gets the same order every time.
        assessed.sort(key=lambda item: (-item.assessment.match_weight, item.case_id))
        return tuple(assessed)

    def assess(
        self, left: PersonRecord, right: PersonRecord, frequencies: TermFrequencies
    ) -> Assessment:
        """One pair under the service's profile."""
        return assess(left, right, self.profile, frequencies)


def record_tokens(records: Iterable[PersonRecord]) -> set[str]:
    """Folded tokens of all names of several records, to ask for their frequencies."""
    return {
        fold(token) for record in records for name in record.names for token in tokenize(name.text)
    }
