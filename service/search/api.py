"""HTTP for search."""

from __future__ import annotations

from fastapi import APIRouter

from service.dependencies import AppParts, ReadingWork
from service.search.operations import search_cases
from service.search.schemas import SearchIn, SearchOut

router = APIRouter(prefix="/api/v1", tags=["search"])


@router.post("/search")
def search(body: SearchIn, work: ReadingWork, parts: AppParts) -> SearchOut:
    """Find cases that may be a person; purpose and case reference are required."""
    answer = search_cases(work, parts.linkage, body, limit=parts.settings.candidate_limit)
    parts.metrics.considered.observe(answer.considered)
    return answer
