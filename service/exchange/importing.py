"""Bulk import: rows stream in, are prepared in several processes, and are stored in batches.

Each batch commits with its audit row, its index entries and how far the file has come:
an import that was killed is taken up behind its last batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlmodel import Session

from matching.retrieval import IndexEntry
from service.accounts.models import Authority
from service.alerts.background import match_waiting
from service.audit.schemas import AuditEvent
from service.cases.models import CaseRecord, WaitingCase
from service.cases.operations import owner_of
from service.cases.repository import CaseRepository
from service.collecting import seldom_collected
from service.errors import FieldError, Unavailable
from service.exchange.formats.mapping import ColumnMap
from service.exchange.formats.reading import FileFormat, SourceRow, cut_rows
from service.exchange.models import ImportRun
from service.exchange.preparing import (
    CASES,
    CLAIM_COLUMNS,
    CLAIMS,
    EVENT_COLUMNS,
    EVENTS,
    PreparedCase,
    PreparedRow,
    Preparer,
    prepare_rows,
)
from service.exchange.rejects import RejectsFile
from service.exchange.repository import ImportRepository
from service.jobs import JobContext
from service.security.policy import Permission
from service.store.base import table_of
from service.store.unit_of_work import UnitOfWork
from service.store.writing import BoundRow, bind_rows, insert_bound

RECORDS, WAITING = (table_of(table) for table in (CaseRecord, WaitingCase))
BATCH = 4_000
"""Rows of one transaction: 0.7 s of writing, and others can store in between. A page that many
rows share is written once a batch, so that a larger batch costs less a row."""
_READ_AT_ONCE = 1 << 20
DIGEST_SHOWN = 16
"""Hexadecimal digits of a file's digest in the references of its rows: 64 bits, no two alike."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """What to import and for whom; `later` leaves the comparison to `empd match`."""

    path: Path
    form: FileFormat
    authority: str
    column_map: ColumnMap
    rejects: Path
    dry_run: bool = False
    later: bool = False


@dataclass(slots=True)
class ImportReport:
    """What came of it, as the command line prints it.

    Attributes:
        read: Rows dealt with, those of a run that was taken up too.
        stored: Cases that are new.
        unchanged: Rows known before with the same content.
        rejected: Rows that are wrong.
        alerts: Possible links; None where the comparison stopped halfway.
        compared: Whether all new cases were compared with the collection.
        reason: Why the comparison stopped; what it did not reach goes on waiting.
        resumed_at: The row behind which the import was taken up.
        seconds: Of this run.
        rejects_file: Where rejected rows and their reasons are.
    """

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    rejected: int = 0
    alerts: int | None = 0
    compared: bool = False
    reason: str | None = None
    resumed_at: int = 0
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
            "compared": self.compared,
            "reason": self.reason,
            "resumed_at": self.resumed_at,
            "seconds": round(self.seconds, 2),
            "rejects_file": self.rejects_file,
        }


def run_import(context: JobContext, job: ImportJob) -> ImportReport:
    """Import a file: first all rows in batches, then the comparison of what is new.

    An import that was killed is taken up by the same command behind its last batch,
    its comparison likewise. A file that was imported to its end is read anew: it stores
    nothing twice, since a row without `record_id` is known by the file and its number. A
    row that an authority sent before with other content is rejected, since an amendment
    must say what it withdraws. Ages count from the day of the first import; what lies in
    the future is judged by the current day. A comparison that stops since the index is
    away, lags or runs out of time is noted in the report: what was stored stands.

    Raises:
        BadInput: If the file, its header, or the authority is wrong; nothing is stored.
        Forbidden: If the actor may not register for that authority.
        Conflict: If another process imports the same file and was quicker.
    """
    context.actor.require(Permission.CASE_WRITE)
    report = ImportReport()
    started = context.clock()
    read, rows = cut_rows(job.path, job.form, job.column_map)
    digest, total = _look_over(job)
    run = None if job.dry_run else _begin(context, job, digest, report)
    begun = run.started_at if run else _begun_before(context, job, digest) or started
    done = sum(1 for _ in islice(rows, report.resumed_at))
    store = _Store(context, job, report, run, digest)
    with seldom_collected():
        prepared = _prepared(context, job, read, rows, begun.date())
        store.all(prepared, max(done, total) or None)
    if not job.dry_run and not job.later:
        _match(context, job, report)
    report.seconds = (context.clock() - started).total_seconds()
    return report


