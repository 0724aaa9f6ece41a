"""Bring stored matching records in step with the claims."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from sqlmodel import Session

from matching.record import PersonRecord
from matching.retrieval import index_entry
from service.audit.schemas import AuditEvent
from service.cases.records.repository import (
    claimed_records,
    digests_of_open,
    locked_case_ids,
    put_records,
    stale_records,
)
from service.errors import IndexNotReady
from service.jobs import JobContext

SHARE = 2_000
"""Cases checked in one transaction: a second at most, so that others can store in between."""


def refresh_records(context: JobContext) -> int:
    """Write the records that are missing or not what the claims say; how many these were."""
    last, done, written = 0, 0, 0
    while True:
        with context.work() as work:
            # What is read here must not be amended before it is written.
            ids = locked_case_ids(work.session, after=last, limit=SHARE)
            stale = stale_records(work.session, ids)
            records = claimed_records(work.session, stale)
            put_records(work.session, records)
            _tell_index(context, work.session, records)
            work.audit(AuditEvent("case:refresh_records", detail={"written": len(stale)}))
        if not ids:
            return written
        last, done, written = ids[-1], done + len(ids), written + len(stale)
        context.progress("checking", done, None)


def _tell_index(context: JobContext, session: Session, records: Mapping[int, PersonRecord]) -> None:
    """Who keeps lines of cases in memory reads them again when the index says that they changed."""
    known = digests_of_open(session, records)
    if not known:
        return
    # An index that must be built first is in nobody's memory.
    with suppress(IndexNotReady):
        entries = [index_entry(case_id, records[case_id]) for case_id in known]
        context.linkage.open_index(session).upsert(entries)
