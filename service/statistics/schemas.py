"""What the statistics say."""

from __future__ import annotations

from pydantic import BaseModel


class Count(BaseModel):
    """One cell; `count` is null where it is too small to be told."""

    of: str
    count: int | None


class StatisticsOut(BaseModel):
    """Cases by kind and status, alerts by band and status, verdicts and flags."""

    smallest: int
    cases: list[Count]
    alerts: list[Count]
    verdicts: list[Count]
    flags: list[Count]
