"""The index in the memory of a worker, in step with its tables, or what they hold of it.

It is loaded from the tables by a thread of its own and follows their log of changes:
each search first takes in what was committed since. Until it is loaded, or when it
lies far behind, the tables answer.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from matching.bulk.columns import LineColumns
from matching.bulk.lines import Lines
from matching.profile import TermFrequencies
from matching.retrieval import NAME, IndexEntry, IndexQuery, InvertedFile, Ranked, TermGroup
from matching.retrieval.ranking import Allowed
from matching.retrieval.vocabulary import CountedTerms, TermsInMemory
from service.cases.records.repository import all_lines, changed_in, stored_lines
from service.index.postings.repository import PostingRepository, decode
from service.index.reading import own_tally
from service.index.repository import Change, GenerationState, IndexRepository
from service.index.vocabulary.repository import VocabularyRepository
from service.observability import log, place_of
from service.store.engine import for_reading

MOST_BEHIND = 500
"""Changes taken in within a search, some tens of milliseconds; more are taken in by the thread."""
AT_ONCE = 2_000
"""Changes taken in at a time by the thread, so that searches wait no longer than for these."""
WRITTEN = "empd_index_written"
"""Mark of a session that changed the index itself, and whether the mirror was in step before:
what the session did is not committed yet."""


class Mirror:
    """One worker's copy; any number of threads may search it."""

    def __init__(self, *, in_background: bool = True) -> None:
        """Make an empty mirror.

        Args:
            in_background: Whether a thread loads it; tests and commands load it at once.
        """
        self._in_background = in_background
        self._lock = threading.RLock()
        self._loading: threading.Thread | None = None
        self._file: TermsInMemory = InvertedFile()
        self._lines = LineColumns()
        self._unread: set[int] = set()
        """Cases of which a session that was changing them took a change in: whoever comes next
        reads their lines."""
        self._given_up = False
        self._generation = 0
        self.seq = -1
        """Number of the last change that was taken in."""

    def warm(self, engine: Engine) -> None:
        """Begin to load, before the first search asks for it."""
        with self._lock:
            self._start(engine, load=True)

    def follow(self, repository: IndexRepository, state: GenerationState) -> bool:
        """Take in what was committed since; false when the tables must answer."""
        in_step: bool | None = repository.session.info.get(WRITTEN)
        if in_step is not None:
            # This session's own changes may be rolled back: nothing may be taken from it.
            return in_step and self._generation == state.number
        with self._lock:
            if self._generation != state.number:
                return self._catch_up_later(repository, load=True)
            last = repository.last_change()
            if last < self.seq:
                # The session sees an older state than others brought the mirror to.
                return False
            changes = repository.changes(self.seq, MOST_BEHIND + 1) if last > self.seq else []
            if changes and repository.oldest_change() > self.seq + 1:
                # The log no longer reaches back to what was taken in last.
                return self._catch_up_later(repository, load=True)
            if len(changes) > MOST_BEHIND:
                return self._catch_up_later(repository, load=False)
            self._take_in(repository, changes)
            if self._unread:
                self._read_lines(repository.session, set(self._unread))
            self._file.set_cases(state.cases)
            return True

    def before_writing(self, repository: IndexRepository, state: GenerationState) -> None:
        """Take in what was committed before a session's own first change."""
        if WRITTEN not in repository.session.info:
            repository.session.info[WRITTEN] = self.follow(repository, state)

    def search(
        self, number: int, query: IndexQuery, *, limit: int, allowed: Allowed
    ) -> tuple[Ranked, bool] | None:
        """The best candidates, and whether terms were left out.

        None if another generation than that was loaded meanwhile, or its cases are elsewhere.
        """
        with self._lock:
            if self._generation != number or not isinstance(self._file, InvertedFile):
                return None
            return self._file.search(query, own_tally(), limit=limit, allowed=allowed)

    def plan(self, number: int, query: IndexQuery) -> list[TermGroup] | None:
        """The terms of each part of a query, for an index that is asked by terms; None likewise."""
        with self._lock:
            return self._file.plan(query) if self._generation == number else None

    def lines(self, repository: IndexRepository, case_ids: Sequence[int]) -> Lines | None:
        """What of cases is compared, in the order given.

        None if one of them is not held, or if another took in what this session does not see
        yet: the store says what there is for it.
        """
        with self._lock:
            return self._lines.rows(case_ids) if repository.last_change() >= self.seq else None

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        with self._lock:
            counts = self._file.counts([f"{NAME}{token}" for token in tokens])
            known = {token: n for token, n in zip(tokens, counts, strict=True) if n > 0}
            return TermFrequencies(self._file.cases, known)

    def _take_in(self, repository: IndexRepository, changes: list[Change]) -> None:
        if not changes:
            return
        # The first row of a case tells what is held here; what it became is asked for.
        before: dict[int, tuple[str, ...]] = {}
        for change in changes:
            before.setdefault(change.case_id, change.before)
        seq, held = self._settled(repository, before, changes[-1].seq)
        self._read_lines(repository.session, {entry.case_id for entry in held})
        self._file.drop(IndexEntry(c, terms, 0) for c, terms in before.items() if terms)
        self._file.put(held)
        self.seq = seq

    def _read_lines(self, session: Session, case_ids: set[int]) -> None:
        """Read lines anew, but none that the session itself may have written."""
        own = changed_in(session) & case_ids
        self._lines.forget(own)
        self._unread = (self._unread - case_ids) | own
        lines = stored_lines(session, case_ids - own)
        self._lines.put(list(lines), list(lines.values()))

    def _settled(
        self, repository: IndexRepository, before: dict[int, tuple[str, ...]], seq: int
    ) -> tuple[int, list[IndexEntry]]:
        """What is held of cases, and the change it goes up to.

        Each statement may see what was committed since the one before: what changed
        while the entries were read is read again, until nothing did.
        """
        while True:
            held = list(repository.held(self._generation, before).values())
            newer = repository.changes(seq, AT_ONCE)
            if not newer:
                return seq, held
            for change in newer:
                before.setdefault(change.case_id, change.before)
            seq = newer[-1].seq

    def _catch_up_later(self, repository: IndexRepository, *, load: bool) -> bool:
        """Have the thread do it; where there is none, do it here."""
        engine = repository.session.get_bind()
        assert isinstance(engine, Engine)  # noqa: S101 - sessions of the service are bound to one
        if not self._in_background:
            self._catch_up(engine, load=load)
            return True
        self._start(engine, load=load)
        return False

    def _start(self, engine: Engine, *, load: bool) -> None:
        if not self._given_up and (self._loading is None or not self._loading.is_alive()):
            self._loading = threading.Thread(
                target=self._try_catch_up, args=(engine,), kwargs={"load": load}, daemon=True
            )
            self._loading.start()

    def _try_catch_up(self, engine: Engine, *, load: bool) -> None:
        try:
            self._catch_up(engine, load=load)
        except SQLAlchemyError as error:
            # The tables go on answering; the next search tries again.
            log().warning("index.mirror_failed", error_class=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a thread that dies would leave its values on stderr
            # What cannot be read will not be readable at the next search: the tables answer.
            self._given_up = True
            where = place_of(error)
            log().error("index.mirror_given_up", error_class=type(error).__name__, where=where)

    def _catch_up(self, engine: Engine, *, load: bool) -> None:
        if load:
            with Session(for_reading(engine)) as session:
                self._load(IndexRepository(session))
        while True:
            with Session(for_reading(engine)) as session:
                # The connection first: who waits for the lock may hold the last one.
                session.connection()
                with self._lock:
                    repository = IndexRepository(session)
                    changes = repository.changes(self.seq, AT_ONCE)
                    self._take_in(repository, changes)
            if len(changes) < AT_ONCE:
                return

    def _load(self, repository: IndexRepository) -> None:
        """Read the tables; the log is asked first, so that nothing between is missed."""
        seq, state = repository.last_change(), repository.active()
        if state is None:
            return
        file = load_file(repository, state)
        lines = load_lines(repository.session)
        with self._lock:
            self._file, self._lines, self._unread = file, lines, set()
            self._generation, self.seq = state.number, seq
        if self._in_background:
            # Else searches work the parts out that they meet.
            lines.work_out_parts()
        # What is loaded now stays: the collector need not walk it with every search.
        gc.collect()
        gc.freeze()
        log().info("index.mirror_loaded", generation=f"sql-{state.number}", count=state.cases)


def load_file(repository: IndexRepository, state: GenerationState) -> TermsInMemory:
    """Read the tables of a generation into memory, without cases where it keeps none."""
    session, number = repository.session, state.number
    vocabulary = VocabularyRepository(session, number)
    file: InvertedFile | CountedTerms = InvertedFile() if state.postings else CountedTerms()
    numbers: dict[int, int] = {}
    terms: list[str] = []
    counts: list[int] = []
    for term_id, term, cases in vocabulary.all_terms():
        numbers[term_id] = len(terms)
        terms.append(term)
        counts.append(cases)
    keys = _columns(vocabulary.all_keys(), 2)
    places = np.fromiter((numbers[i] for i in keys[:, 1].tolist()), np.uint32, len(keys))
    file.vocabulary.load(terms, keys[:, 0].astype(np.uint32), places)
    if isinstance(file, CountedTerms):
        file.load(np.array(counts, dtype=np.int64), state.cases)
    else:
        _load_cases(file, repository, state, numbers)
    return file


def _load_cases(
    file: InvertedFile,
    repository: IndexRepository,
    state: GenerationState,
    numbers: dict[int, int],
) -> None:
    postings = PostingRepository(repository.session)
    file.load_postings(*_flat(postings.all_postings(state.number), numbers))
    rare = _columns(postings.all_rare(state.number), 2)
    file.load_rare(rare[:, 0].copy(), rare[:, 1].astype(np.uint32))
    held = _columns(repository.all_packed(state.number), 2)
    packed = np.zeros(int(held[:, 0].max(initial=0)) + 1, dtype=np.uint32)
    packed[held[:, 0]] = held[:, 1]
    file.load_attributes(packed, state.cases)


def load_lines(session: Session) -> LineColumns:
    """Read the lines of all cases into memory."""
    columns = LineColumns()
    for lines in all_lines(session):
        columns.put(list(lines), list(lines.values()))
    return columns


def _columns(rows: Iterable[tuple[int, ...]], width: int) -> NDArray[np.int64]:
    """Rows of integers as an array, without a list of all of them."""
    flat = np.fromiter(chain.from_iterable(rows), dtype=np.int64)
    return flat.reshape(-1, width)


def _flat(
    chunks: Iterator[tuple[int, bytes]], numbers: dict[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Chunks by rising id of their term as one array, and where each term begins."""
    counts = np.zeros(len(numbers) + 1, dtype=np.int64)
    parts = []
    while some := list(islice(chunks, AT_ONCE)):
        pairs = decode(blob for _, blob in some)
        parts.append(pairs["case"].copy())
        for term_id, blob in some:
            counts[numbers[term_id] + 1] += len(blob) // pairs.itemsize
    flat = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint32)
    return np.cumsum(counts), flat
