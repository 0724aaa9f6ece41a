"""HTTP for statistics."""

from __future__ import annotations

from fastapi import APIRouter

from service.dependencies import Work
from service.statistics.operations import read_statistics
from service.statistics.schemas import StatisticsOut

router = APIRouter(prefix="/api/v1", tags=["statistics"])


@router.get("/statistics")
def statistics(work: Work) -> StatisticsOut:
    """Counts of cases, alerts, verdicts and flags; cells below eleven are null."""
    return read_statistics(work)
