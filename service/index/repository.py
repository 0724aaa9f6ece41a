"""Generations of the SQL index, what they hold of each case, and the log of changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, func, select, text, update
from sqlmodel import Session

from matching.retrieval import SCHEMA, IndexEntry
from service.cases.repository import chunks
from service.index.models import STREAM, IndexChange, IndexedCase, IndexState
from service.store.base import table_of
from service.store.reading import ASKED
from service.store.writing import insert_plain

ACTIVE, BUILDING, OLD = "active", "building", "old"
_LOCK_ATTEMPTS = 3
"""A rebuild may swap generations while a writer waits; twice in a row is all but impossible."""

_STATES = table_of(IndexState)
_CASES = table_of(IndexedCase)
_CHANGES = table_of(IndexChange)
_LOCKED = select(_STATES.c.number).order_by(_STATES.c.number).with_for_update()
_COUNT = (
    update(_STATES)
    .where(_STATES.c.number == bindparam("b_number"))
    .values(cases=_STATES.c.cases + bindparam("b_more"))
)
_HELD = select(_CASES.c.case_id, _CASES.c.terms, _CASES.c.packed).where(
    _CASES.c.generation == bindparam("generation"), _CASES.c.case_id.in_(ASKED)
)
_ALL_CHANGES = (
    select(_CHANGES.c.seq, _CHANGES.c.case_id, _CHANGES.c.before)
    .where(_CHANGES.c.seq > bindparam("after"))
    .order_by(_CHANGES.c.seq)
)
_SOME_CHANGES = _ALL_CHANGES.limit(bindparam("most", type_=Integer))
_OLDEST = (
    select(_CHANGES.c.seq, _CHANGES.c.at)
    .order_by(_CHANGES.c.seq)
    .limit(bindparam("most", type_=Integer))
    .subquery()
)
_NEWEST = select(func.max(_CHANGES.c.seq))
_LAST_BEFORE = select(func.max(_OLDEST.c.seq)).where(_OLDEST.c.at < bindparam("moment"))
"""Statements of every search or registration: to put one together takes longer than to run it."""
_PROJECTED = ("index_terms", "index_keys", "index_postings", "index_rare", "index_cases")


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the log.

    Attributes:
        seq: Its number; larger means committed later.
        case_id: The case.
        before: Terms that were held of it until then.
    """

    seq: int
    case_id: int
    before: tuple[str, ...]


class GenerationState(NamedTuple):
    """A generation as `IndexState` has it."""

    number: int
    term_schema: int
    state: str
    cases: int
    built_until: int
    postings: bool


_ALL_STATES = select(*(_STATES.c[name] for name in GenerationState._fields)).order_by(
    _STATES.c.number
)


