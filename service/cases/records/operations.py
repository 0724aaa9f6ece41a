"""Bring stored matching records in step with the claims."""

from __future__ import annotations

from service.audit.schemas import AuditEvent
from service.cases.records.repository import (
    claimed_records,
    locked_case_ids,
    put_records,
    stale_records,
)
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
            put_records(work.session, claimed_records(work.session, stale))
            work.audit(AuditEvent("case:refresh_records", detail={"written": len(stale)}))
        if not ids:
            return written
        last, done, written = ids[-1], done + len(ids), written + len(stale)
        context.progress("checking", done, None)
