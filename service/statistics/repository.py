"""Counts over all authorities, without a person in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from service.alerts.models import Alert, Verdict
from service.cases.models import Case
from service.risk.models import RiskFlag

SMALLEST = 11
"""Smaller cells are not told: the k of the Counter Trafficking Data Collaborative's releases."""


class StatisticsRepository:
    """Counts within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def cases(self) -> dict[str, int]:
        """Cases by kind and status."""
        return self._count(col(Case.kind), col(Case.status))

    def alerts(self) -> dict[str, int]:
        """Alerts by band and status."""
        return self._count(col(Alert.band), col(Alert.status))

    def verdicts(self) -> dict[str, int]:
        """Verdicts that stand, by what they say."""
        return self._count(col(Verdict.verdict), where=col(Verdict.withdrawn_at).is_(None))

    def flags(self) -> dict[str, int]:
        """Risk flags by sign and status; a flag is a reason to look, no finding."""
        return self._count(col(RiskFlag.sign), col(RiskFlag.status))

    def _count(self, *columns: Any, where: Any = None) -> dict[str, int]:
        query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
        if where is not None:
            query = query.where(where)
        return {" ".join(row[:-1]): row[-1] for row in self.session.execute(query)}
