"""From a record to ranked candidates: index, records, match weights, explanations where shown.

The one path that registration, search and partner queries share. All candidates are scored
over arrays; `assess`, which explains a pair, costs ten times as much and runs for those that
are shown or raised only. Both give the same match weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sqlmodel import Session

from matching.bulk.against import Against
from matching.bulk.lines import Lines
from matching.evidence import Assessment, Band
from matching.names.folding import fold
from matching.names.tokens import tokenize
from matching.profile import Profile, TermFrequencies
from matching.record import Person, PersonRecord
from matching.retrieval import candidates_wanted
from matching.scorer import assess
from service.cases.records.repository import stored_lines, stored_persons
from service.index.base import Candidate, CandidateIndex, Candidates, Scope

IndexFactory = Callable[[Session], CandidateIndex]
"""Opens the candidate index inside a session's transaction."""
ROUNDING_DIGITS = 6
ROUNDING = 10.0**-ROUNDING_DIGITS
"""Bits by which the two ways of adding up may differ: closer ones count as equal."""


@dataclass(frozen=True, slots=True)
class AssessedCase:
    """A candidate with its assessment; the query is the left side."""

    case_id: int
    assessment: Assessment


class RankedCase(NamedTuple):
    """A candidate with its match weight in bits."""

    case_id: int
    match_weight: float


@dataclass(frozen=True, slots=True)
class AssessedCandidates:
    """Best first; `cut` says that the index stopped before it had seen all."""

    items: tuple[AssessedCase, ...]
    considered: int
    cut: bool
    generation: str


class _Records:
    """The matching records of candidates, read from the store no sooner than asked for.

    Attributes:
        ids: Internal ids of those that are there, rising.
        lines: What of them is compared with most others, in the order of the ids.
    """

    def __init__(self, session: Session, index: CandidateIndex, case_ids: Iterable[int]) -> None:
        self._session = session
        self._whole: dict[int, Person] = {}
        self.ids = sorted(case_ids)
        held = index.lines(self.ids)
        if held is None:
            stored = stored_lines(session, self.ids)
            self.ids, held = list(stored), Lines.read(list(stored.values()))
        self.lines = held

    def at(self, places: Iterable[int]) -> list[Person]:
        """Those at some places among the ids, in the order asked for."""
        wanted = [self.ids[place] for place in places]
        found = self.some(wanted)
        return [found[case_id] for case_id in wanted]

    def some(self, case_ids: Iterable[int]) -> dict[int, Person]:
        """Some by id, in the order asked for."""
        wanted = list(case_ids)
        missing = [case_id for case_id in wanted if case_id not in self._whole]
        if missing:
            self._whole |= stored_persons(self._session, missing)
        return {case_id: self._whole[case_id] for case_id in wanted}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scored candidates of a record, best first, and what it takes to explain them.

    Attributes:
        items: Every candidate that reaches the match weight asked for, with its own; ties by
            id, so that the same question gets the same order every time.
        found: What the index said of them.
        generation: Of the index.
    """

    items: tuple[RankedCase, ...]
    found: Candidates
    generation: str
    query: PersonRecord
    records: _Records
    frequencies: TermFrequencies
    profile: Profile

    def at_least(self, bits: float) -> list[int]:
        """The candidates that reach a match weight, or may but for rounding."""
        return [item.case_id for item in self.items if item.match_weight >= bits - ROUNDING]

    def explain(self, case_ids: Iterable[int]) -> tuple[AssessedCase, ...]:
        """Some of the candidates with evidence, best first."""
        assessed = [
            AssessedCase(case_id, assess(self.query, record, self.profile, self.frequencies))
            for case_id, record in self.records.some(case_ids).items()
        ]
        assessed.sort(key=lambda item: (-item.assessment.match_weight, item.case_id))
        return tuple(assessed)


class Linkage:
    """Matching as the service uses it: one profile, one kind of index."""

    def __init__(self, profile: Profile, open_index: IndexFactory) -> None:
        self.profile = profile
        self.open_index = open_index

    def rank(  # noqa: PLR0913 - what a question is made of
        self,
        session: Session,
        query: PersonRecord,
        *,
        scope: Scope,
        limit: int,
        times: int = 1,
        least_bits: float = -math.inf,
    ) -> Ranking:
        """Candidates of a record, scored and ordered.

        Args:
            session: The transaction to read in.
            query: The record to find others for.
            scope: What the index may offer.
            limit: Candidates to score at least; more in a large collection.
            times: How many times as many, where some are discarded afterwards.
            least_bits: Candidates that do not reach it are not told of, and cost less.

        Raises:
            IndexUnavailable: If the index does not answer.
            IndexNotReady: If it is not built.
        """
        index = self.open_index(session)
        wanted = times * max(limit, candidates_wanted(index.frequencies(()).total))
        found = index.candidates(query, scope, wanted)
        return self._rank(session, index, query, found, least_bits)

    def rank_cases(
        self,
        session: Session,
        query: PersonRecord,
        case_ids: Collection[int],
        *,
        least_bits: float = -math.inf,
    ) -> Ranking:
        """A record against given cases, scored and ordered.

        Raises:
            IndexUnavailable: If the index, which knows how common names are, does not answer.
        """
        given = Candidates(tuple(Candidate(i, 0.0) for i in case_ids), len(case_ids), cut=False)
        return self._rank(session, self.open_index(session), query, given, least_bits)

    def _rank(
        self,
        session: Session,
        index: CandidateIndex,
        query: PersonRecord,
        found: Candidates,
        least_bits: float,
    ) -> Ranking:
        records = _Records(session, index, (item.case_id for item in found.items))
        comparison = Against(query, records.lines, records.at, self.profile)
        least = least_bits - ROUNDING
        known: dict[str, int] = {}

        def frequencies_of(tokens: Collection[str]) -> TermFrequencies:
            found = index.frequencies(tokens)
            known.update(found.counts)
            return found

        bits = comparison.match_weights(frequencies_of, least=least).round(ROUNDING_DIGITS)
        # The sort is stable and ids rise: ties stay by id.
        order = np.argsort(-bits, kind="stable")
        order = order[bits[order] >= least]
        ids = [records.ids[place] for place in order.tolist()]
        ranked = map(RankedCase._make, zip(ids, bits[order].tolist(), strict=True))
        return Ranking(
            tuple(ranked),
            found,
            index.generation().name,
            query,
            records,
            TermFrequencies(index.frequencies(()).total, known),
            self.profile,
        )

    def find(
        self,
        session: Session,
        query: PersonRecord,
        *,
        scope: Scope,
        limit: int,
        least_bits: float = -math.inf,
    ) -> AssessedCandidates:
        """Candidates of a record that reach a match weight, with evidence, best first.

        Raises:
            IndexUnavailable: If the index does not answer.
            IndexNotReady: If it is not built.
        """
        ranking = self.rank(session, query, scope=scope, limit=limit, least_bits=least_bits)
        explained = ranking.explain(ranking.at_least(least_bits))
        found = ranking.found
        return AssessedCandidates(explained, found.considered, found.cut, ranking.generation)

    def lowest(self, bands: Collection[Band]) -> float:
        """The least match weight of the lowest of some bands."""
        return min(self.profile.bands[band] for band in bands)

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