def _match(context: JobContext, job: ImportJob, report: ImportReport) -> None:
    try:
        report.alerts = match_waiting(context, [job.authority])
        report.compared = True
    except Unavailable as problem:
        # The cases are stored: whoever imported them must learn that, and of the rejects.
        report.alerts, report.reason = None, problem.detail


def store_rows(
    context: JobContext, job: ImportJob, rows: Iterator[SourceRow], report: ImportReport
) -> None:
    """Store rows of one authority in batches, without comparing them yet.

    Raises:
        BadInput: If the authority is wrong.
    """
    prepared = _prepared(context, job, lambda row: row, rows, context.clock().date())
    with seldom_collected():
        _Store(context, job, report, None).all(prepared, None)


def _prepared(
    context: JobContext, job: ImportJob, read: Any, rows: Iterator[Any], begun: date
) -> Iterator[PreparedRow]:
    """Check rows; `begun` is when the file was first imported, also where that is repeated."""
    with context.work() as work:
        country = owner_of(work, job.authority).country
        work.audit(AuditEvent("import:read", detail={"authority": job.authority}))
    keep = tuple(job.column_map.keep_unreadable)
    today = context.clock().date()
    preparer = Preparer(read, keep, country, begun, today, context.engine.dialect)
    return prepare_rows(preparer, rows)


def _look_over(job: ImportJob) -> tuple[str, int]:
    """A digest of the file and of how it is read, and about how many rows it has."""
    digest = hashlib.blake2b(digest_size=16)
    # What a later version can be told besides changes the digest only where it is told.
    how = job.column_map.model_dump_json(exclude_defaults=True)
    digest.update(f"{job.form} {how}".encode())
    lines = 0
    with job.path.open("rb") as file:
        while data := file.read(_READ_AT_ONCE):
            digest.update(data)
            lines += data.count(b"\n")
    return digest.hexdigest(), lines


def _begin(context: JobContext, job: ImportJob, digest: str, report: ImportReport) -> ImportRun:
    """Take an import up or begin it; what was counted before is counted on."""
    with context.work() as work:
        authority = owner_of(work, job.authority)
        run = ImportRepository(work.session).begin(authority.id or 0, digest, work.clock())
        if run.rejects_bytes and not _holds(job.rejects, run.rejects_bytes):
            # Rejects that are gone can only be written again by reading them again.
            run.rows = run.stored = run.unchanged = run.rejected = run.rejects_bytes = 0
        report.resumed_at = report.read = run.rows
        report.stored, report.unchanged = run.stored, run.unchanged
        report.rejected = run.rejected
        detail = {"authority": authority.code, "file": digest, "behind_row": run.rows}
        work.audit(AuditEvent("import:begin", detail=detail))
    return run


def _begun_before(context: JobContext, job: ImportJob, digest: str) -> datetime | None:
    """When the file was first imported, for a dry run, which leaves no trace of its own."""
    with context.work() as work:
        authority = owner_of(work, job.authority)
        work.audit(AuditEvent("import:look", detail={"authority": authority.code}))
        return ImportRepository(work.session).begun_at(authority.id or 0, digest)


