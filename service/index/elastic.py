"""The index in Elasticsearch; the vocabulary and the list of changes stay in the store.

What a registration writes goes into the store's tables in its own transaction and from
there to Elasticsearch by the outbox, so no writer ever waits for it. A search asks
Elasticsearch, and reads what is not carried there yet from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import event
from sqlmodel import Session

from matching.bulk.lines import Lines
from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import IndexEntry, IndexQuery, TermGroup, exact_groups
from matching.retrieval.attributes import attribute_bits, kind_code, unpack
from service.clock import Clock, system_clock
from service.config import Settings
from service.errors import IndexNotReady, IndexUnavailable
from service.index.base import Candidate, Candidates, Generation, Scope
from service.index.differences import Differences
from service.index.elastic_cluster import NOT_BUILT, Cluster
from service.index.elastic_query import document, entry_of, search_body
from service.index.marks import OUT_OF_STEP, move_mark, read_mark
from service.index.memory import left_out
from service.index.mirror import Mirror
from service.index.sql import SqlIndex
from service.linkage import IndexFactory

STANDS_IN = "sql"
"""Name of the index that answers while Elasticsearch does not."""
PENDING_AT_MOST = 1_000
"""Changes read from the store for one search: the newest. With more waiting it says it was cut."""
_LATER = "empd_elastic_later"
"""Mark of a session: what to do in Elasticsearch when it commits."""
WINDOW = 10_000
"""Hits that Elasticsearch returns at most (`index.max_result_window`)."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """What Elasticsearch cannot know yet: the changed cases, and what is held of them now."""

    changed: frozenset[int]
    held: dict[int, IndexEntry]
    complete: bool


def elastic_factory(settings: Settings, clock: Clock, mirror: Mirror | None = None) -> IndexFactory:
    """Make the opener of the index in Elasticsearch; its connections serve the whole process."""
    cluster = Cluster(settings, clock)

    def open_index(session: Session) -> ElasticIndex:
        fallback = settings.elastic_fallback
        return ElasticIndex(session, cluster, fallback=fallback, mirror=mirror, clock=clock)

    return open_index


class ElasticIndex:
    """Candidates from Elasticsearch, within the transaction of a session."""

    def __init__(
        self,
        session: Session,
        cluster: Cluster,
        *,
        fallback: bool,
        mirror: Mirror | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Open the index.

        Args:
            session: The transaction to read and write in.
            cluster: The server.
            fallback: Whether the store keeps all that it takes to answer in its place.
            mirror: Tells how parts of names may be written, and what is compared of cases.
            clock: Source of the current time.
        """
        self._session = session
        self._cluster = cluster
        self._fallback = fallback
        self._sql = SqlIndex(session, postings=fallback, outbox=True, mirror=mirror, clock=clock)

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""
        asked, groups = self._sql.plan(query)
        try:
            return self._ask(asked, groups, scope, limit)
        except (IndexUnavailable, IndexNotReady):
            if not self._fallback:
                raise
        return replace(self._sql.candidates(query, scope, limit), fallback=STANDS_IN)

    def _ask(
        self, asked: IndexQuery, groups: list[TermGroup], scope: Scope, limit: int
    ) -> Candidates:
        # Read first: what is carried between the two is then met twice rather than never.
        pending = self._pending()
        size = min(limit + 1 + len(pending.changed), WINDOW)
        found = search_body(asked, groups, scope, size)
        if found.body is None:
            return Candidates((), 0, cut=False)
        answer = self._cluster.search(found.body)
        hits = [hit["sort"] for hit in answer.get("hits", {}).get("hits", [])]
        items = [
            Candidate(case_id, score - found.raised)
            for score, case_id in hits
            if case_id not in pending.changed
        ]
        items += _scored(asked, groups, scope, pending.held.values())
        items.sort(key=lambda item: (-item.score, item.case_id))
        kept = tuple(items[:limit])
        complete = pending.complete and not answer.get("timed_out")
        cut = left_out(kept, len(items)) or not complete
        return Candidates(kept, len(items), cut, complete=complete, lags=not pending.complete)

    def _pending(self) -> _Pending:
        carried, made = read_mark(self._session), self._sql.last_change()
        if carried == OUT_OF_STEP:
            raise IndexNotReady(NOT_BUILT)
        if made <= carried:
            return _Pending(frozenset(), {}, complete=True)
        after = max(carried, made - PENDING_AT_MOST)
        changes = self._sql.changes(after, PENDING_AT_MOST)
        changed = frozenset(change.case_id for change in changes)
        return _Pending(changed, self._sql.held(changed), complete=after == carried)

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        return self._sql.frequencies(tokens)

    def lines(self, case_ids: Sequence[int]) -> Lines | None:
        """What of cases is compared, where a mirror is in step."""
        return self._sql.lines(case_ids)

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them; the outbox carries them on."""
        self._sql.upsert(entries)

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; ids that the store does not know are taken out there as well."""
        unknown = set(case_ids) - self._sql.held(case_ids).keys()
        self._sql.remove(case_ids)
        self._sql.note_changes(dict.fromkeys(unknown, ()))

    def hold(self) -> None:
        """Let nobody else write the index until this transaction ends."""
        self._sql.hold()

    def begin(self) -> Generation:
        """Begin a new generation beside the one that answers; leftovers of a killed build go."""
        begun = self._sql.begin()
        # Writers take turns: what was changed until now is in what the build reads.
        since = self._sql.last_change()
        self._later(lambda: self._make(begun.number, since))
        return _named(begun)

    def _make(self, number: int, since: int) -> None:
        for other, answers in self._cluster.generations().items():
            if other == number or not answers:
                self._cluster.drop(other)
        self._cluster.create(number, since=since)

    def fill(self, generation: Generation, entries: Collection[IndexEntry], until: int = 0) -> None:
        """Put a share of the cases into a generation.

        They carry the number of the last change before the build: whatever the outbox
        brings of a case meanwhile is newer and stays.
        """
        self._sql.fill(generation, entries, until)
        self._later(lambda: self._send(generation.number, entries))

    def _send(self, number: int, entries: Collection[IndexEntry]) -> None:
        since = self._cluster.since(number)
        self._cluster.write([number], ((e.case_id, document(e), since) for e in entries))

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on; the others are swept later."""
        self._sql.activate(generation)
        self._later(lambda: self._swap(generation.number))

    def _swap(self, number: int) -> None:
        self._cluster.refresh([number])
        self._cluster.answer_from(number)
        # It holds all changes before its build, and the outbox brought it those behind its mark.
        with Session(self._session.get_bind()) as session, session.begin():
            move_mark(session, self._cluster.since(number))
        # It answers already: what is cut off here costs speed only.
        self._cluster.merge(number)
        self._cluster.refresh([number])

    def _later(self, action: Callable[[], None]) -> None:
        """Ask Elasticsearch when the transaction has ended: it holds up who registers."""
        actions: list[Callable[[], None]] | None = self._session.info.get(_LATER)
        if actions is None:
            actions = self._session.info[_LATER] = []
            event.listen(self._session, "after_commit", _do_later)
            event.listen(self._session, "after_rollback", _forget)
        actions.append(action)

    def sweep(self, most: int) -> bool:
        """Delete about so many rows, and the indices, that no generation needs."""
        number = self._sql.generation().number
        for other, answers in self._cluster.generations().items():
            if other < number and not answers:
                self._cluster.drop(other)
        return self._sql.sweep(most)

    def scattered(self) -> list[int]:
        """What `compact` would write in a better form."""
        return self._sql.scattered()

    def compact(self, scattered: Collection[int]) -> None:
        """Write a share of what `scattered` named in a form that is quicker to read."""
        self._sql.compact(scattered)

    def verify(self, expected: Iterable[IndexEntry]) -> Differences:
        """Compare the store's tables with the cases, then Elasticsearch with the tables."""
        carried = read_mark(self._session)
        found = self._sql.verify(expected)
        there = (entry_of(source) for source in self._cluster.documents())
        beside = Differences()
        beside.compare(there, self._sql.all_held())
        # A connection of its own sees what was changed and carried since the beginning.
        with Session(self._session.get_bind()) as now:
            changes = SqlIndex(now).changes(carried, None)
        beside = beside.without(frozenset(change.case_id for change in changes))
        return Differences(
            found.missing + beside.missing,
            found.stale + beside.stale,
            found.surplus + beside.surplus,
            found.miscounted,
        )

    def generation(self) -> Generation:
        """The generation that answers."""
        return _named(self._sql.generation())

    def healthy(self) -> bool:
        """Whether searches are answered.

        Raises:
            IndexUnavailable: If Elasticsearch does not answer and nothing stands in.
            IndexNotReady: If the index is not built.
        """
        self._sql.healthy()
        try:
            return self._cluster.healthy()
        except (IndexUnavailable, IndexNotReady):
            if not self._fallback:
                raise
        return True


