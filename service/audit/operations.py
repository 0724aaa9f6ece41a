"""Verify and export the trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.audit.models import AuditEntry
from service.audit.repository import GENESIS, AuditRepository, row_hash


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a verification found; `broken_at` is the first row that does not fit, or None."""

    rows: int
    broken_at: int | None
    head: str

    @property
    def intact(self) -> bool:
        """Whether every row fits the one before it."""
        return self.broken_at is None


def verify_chain(repository: AuditRepository) -> ChainReport:
    """Recompute every hash from the first row on."""
    previous, rows = GENESIS, 0
    for entry in repository.entries():
        rows += 1
        if entry.previous_hash != previous or entry.hash != row_hash(entry):
            return ChainReport(rows, entry.id, previous)
        previous = entry.hash
    return ChainReport(rows, None, previous)


def export_entries(repository: AuditRepository) -> Iterator[dict[str, object]]:
    """All rows as plain objects, in order, for the supervisory authority."""
    for entry in repository.entries():
        yield _as_json(entry)


def _as_json(entry: AuditEntry) -> dict[str, object]:
    body = entry.model_dump()
    body["at"] = entry.at.isoformat()
    return body
