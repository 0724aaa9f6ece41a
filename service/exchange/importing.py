"""Bulk import: stream rows, store in batches, then compare the imported with the collection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TextIO

from sqlalchemy import Engine
from sqlmodel import Session

from matching.record import PersonRecord
from matching.retrieval import index_entry
from service.accounts.models import Authority
from service.accounts.repository import AccountRepository
from service.alerts.bulk import compare_cases, read_collection, store_links
from service.alerts.operations import alerted_pairs, shown_cases
from service.audit.schemas import AuditEvent
from service.cases.claims import claim_values
from service.cases.models import Case, CaseEvent, Claim
from service.cases.operations import (
    claim_rows,
    event_row,
    new_case,
    owner_of,
    record_of,
    refresh_summary,
)
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseDraft
from service.clock import Clock
from service.errors import BadInput, FieldError
from service.exchange.formats.drafts import draft_of
from service.exchange.formats.mapping import ColumnMap
from service.exchange.formats.reading import FileFormat, SourceRow, read_rows
from service.linkage import Linkage
from service.risk.operations import refresh_signs
from service.security.policy import Actor, Permission
from service.store.engine import for_reading
from service.store.unit_of_work import UnitOfWork, store_errors, unit_of_work

BATCH = 500
"""Cases stored in one transaction: a killed import loses at most these, and starts again after."""
PAIRS_AT_ONCE = 2_000
"""Links stored in one transaction, so that an import keeps no officer waiting for long."""

Progress = Callable[[str, int, int | None], None]
"""Told the stage, how many are done, and of how many where that is known."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """What to import and for whom."""

    path: Path
    form: FileFormat
    authority: str
    column_map: ColumnMap
    rejects: Path
    dry_run: bool = False


@dataclass(slots=True)
class ImportReport:
    """What came of it, as the command line prints it."""

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    rejected: int = 0
    alerts: int = 0
    seconds: float = 0.0
    rejects_file: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The report as a plain object."""
        return {
            "read": self.read,
            "stored": self.stored,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "alerts": self.alerts,
            "seconds": round(self.seconds, 2),
            "rejects_file": self.rejects_file,
        }


@dataclass(frozen=True, slots=True)
class ImportContext:
    """Where the import runs."""

    engine: Engine
    actor: Actor
    clock: Clock
    linkage: Linkage
    progress: Progress


def run_import(context: ImportContext, job: ImportJob) -> ImportReport:
    """Import a file: first all rows in batches, then the comparison of what is new.

    An import that was killed is taken up by the same command: what is stored stays,
    what was not compared yet is. The same file again stores nothing twice; a row that an
    authority sent before with other content is rejected, since an amendment must say
    what it withdraws.

    Raises:
        BadInput: If the file, its header, or the authority is wrong; nothing is stored.
        Forbidden: If the actor may not register for that authority.
    """
    context.actor.require(Permission.CASE_WRITE)
    report = ImportReport()
    started = context.clock()
    store_rows(context, job, read_rows(job.path, job.form, job.column_map), report)
    if not job.dry_run:
        report.alerts = link_waiting(context, [job.authority])
    report.seconds = (context.clock() - started).total_seconds()
    return report


def store_rows(
    context: ImportContext, job: ImportJob, rows: Iterator[SourceRow], report: ImportReport
) -> None:
    """Store rows of one authority in batches, without comparing them yet.

    Raises:
        BadInput: If the header or the authority is wrong.
    """
    with _RejectsFile(job.rejects) as rejects:
        for batch in _batches(rows):
            _store_batch(context, job, batch, report, rejects)
            context.progress("storing", report.read, None)
        report.rejects_file = rejects.written_to or report.rejects_file


def link_waiting(context: ImportContext, authorities: Sequence[str]) -> int:
    """Compare what authorities stored but nobody compared yet with the collection.

    Reading and comparing hold no lock, so that others go on registering; what they
    change meanwhile is left to their own comparison.

    Returns:
        How many alerts were raised.
    """
    context.progress("reading", 0, None)
    with store_errors(), Session(for_reading(context.engine)) as session:
        accounts, cases = AccountRepository(session), CaseRepository(session, context.actor)
        waiting = cases.not_compared([accounts.authority(code).id or 0 for code in authorities])
        if not waiting:
            return 0
        collection = read_collection(session, context.linkage, cases.open_digests())
    pairs = sorted(compare_cases(collection, waiting, context.progress).items())
    alerts = 0
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        context.progress("linking", start, len(pairs))
        with _work(context) as work:
            share = dict(pairs[start : start + PAIRS_AT_ONCE])
            raised = store_links(work, context.linkage, collection, share)
            work.audit(AuditEvent("alert:raise", case_ids=shown_cases(alerted_pairs(work, raised))))
        alerts += len(raised)
    context.progress("signs", 0, None)
    with _work(context) as work:
        CaseRepository(work.session, work.actor).note_compared(waiting, work.clock())
        refresh_signs(work, waiting)
        work.audit(AuditEvent("import:link", detail={"cases": len(waiting), "alerts": alerts}))
    return alerts


