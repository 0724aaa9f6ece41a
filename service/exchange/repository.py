"""Cases released to partner services, the only ones these may learn of; imports under way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, update
from sqlmodel import Session, col, select

from service.accounts.models import Authority
from service.cases.models import Case, Photograph
from service.cases.repository import chunks
from service.cases.vocabulary import Channel, Status
from service.errors import Conflict
from service.exchange.models import ImportRun


def released_cases(
    session: Session, channel: Channel, ids: Collection[int] | None = None
) -> dict[int, tuple[Case, Authority]]:
    """Open cases released to a channel, with their owners, by internal id.

    Args:
        session: The transaction.
        channel: The partner service.
        ids: Only these; left out, all.
    """
    query = (
        select(Case, Authority)
        .join(Authority, col(Authority.id) == col(Case.authority_id))
        .where(
            col(Case.status) == Status.OPEN.value,
            cast(col(Case.release), Text).contains(f'"{channel.value}"'),
        )
        .order_by(col(Case.id))
    )
    if ids is None:
        return {case.id or 0: (case, owner) for case, owner in session.exec(query)}
    found: dict[int, tuple[Case, Authority]] = {}
    for chunk in chunks(sorted(ids)):
        for case, owner in session.exec(query.where(col(Case.id).in_(chunk))):
            found[case.id or 0] = (case, owner)
    return found


def public_photographs(session: Session, case_ids: Collection[int]) -> dict[int, list[Photograph]]:
    """Photographs meant for public extracts, by case."""
    found: dict[int, list[Photograph]] = {case_id: [] for case_id in case_ids}
    for chunk in chunks(sorted(case_ids)):
        rows: Sequence[Photograph] = session.exec(
            select(Photograph)
            .where(col(Photograph.case_id).in_(chunk), col(Photograph.public_extract).is_(True))
            .order_by(col(Photograph.id))
        ).all()
        for row in rows:
            found[row.case_id].append(row)
    return found


class ImportRepository:
    """Imports under way, within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def begin(self, authority_id: int, digest: str, at: datetime) -> ImportRun:
        """The import of a file that was not finished, to take it up, or a new one.

        One that was finished begins anew and keeps the day on which it began first.
        """
        run = self.session.exec(
            select(ImportRun)
            .where(col(ImportRun.authority_id) == authority_id, col(ImportRun.digest) == digest)
            .with_for_update()
        ).one_or_none()
        if run is not None and run.finished_at is None:
            return run
        if run is not None:
            at = run.started_at
            self.session.delete(run)
            self.session.flush()
        run = ImportRun(authority_id=authority_id, digest=digest, started_at=at)
        self.session.add(run)
        self.session.flush()
        return run

    def begun_at(self, authority_id: int, digest: str) -> datetime | None:
        """When the import of a file began first; None where it never did."""
        return self.session.exec(
            select(ImportRun.started_at).where(
                col(ImportRun.authority_id) == authority_id, col(ImportRun.digest) == digest
            )
        ).one_or_none()

    def advance(self, run_id: int, behind: int, to: int) -> None:
        """Claim the next rows of a file for this transaction; others wait until it ends.

        Args:
            run_id: The import.
            behind: Rows that were dealt with as far as this process knows.
            to: Rows that are dealt with when the transaction commits.

        Raises:
            Conflict: If another process has dealt with some of these rows.
        """
        claimed = self.session.connection().execute(
            update(ImportRun)
            .where(col(ImportRun.id) == run_id, col(ImportRun.rows) == behind)
            .values(rows=to)
        )
        if claimed.rowcount != 1:
            raise Conflict("another process imports this file and goes on; this one has stopped")

    def note(self, run_id: int, counts: Mapping[str, Any]) -> None:
        """Write what came of an import so far."""
        self.session.execute(update(ImportRun).where(col(ImportRun.id) == run_id).values(**counts))
