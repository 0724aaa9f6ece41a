"""Build the index anew, compare it with the store, mend and compact it; searches go on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session

from matching.retrieval import IndexEntry, index_entry
from service.audit.schemas import AuditEvent
from service.cases.records.repository import matching_records
from service.cases.repository import CaseRepository
from service.clock import Clock
from service.index.base import CandidateIndex, Generation
from service.index.differences import Differences
from service.security.policy import Actor
from service.store.engine import for_reading, let_others_write
from service.store.transaction import transaction
from service.store.unit_of_work import store_errors, unit_of_work

SHARE = 5_000
"""Cases put into a new generation in one transaction: writers wait some seconds at most."""
SWEPT = 20_000
"""Rows deleted in one transaction."""
COMPACTED = 2_000
"""Terms compacted in one transaction."""

Progress = Callable[[str, int, int | None], None]
"""Told the stage, how many are done, and of how many where that is known."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Where upkeep works, and for whom."""

    engine: Engine
    open_index: Callable[[Session], CandidateIndex]
    actor: Actor
    clock: Clock
    progress: Progress

    def rebuild(self) -> Generation:
        """Build a new generation from the store, let it answer, and delete the old ones.

        Searches are answered by the old generation meanwhile, and who registers waits
        for one share at most. A build that was killed is given up by the next one.
        """
        generation = self._begin()
        last: int | None = 0
        done, total = 0, self._count()
        while last is not None:
            last, filled = self._fill(generation, last)
            done += filled
            self.progress("indexing", done, total)
        with unit_of_work(self.engine, self.actor, clock=self.clock) as work:
            detail = {"generation": generation.name, "cases": done}
            work.audit(AuditEvent("index:activate", detail=detail))
        self.compact()
        self.sweep()
        return generation

    def _fill(self, generation: Generation, last: int) -> tuple[int | None, int]:
        """Fill one share; the id it ended with, or None when all are in and it answers."""
        prepared, until = self._prepare(last)
        with transaction(self.engine) as session:
            index = self.open_index(session)
            index.hold()
            entries = self._as_stored(session, prepared, last, until)
            index.fill(generation, entries, until or 0)
            if until is None:
                index.activate(generation)
        return until, len(entries)

    def _begin(self) -> Generation:
        with unit_of_work(self.engine, self.actor, clock=self.clock) as work:
            generation = self.open_index(work.session).begin()
            work.audit(AuditEvent("index:build", detail={"generation": generation.name}))
        return generation

    def _count(self) -> int:
        with Session(for_reading(self.engine)) as session:
            return CaseRepository(session, self.actor).count_open()

    def _prepare(self, last: int) -> tuple[dict[int, tuple[str, IndexEntry]], int | None]:
        """Entries of the next share with the digests they were made from; nobody waits for it."""
        with Session(for_reading(self.engine)) as session:
            digests = CaseRepository(session, self.actor).open_digests(after=last, limit=SHARE)
            records = matching_records(session, digests)
            prepared = {
                case_id: (digest, index_entry(case_id, records[case_id]))
                for case_id, digest in digests.items()
            }
        return prepared, max(prepared) if len(prepared) == SHARE else None

    def _as_stored(
        self,
        session: Session,
        prepared: dict[int, tuple[str, IndexEntry]],
        last: int,
        until: int | None,
    ) -> list[IndexEntry]:
        """The entries of a share as the store stands now that nobody else writes the index."""
        now = CaseRepository(session, self.actor).open_digests(after=last, until=until)
        changed = [
            case_id
            for case_id, digest in now.items()
            if case_id not in prepared or prepared[case_id][0] != digest
        ]
        records = matching_records(session, changed)
        return [
            index_entry(case_id, records[case_id]) if case_id in records else prepared[case_id][1]
            for case_id in now
        ]

    def sweep(self) -> None:
        """Delete what no generation needs any more."""
        done, left = 0, True
        while left:
            with transaction(self.engine) as session:
                left = self.open_index(session).sweep(SWEPT)
            let_others_write()
            done += SWEPT
            self.progress("sweeping", done, None)

    def compact(self) -> int:
        """Write what many small shares left in a form that is quicker to read; how many terms."""
        with Session(for_reading(self.engine)) as session:
            scattered = self.open_index(session).scattered()
        for start in range(0, len(scattered), COMPACTED):
            with transaction(self.engine) as session:
                self.open_index(session).compact(scattered[start : start + COMPACTED])
            let_others_write()
            self.progress("compacting", start + COMPACTED, len(scattered))
        return len(scattered)

    def verify(self) -> Differences:
        """Compare the index with the cases, in one snapshot."""
        with store_errors(), Session(for_reading(self.engine)) as session:
            if session.get_bind().dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return self.open_index(session).verify(self._expected(session))

    def _expected(self, session: Session) -> Iterator[IndexEntry]:
        cases = CaseRepository(session, self.actor)
        last, done, total = 0, 0, cases.count_open()
        while digests := cases.open_digests(after=last, limit=SHARE):
            for case_id, record in sorted(matching_records(session, digests).items()):
                yield index_entry(case_id, record)
            last, done = max(digests), done + len(digests)
            self.progress("reading cases", done, total)

    def repair(self, differences: Differences) -> None:
        """Put into the index what the store says of the cases that differ, as they are now."""
        ids = {e.case_id for e in (*differences.missing, *differences.stale)}
        ids.update(differences.surplus)
        with unit_of_work(self.engine, self.actor, clock=self.clock) as work:
            index = self.open_index(work.session)
            index.hold()
            standing = self._open_of(work.session, ids)
            records = matching_records(work.session, standing)
            index.remove(ids)
            index.upsert([index_entry(case_id, records[case_id]) for case_id in sorted(records)])
            work.audit(AuditEvent("index:repair", detail={"cases": len(ids)}))

    def _open_of(self, session: Session, ids: Collection[int]) -> set[int]:
        found = CaseRepository(session, self.actor).by_ids(ids)
        return {case_id for case_id, item in found.items() if item.case.status == "open"}
