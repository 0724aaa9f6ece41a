"""The evaluator's page of counts."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.dependencies import SignedInPage
from service.statistics.operations import read_statistics
from service.web.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/statistics")
def statistics(page: SignedInPage) -> Response:
    """Counts of cases, alerts, verdicts and flags."""
    return render("statistics.html", page, found=read_statistics(page.work))