def _do_later(session: Session) -> None:
    actions, session.info[_LATER] = session.info[_LATER], []
    for action in actions:
        action()


def _forget(session: Session) -> None:
    session.info[_LATER] = []


def _named(generation: Generation) -> Generation:
    return Generation(generation.number, f"elastic-{generation.number}")


def _scored(
    asked: IndexQuery, groups: list[TermGroup], scope: Scope, entries: Collection[IndexEntry]
) -> list[Candidate]:
    """Score a few entries here, as Elasticsearch scores the others."""
    kinds = {kind_code(kind) for kind in scope.kinds}
    weights = [dict(zip(group.terms, group.bits.tolist(), strict=True)) for group in groups]
    weights += [dict.fromkeys(terms, bits) for terms, bits in exact_groups(asked)]
    found = []
    for entry in entries:
        if entry.case_id in scope.exclude or (kinds and unpack(entry.packed).kind not in kinds):
            continue
        said = ([bits[term] for term in entry.terms if term in bits] for bits in weights)
        met = [max(bits) for bits in said if bits]
        if met or not set(asked.days).isdisjoint(entry.terms):
            packed = np.array([entry.packed], dtype=np.uint32)
            birth = float(attribute_bits(asked.packed, packed)[0])
            found.append(Candidate(entry.case_id, sum(met) + birth))
    return found
