"""Read the counts, logged like every access."""

from __future__ import annotations

from service.audit.schemas import AuditEvent
from service.security.policy import Permission
from service.statistics.repository import SMALLEST, StatisticsRepository
from service.statistics.schemas import Count, StatisticsOut
from service.store.unit_of_work import UnitOfWork


def read_statistics(work: UnitOfWork) -> StatisticsOut:
    """Counts over all authorities; small cells are withheld.

    Raises:
        Forbidden: If the actor may not read statistics.
    """
    work.actor.require(Permission.STATISTICS_READ)
    repository = StatisticsRepository(work.session)
    work.audit(AuditEvent("statistics:read"))
    return StatisticsOut(
        smallest=SMALLEST,
        cases=_counts(repository.cases()),
        alerts=_counts(repository.alerts()),
        verdicts=_counts(repository.verdicts()),
        flags=_counts(repository.flags()),
    )


def _counts(found: dict[str, int]) -> list[Count]:
    return [
        Count(of=name, count=count if count >= SMALLEST else None) for name, count in found.items()
    ]
