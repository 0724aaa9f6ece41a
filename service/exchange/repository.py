"""Cases that their owners released to a partner service; the only ones it may learn of."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Text, cast
from sqlmodel import Session, col, select

from service.accounts.models import Authority
from service.cases.models import Case, Photograph
from service.cases.repository import chunks
from service.cases.vocabulary import Channel, Status


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
