"""Signs computed across records."""

from __future__ import annotations

from collections.abc import Collection

from service.cases.models import Case
from service.risk.models import RiskFlag
from service.store.unit_of_work import UnitOfWork


def refresh_signs(work: UnitOfWork, case: Case) -> list[RiskFlag]:
    """Compute the signs around one case."""
    del work, case
    return []


def refresh_all_signs(work: UnitOfWork, case_ids: Collection[int]) -> int:
    """Compute the signs around many cases."""
    del work, case_ids
    return 0
