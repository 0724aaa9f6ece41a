"""The index in the database of the store, written in the record's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import Session

from matching.bulk.lines import Lines
from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import NAME, SCHEMA, IndexEntry, IndexQuery, TermGroup, index_query
from service.cases.records.repository import changed_in
from service.clock import Clock, system_clock
from service.errors import IndexNotReady, IndexUnavailable
from service.index.base import Candidates, Generation, Scope
from service.index.differences import Counts, Differences
from service.index.marks import lose_step, read_mark
from service.index.memory import candidates_of
from service.index.mirror import Mirror
from service.index.pairs import PairSums
from service.index.postings.repository import PostingRepository
from service.index.reading import SqlReader
from service.index.repository import (
    ACTIVE,
    BUILDING,
    OLD,
    Change,
    GenerationState,
    IndexRepository,
)
from service.index.vocabulary.repository import VocabularyRepository
from service.index.writing import SqlWriter

_T = TypeVar("_T")
_NOT_BUILT = "the candidate index must be built: run `empd index build`"
KEPT_CHANGES = 100_000
"""Rows of the log that are kept: a mirror that lies further behind is loaded anew."""
KEPT_FOR = timedelta(days=1)
"""How long a row of the log is kept: it holds the names of a case before it was changed or closed.
A worker that nobody searched with for so long loads its mirror anew."""
_NOTHING: Mapping[int, tuple[str, ...]] = {0: ()}
"""A change of no case: whoever follows the log takes it in and nothing is different."""
FORGOTTEN = 2_000
"""Rows forgotten with one change at most: some milliseconds."""


class SqlIndex:
    """Vocabulary and postings in tables; good on SQLite and PostgreSQL."""

    def __init__(
        self,
        session: Session,
        *,
        mirror: Mirror | None = None,
        postings: bool = True,
        outbox: bool = False,
        clock: Clock = system_clock,
    ) -> None:
        """Open the index.

        Args:
            session: The transaction to read and write in.
            mirror: Answers from memory where it is in step.
            postings: Whether generations that are begun keep the cases of terms; else only
                the vocabulary.
            outbox: Whether changes have to be carried elsewhere before they are forgotten.
            clock: Source of the current time.
        """
        self._session = session
        self._outbox = outbox
        self._clock = clock
        self._mirror = mirror
        self._with_postings = postings
        self._repository = IndexRepository(session)
        self._known: GenerationState | None = None
        self._mirrored: bool | None = None

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""
        state = self._state()
        if not state.postings:
            raise IndexNotReady(_NOT_BUILT)
        asked = index_query(query)
        mirror, found = self._mirror_of(state), None
        if mirror is not None:
            found = mirror.search(state.number, asked, limit=limit, allowed=scope)
        if found is None:
            found = SqlReader(self._session, state).search(asked, limit=limit, allowed=scope)
        ranked, cut = found
        return candidates_of(ranked, cut=cut)

    def plan(self, query: PersonRecord) -> tuple[IndexQuery, list[TermGroup]]:
        """What to ask an index by terms: the query, and the terms of each name part.

        A mirror knows no term that the session itself has brought since.
        """
        state = self._state()
        asked = index_query(query)
        mirror, groups = self._mirror_of(state), None
        if mirror is not None:
            groups = mirror.plan(state.number, asked)
        if groups is None:
            groups = SqlReader(self._session, state).plan(asked)
        return asked, groups

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        state = self._state()
        mirror = self._mirror_of(state)
        if mirror is not None:
            return mirror.frequencies(tokens)
        known = VocabularyRepository(self._session, state.number).known(
            {f"{NAME}{token}" for token in tokens}
        )
        counts = {term.removeprefix(NAME): found.cases for term, found in known.items()}
        return TermFrequencies(state.cases, counts)

    def lines(self, case_ids: Sequence[int]) -> Lines | None:
        """What of cases is compared, from the mirror where it is in step."""
        mirror = self._mirror_of(self._state())
        if mirror is None or not changed_in(self._session).isdisjoint(case_ids):
            return None
        return mirror.lines(self._repository, case_ids)

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them.

        The log tells of all of them: a case of which the index holds the same may read otherwise.
        """
        given = list(entries)
        for state, writer in self._writers():
            whole = state.state == ACTIVE
            before = writer.replace([e for e in given if whole or e.case_id <= state.built_until])
            if whole:
                self.note_changes({e.case_id: e.terms for e in given} | before)
        changed_in(self._session).update(entry.case_id for entry in given)

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""
        for state, writer in self._writers():
            before = writer.remove(case_ids)
            if state.state == ACTIVE:
                self.note_changes(before)
        changed_in(self._session).update(case_ids)

    def note_changes(self, before: Mapping[int, tuple[str, ...]]) -> None:
        """Append to the log what was held of cases until now; what is old there goes."""
        if not before:
            return
        now = self._clock()
        if self._repository.last_before(now - KEPT_FOR, 1):
            self._forget(self._repository.last_before(now - KEPT_FOR, FORGOTTEN))
        self._repository.note_changes(before, now)

    def _forget(self, until: int) -> None:
        """Forget changes up to a number, but none that is still to be carried."""
        until = self._forgettable(until)
        self._repository.forget_changes(until)
        if not self._outbox:
            lose_step(self._session, until)

    def _forgettable(self, until: int) -> int:
        return min(until, read_mark(self._session)) if self._outbox else until

    def _writers(self) -> Iterator[tuple[GenerationState, SqlWriter]]:
        """The generation that answers, then those that are being built."""
        states = self._locked()
        active = self._usable(next((s for s in states if s.state == ACTIVE), None))
        if self._mirror is not None:
            self._mirror.before_writing(self._repository, active)
        for state in (active, *(s for s in states if s.state == BUILDING)):
            if state.term_schema == SCHEMA:
                yield state, self._writer(state)

    def _writer(self, state: GenerationState) -> SqlWriter:
        return SqlWriter(self._session, state.number, postings=state.postings)

    def hold(self) -> None:
        """Let nobody else write the index until this transaction ends."""
        self._locked()

    def begin(self) -> Generation:
        """Begin a new generation beside the one that answers; one begun before is given up."""
        for state in self._locked():
            if state.state == BUILDING:
                self._repository.set_state(state.number, OLD)
        return _generation(self._repository.new_generation(postings=self._with_postings))

    def fill(self, generation: Generation, entries: Collection[IndexEntry], until: int = 0) -> None:
        """Put a share of the cases into a generation."""
        self._writer(self._built(generation)).replace(entries)
        reached = max([until, *(entry.case_id for entry in entries)])
        if reached:
            self._repository.note_built(generation.number, reached)

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on."""
        self._built(generation)
        for state in self._repository.states():
            if state.number != generation.number:
                self._repository.set_state(state.number, OLD)
        self._repository.set_state(generation.number, ACTIVE)
        self._repository.refresh_statistics()

    def _built(self, generation: Generation) -> GenerationState:
        for state in self._locked():
            if state.number == generation.number and state.state != OLD:
                return state
        raise IndexNotReady("this build was given up: another one of the index has begun")

    def sweep(self, most: int) -> bool:
        """Delete about so many rows that no generation needs; true while some are left."""
        # The lock first: who registers holds it when the same rows of the log are forgotten.
        states = self._locked()
        if self._sweep_log(most):
            return True
        postings = PostingRepository(self._session)
        for state in states:
            number = state.number
            if state.state != OLD:
                continue
            if (
                self._repository.drop_cases_share(number, most)
                or postings.drop_rare_share(number, most)
                or VocabularyRepository(self._session, number).drop_share(most)
                or postings.drop_share(most)
            ):
                return True
            self._repository.forget(number)
        return False

    def _sweep_log(self, most: int) -> bool:
        """Forget what is old of the log, so many rows; true while more of it can be."""
        now = self._clock()
        last = self._repository.last_change()
        aged = self._repository.last_before(now - KEPT_FOR, most)
        if aged == last and self._tells(last):
            # One row stays, which says how far the log has come: one that tells nothing.
            self._repository.note_changes(_NOTHING, now)
        elif aged == last:
            aged = last - 1
        self._forget(max(last - KEPT_CHANGES, aged))
        oldest = self._repository.last_before(now - KEPT_FOR, 1)
        newest = self._repository.last_change()
        return 0 < oldest <= self._forgettable(newest if self._tells(newest) else newest - 1)

    def _tells(self, seq: int) -> bool:
        return any(change.before for change in self._repository.changes(seq - 1, 1))

    def scattered(self) -> list[int]:
        """Terms whose cases lie in more chunks than they need."""
        return PostingRepository(self._session).scattered()

    def compact(self, scattered: Collection[int]) -> None:
        """Write the cases of terms in as few chunks as they need."""
        self.hold()
        PostingRepository(self._session).compact(scattered)

    def generation(self) -> Generation:
        """The generation that answers."""
        return _generation(self._state().number)

    def cases(self) -> int:
        """How many cases the generation that answers holds."""
        return self._state().cases

    def healthy(self) -> bool:
        """Whether the index answers.

        Raises:
            IndexUnavailable: If its tables cannot be read.
            IndexNotReady: If no generation of this version is active.
        """
        return self._state().state == ACTIVE

    def held(self, case_ids: Collection[int]) -> dict[int, IndexEntry]:
        """What the generation that answers holds of cases."""
        return self._repository.held(self._state().number, case_ids)

    def all_held(self) -> Iterator[IndexEntry]:
        """What the generation that answers holds of every case, by rising id, streamed."""
        return self._repository.all_held(self._state().number)

    def changes(self, after: int, limit: int | None) -> list[Change]:
        """Rows of the log behind a number, oldest first, for followers; without a limit all."""
        return self._repository.changes(after, limit)

    def last_change(self) -> int:
        """Number of the newest row of the log; 0 when nothing changed yet."""
        return self._repository.last_change()

    def verify(self, expected: Iterable[IndexEntry]) -> Differences:
        """Compare with what the store says, given by rising id."""
        state = self._state()
        number, counts, found = state.number, Counts(), Differences()
        held, pairs = counts.of(self._repository.all_held(number)), PairSums()
        found.compare(pairs.of(held) if state.postings else held, expected)
        vocabulary = VocabularyRepository(self._session, number)
        found.miscounted = abs(vocabulary.count_held() - counts.plain) + vocabulary.without_keys()
        if state.postings:
            postings = PostingRepository(self._session)
            found.miscounted += postings.miscounted(number)
            found.miscounted += pairs.differing(postings.sums(number))
        return found

    def _mirror_of(self, state: GenerationState) -> Mirror | None:
        """The copy in memory where it is in step with the generation that answers."""
        if self._mirror is None:
            return None
        if self._mirrored is None:
            self._mirrored = self._mirror.follow(self._repository, state)
        return self._mirror if self._mirrored else None

    def _state(self) -> GenerationState:
        """The generation that answers: one for all that is asked between two changes."""
        if self._known is None:
            self._known = self._usable(self._read(self._repository.active))
        return self._known

    def _locked(self) -> list[GenerationState]:
        """All generations under the lock of writers; what was known before may have changed."""
        self._known = self._mirrored = None
        return self._read(self._repository.lock)

    def _read(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except (OperationalError, ProgrammingError) as error:
            raise IndexUnavailable("the candidate index cannot be read") from error

    def _usable(self, state: GenerationState | None) -> GenerationState:
        if state is None or state.term_schema != SCHEMA:
            raise IndexNotReady(_NOT_BUILT)
        return state


def _generation(number: int) -> Generation:
    return Generation(number, f"sql-{number}")