class IndexRepository:
    """Generations, held cases and changes within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def states(self) -> list[GenerationState]:
        """All generations, as they are now."""
        rows = self.session.connection().execute(_ALL_STATES)
        return [GenerationState(*row) for row in rows]

    def active(self) -> GenerationState | None:
        """The generation that answers."""
        return next((state for state in self.states() if state.state == ACTIVE), None)

    def lock(self) -> list[GenerationState]:
        """Let no other transaction write the index until this one ends.

        Chunks are read, changed and written back, two writers may bring the same new
        name, and the log must be in the order of the commits: they have to take turns.
        SQLite has one writer at a time anyway.

        Returns:
            All generations, as they are once the lock is held.
        """
        for _ in range(_LOCK_ATTEMPTS):
            rows = self.session.connection().execute(_LOCKED)
            locked = set(rows.scalars())
            states = self.states()
            if all(state.number in locked for state in states if state.state != OLD):
                return states
        return []

    def new_generation(self, *, postings: bool) -> int:
        """Begin a generation; its number."""
        state = IndexState(term_schema=SCHEMA, state=BUILDING, postings=postings)
        self.session.add(state)
        self.session.flush()
        assert state.number is not None  # noqa: S101 - given by the flush
        return state.number

    def set_state(self, number: int, state: str) -> None:
        """Change what a generation is for."""
        self._update(number, state=state)

    def note_built(self, number: int, until: int) -> None:
        """Remember up to which case a generation is built."""
        self._update(number, built_until=until)

    def _update(self, number: int, **values: str | int) -> None:
        self.session.execute(update(_STATES).where(_STATES.c.number == number).values(**values))

    def forget(self, number: int) -> None:
        """Delete a generation of which nothing is left."""
        self.session.execute(delete(_STATES).where(_STATES.c.number == number))

    def refresh_statistics(self) -> None:
        """Tell PostgreSQL's planner what was loaded.

        Its own analysis follows minutes later; until then the slowest searches of
        100,000 cases take twice as long. SQLite plans these statements well without.
        """
        connection = self.session.connection()
        if connection.dialect.name == "postgresql":
            for table in _PROJECTED:
                connection.execute(text(f"ANALYZE {table}"))

    def held(self, generation: int, case_ids: Collection[int]) -> dict[int, IndexEntry]:
        """What is held of cases."""
        found: dict[int, IndexEntry] = {}
        for chunk in chunks(sorted(case_ids)):
            asked = {"generation": generation, "ids": chunk}
            for case_id, terms, packed in self.session.connection().execute(_HELD, asked):
                found[case_id] = IndexEntry(case_id, split_terms(terms), packed)
        return found

    def all_held(self, generation: int) -> Iterator[IndexEntry]:
        """What is held of every case, by rising id, streamed."""
        query = (
            select(_CASES.c.case_id, _CASES.c.terms, _CASES.c.packed)
            .where(_CASES.c.generation == generation)
            .order_by(_CASES.c.case_id)
            .execution_options(yield_per=STREAM)
        )
        for case_id, terms, packed in self.session.connection().execute(query):
            yield IndexEntry(case_id, split_terms(terms), packed)

    def all_packed(self, generation: int) -> Iterator[tuple[int, int]]:
        """Id and packed attributes of every case, streamed."""
        query = select(_CASES.c.case_id, _CASES.c.packed).where(_CASES.c.generation == generation)
        rows = self.session.connection().execute(query.execution_options(yield_per=STREAM))
        yield from rows

    def add_cases(self, generation: int, entries: Sequence[IndexEntry]) -> None:
        """Note what is held of cases, and count them."""
        rows = [
            (generation, entry.case_id, entry.packed, "\n".join(entry.terms))
            for entry in sorted(entries, key=lambda entry: entry.case_id)
        ]
        insert_plain(self.session, _CASES, rows)
        if rows:
            self._count(generation, len(rows))

    def drop_cases(self, generation: int, case_ids: Collection[int]) -> None:
        """Forget what is held of cases, and count them off."""
        for chunk in chunks(sorted(case_ids)):
            self.session.connection().execute(
                delete(_CASES).where(_CASES.c.generation == generation, _CASES.c.case_id.in_(chunk))
            )
        self._count(generation, -len(case_ids))

    def _count(self, generation: int, more: int) -> None:
        self.session.connection().execute(_COUNT, {"b_number": generation, "b_more": more})

    def drop_cases_share(self, generation: int, most: int) -> bool:
        """Delete about so many held cases of a generation; true while some are left."""
        ids = self.session.scalars(
            select(_CASES.c.case_id).where(_CASES.c.generation == generation).limit(most)
        ).all()
        for chunk in chunks(ids):
            self.session.execute(
                delete(_CASES).where(_CASES.c.generation == generation, _CASES.c.case_id.in_(chunk))
            )
        return bool(ids)

    def note_changes(self, before: Mapping[int, tuple[str, ...]], at: datetime) -> None:
        """Append to the log: cases, what was held of each until now, and when that ended."""
        seconds = int(at.timestamp())
        rows = [(case_id, "\n".join(terms), seconds) for case_id, terms in sorted(before.items())]
        insert_plain(self.session, _CHANGES, rows)

    def changes(self, after: int, limit: int | None) -> list[Change]:
        """Rows of the log behind a number, oldest first; without a limit all."""
        query = _ALL_CHANGES if limit is None else _SOME_CHANGES
        asked = {"after": after} if limit is None else {"after": after, "most": limit}
        rows = self.session.connection().execute(query, asked)
        return [Change(seq, case_id, split_terms(terms)) for seq, case_id, terms in rows]

    def last_change(self) -> int:
        """Number of the newest row of the log; 0 when it is empty."""
        return self.session.connection().scalar(_NEWEST) or 0

    def oldest_change(self) -> int:
        """Number of the oldest row that is kept; 0 when the log is empty."""
        return self.session.scalar(select(func.min(_CHANGES.c.seq))) or 0

    def last_before(self, moment: datetime, most: int) -> int:
        """Number of the newest row from before a moment, among the oldest ones; 0 for none.

        Args:
            moment: The moment.
            most: Rows to look at.
        """
        asked = {"moment": int(moment.timestamp()), "most": most}
        return self.session.connection().scalar(_LAST_BEFORE, asked) or 0

    def forget_changes(self, until: int) -> None:
        """Delete rows of the log up to a number."""
        self.session.connection().execute(delete(_CHANGES).where(_CHANGES.c.seq <= until))


def split_terms(text: str) -> tuple[str, ...]:
    """Terms as they are stored, one a line."""
    return tuple(text.split("\n")) if text else ()