def _work(context: ImportContext) -> AbstractContextManager[UnitOfWork]:
    return unit_of_work(context.engine, context.actor, clock=context.clock)


class _RejectsFile:
    """Rejected rows as JSON Lines with their reasons; made only when there is one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def written_to(self) -> str | None:
        """The path, or None when nothing was rejected."""
        return str(self._path) if self._file is not None else None

    def add(self, row: SourceRow, errors: Iterable[FieldError]) -> None:
        """Write one rejected row."""
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        body = {
            "row": row.number,
            "errors": [item.as_json() for item in errors],
            "source": row.raw,
        }
        self._file.write(json.dumps(body, ensure_ascii=False) + "\n")


def _batches(rows: Iterator[SourceRow]) -> Iterator[list[SourceRow]]:
    batch: list[SourceRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _store_batch(
    context: ImportContext,
    job: ImportJob,
    rows: list[SourceRow],
    report: ImportReport,
    rejects: _RejectsFile,
) -> None:
    report.read += len(rows)
    today = context.clock().date()
    drafts: list[tuple[SourceRow, CaseDraft]] = []
    for row in rows:
        try:
            if row.error is not None:
                raise BadInput.of(row.error)
            keep = tuple(job.column_map.keep_unreadable)
            drafts.append((row, draft_of(row, today=today, keep_unreadable=keep)))
        except BadInput as problem:
            report.rejected += 1
            rejects.add(row, problem.errors)
    with nullcontext() if not drafts else _work(context) as work:
        if work is not None:
            batch = _Batch(work, context.linkage, job)
            batch.store(drafts, report, rejects)


class _Batch:
    """One transaction of an import."""

    def __init__(self, work: UnitOfWork, linkage: Linkage, job: ImportJob) -> None:
        self._work = work
        self._linkage = linkage
        self._job = job
        self._authority = owner_of(work, job.authority)
        self._now = work.clock()

    def store(
        self,
        drafts: list[tuple[SourceRow, CaseDraft]],
        report: ImportReport,
        rejects: _RejectsFile,
    ) -> None:
        """Store what is new, count what is known, reject what contradicts itself."""
        fresh = self._fresh(drafts, report, rejects)
        if not self._job.dry_run and fresh:
            stored = self._insert(fresh)
            entries = [index_entry(case.id or 0, record) for case, record in stored]
            self._linkage.open_index(self._work.session).upsert(entries)
        report.stored += len(fresh)
        self._work.audit(
            AuditEvent(
                "import:dry_run" if self._job.dry_run else "import:store",
                case_ids=tuple(prepared.case.public_id for prepared in fresh)
                if not self._job.dry_run
                else (),
                detail={"authority": self._authority.code, "cases": len(fresh)},
            )
        )

    def _fresh(
        self,
        drafts: list[tuple[SourceRow, CaseDraft]],
        report: ImportReport,
        rejects: _RejectsFile,
    ) -> list[_Prepared]:
        repository = CaseRepository(self._work.session, self._work.actor)
        ids = [draft.record_id for _, draft in drafts if draft.record_id]
        known = repository.record_digests(self._authority.id or 0, ids)
        fresh: list[_Prepared] = []
        for row, draft in drafts:
            prepared = _prepare(draft, self._authority, now=self._now, by=self._work.actor.name)
            digest = f"{prepared.case.kind}:{prepared.case.content_digest}"
            if draft.record_id is None or draft.record_id not in known:
                known[prepared.case.record_id] = digest
                fresh.append(prepared)
            elif known[draft.record_id] == digest:
                report.unchanged += 1
            else:
                report.rejected += 1
                reason = "is known with other content; amend that case instead"
                rejects.add(row, [FieldError("record_id", reason, row.number)])
        return fresh

    def _insert(self, fresh: list[_Prepared]) -> list[tuple[Case, PersonRecord]]:
        session = self._work.session
        session.add_all(prepared.case for prepared in fresh)
        session.flush()
        repository = CaseRepository(session, self._work.actor)
        claims: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for prepared in fresh:
            case_id = prepared.case.id or 0
            claims.extend({**row, "case_id": case_id} for row in prepared.claims)
            for event in prepared.events:
                event.case_id = case_id
                events.append(event.model_dump(exclude={"id"}))
        repository.insert_rows(Claim, claims)
        repository.insert_rows(CaseEvent, events)
        return [(prepared.case, prepared.record) for prepared in fresh]


@dataclass(slots=True)
class _Prepared:
    case: Case
    claims: list[dict[str, Any]]
    events: list[CaseEvent]
    record: PersonRecord


def _prepare(draft: CaseDraft, authority: Authority, *, now: datetime, by: str) -> _Prepared:
    case = new_case(draft, authority, now=now, by=by)
    values = list(claim_values(draft, region=authority.country, today=now.date()))
    events = [event_row(0, event, now, by) for event in draft.events]
    refresh_summary(case, values, events)
    claims = claim_rows(0, values, draft, now=now, by=by)
    return _Prepared(case, claims, events, record_of(case, values, events))