def _holds(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size >= size


class _Store:
    """Puts prepared rows into the store, batch by batch."""

    def __init__(
        self,
        context: JobContext,
        job: ImportJob,
        report: ImportReport,
        run: ImportRun | None,
        digest: str = "",
    ) -> None:
        self._digest = digest[:DIGEST_SHOWN]
        self._context = context
        self._job = job
        self._report = report
        self._run = run
        self._stage = "storing"
        if report.resumed_at:
            self._stage = f"storing, resumed behind row {report.resumed_at}"

    def all(self, rows: Iterator[PreparedRow], total: int | None) -> None:
        """Store a stream of rows; `total` is for the progress bar."""
        keep = self._run.rejects_bytes if self._run else 0
        with RejectsFile(self._job.rejects, keep) as rejects:
            while batch := list(islice(rows, BATCH)):
                with self._context.work() as work:
                    self._store(work, batch, rejects)
                self._context.progress(self._stage, self._report.read, total)
            self._report.rejects_file = rejects.written_to or self._report.rejects_file
        if self._run is not None:
            with self._context.work() as work:
                now = work.clock()
                ImportRepository(work.session).note(self._run.id or 0, {"finished_at": now})
                work.audit(AuditEvent("import:end", detail={"cases": self._report.stored}))

    def _store(self, work: UnitOfWork, batch: list[PreparedRow], rejects: RejectsFile) -> None:
        job, report = self._job, self._report
        authority = owner_of(work, job.authority)
        if self._run is not None:
            behind = report.read
            ImportRepository(work.session).advance(self._run.id or 0, behind, behind + len(batch))
            # Before the claim another process may be writing the file.
            rejects.begin()
        fresh = list(self._fresh(work, authority, batch, rejects))
        report.read += len(batch)
        report.stored += len(fresh)
        stored = [] if job.dry_run else [prepared.case["public_id"] for prepared in fresh]
        if stored:
            self._insert(work, authority, fresh)
        size = rejects.settle()
        if self._run is not None:
            counts = {
                "stored": report.stored,
                "unchanged": report.unchanged,
                "rejected": report.rejected,
                "rejects_bytes": size,
            }
            ImportRepository(work.session).note(self._run.id or 0, counts)
        work.audit(
            AuditEvent(
                "import:dry_run" if job.dry_run else "import:store",
                case_ids=tuple(stored),
                detail={"authority": authority.code, "cases": len(fresh)},
            )
        )

    def _fresh(
        self,
        work: UnitOfWork,
        authority: Authority,
        batch: list[PreparedRow],
        rejects: RejectsFile,
    ) -> Iterator[PreparedCase]:
        """What is new; what is known is counted, what contradicts itself is rejected."""
        repository = CaseRepository(work.session, work.actor)
        named = [(row, self._named(row)) for row in batch]
        ids = [prepared.case["record_id"] for _, prepared in named if prepared]
        known = repository.record_digests(authority.id or 0, ids)
        for row, prepared in named:
            if prepared is None:
                self._reject(row, rejects)
                continue
            case = prepared.case
            digest, record_id = f"{case['kind']}:{case['content_digest']}", case["record_id"]
            if record_id not in known:
                known[record_id] = digest
                yield prepared
            elif known[record_id] == digest:
                self._report.unchanged += 1
            else:
                reason = "is known with other content; amend that case instead"
                errors = (FieldError("record_id", reason, row.number),)
                self._reject(row._replace(errors=errors), rejects)

    def _named(self, row: PreparedRow) -> PreparedCase | None:
        """The case of a row; without `record_id` it is known by the file and its number."""
        if row.prepared is None or row.record_id or not self._digest:
            return row.prepared
        case = {**row.prepared.case, "record_id": f"{self._digest}-{row.number}"}
        return row.prepared._replace(case=case)

    def _reject(self, row: PreparedRow, rejects: RejectsFile) -> None:
        self._report.rejected += 1
        rejects.add(row)

    def _insert(self, work: UnitOfWork, authority: Authority, fresh: list[PreparedCase]) -> None:
        now = work.clock()
        repository = CaseRepository(work.session, work.actor)
        session = work.session
        last = repository.last_id()
        insert_bound(session, CASES, *_with_owner(session, authority, now, work.actor.name, fresh))
        known = repository.ids_behind(last)
        ids = [known[prepared.case["public_id"]] for prepared in fresh]
        recording = repository.new_recording(now)
        of_case = ("case_id", "recording_id")
        claims = _of_cases(ids, (prepared.claims for prepared in fresh), recording)
        insert_bound(session, CLAIMS, (*of_case, *CLAIM_COLUMNS), claims)
        events = _of_cases(ids, (prepared.events for prepared in fresh), recording)
        insert_bound(session, EVENTS, (*of_case, *EVENT_COLUMNS), events)
        records = [(i, found.body, found.line) for i, found in zip(ids, fresh, strict=True)]
        insert_bound(session, RECORDS, ("case_id", "body", "line"), records)
        insert_bound(session, WAITING, ("case_id",), [(case_id,) for case_id in ids])
        self._context.linkage.open_index(session).upsert(
            [IndexEntry(i, found.terms, found.packed) for i, found in zip(ids, fresh, strict=True)]
        )


def _with_owner(
    session: Session, authority: Authority, now: datetime, by: str, fresh: list[PreparedCase]
) -> tuple[tuple[str, ...], list[BoundRow]]:
    """Columns and rows of cases with what only the transaction knows."""
    common = {"authority_id": authority.id, "registered_at": now, "registered_by": by}
    common["amended_at"] = now
    (told,) = bind_rows(session.connection().dialect, CASES, tuple(common), [common])
    columns = tuple(fresh[0].case)
    values = itemgetter(*columns)
    return (*columns, *common), [(*values(prepared.case), *told) for prepared in fresh]


def _of_cases(ids: Iterable[int], rows: Iterable[list[BoundRow]], recording: int) -> list[BoundRow]:
    return [
        (case_id, recording, *row)
        for case_id, found in zip(ids, rows, strict=True)
        for row in found
    ]
