"""Append to and read the trail; nothing else may touch its table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, text
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from service.audit.models import AuditEntry
from service.audit.schemas import AuditEvent
from service.security.policy import Actor
from service.store.base import table_of
from service.store.writing import insert_rows

GENESIS = "0" * 64
"""The hash before the first row."""
CHAIN_LOCK = 0x454D5044
"""Advisory lock of the chain on PostgreSQL ("EMPD" in ASCII): rows are appended one at a time."""
_PAGE = 1_000
_ENTRIES = table_of(AuditEntry)
_NEWEST_HASH = select_columns(_ENTRIES.c.hash).order_by(_ENTRIES.c.id.desc()).limit(1)
_HASHED = (
    "actor_kind",
    "actor_name",
    "authority",
    "action",
    "purpose",
    "reference",
    "request_id",
    "case_ids",
    "detail",
    "previous_hash",
)
"""What of a row is hashed after its moment, in this order."""


def row_hash(entry: AuditEntry) -> str:
    """BLAKE2b over the row's content and the hash before it, as 64 hex digits."""
    return _hash_of(entry.at, {name: getattr(entry, name) for name in _HASHED})


def _hash_of(at: datetime, row: Mapping[str, Any]) -> str:
    content = [at.isoformat(), *(row[name] for name in _HASHED)]
    payload = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(payload.encode("ascii"), digest_size=32).hexdigest()


class AuditRepository:
    """The trail of one session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(
        self, events: Sequence[AuditEvent], actor: Actor, *, at: datetime, request_id: str
    ) -> None:
        """Append rows to the chain inside the current transaction."""
        if not events:
            return
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.connection().execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK}
            )
        previous = self.last_hash()
        rows: list[dict[str, Any]] = []
        for event in events:
            row = {
                "at": at,
                "actor_kind": actor.kind.value,
                "actor_name": actor.name,
                "authority": actor.authority_code,
                "action": event.action,
                "purpose": event.purpose,
                "reference": event.reference,
                "request_id": request_id,
                "case_ids": list(event.case_ids),
                "detail": _plain(event.detail),
                "previous_hash": previous,
            }
            row["hash"] = previous = _hash_of(at, row)
            rows.append(row)
        insert_rows(self._session, _ENTRIES, rows)

    def last_hash(self) -> str:
        """The hash of the newest row."""
        return self._session.connection().scalar(_NEWEST_HASH) or GENESIS

    def entries(self) -> Iterator[AuditEntry]:
        """All rows in order, page by page."""
        last = 0
        while True:
            page = self._session.exec(
                select(AuditEntry)
                .where(col(AuditEntry.id) > last)
                .order_by(col(AuditEntry.id))
                .limit(_PAGE)
            ).all()
            if not page:
                return
            yield from page
            last = page[-1].id or last

    def newest(self, limit: int, case_id: str = "") -> Sequence[AuditEntry]:
        """The newest rows, optionally those that touched one case, for the auditor's page."""
        query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
        if case_id:
            named = cast(col(AuditEntry.case_ids), Text).contains(f'"{case_id}"', autoescape=True)
            query = query.where(named)
        return self._session.exec(query).all()


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    # What is hashed must be what the database gives back.
    plain: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return plain
