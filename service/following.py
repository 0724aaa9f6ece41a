"""The thread of a serving process that keeps a server of the index in step with the store."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from service.alerts.waiting import compare_waiting
from service.clock import Clock
from service.config import Settings
from service.index.factory import outbox_of
from service.linkage import Linkage
from service.observability import Metrics

if TYPE_CHECKING:
    from service.index.outbox import Follower, Lag


def follower_of(
    settings: Settings, engine: Engine, linkage: Linkage, clock: Clock, metrics: Metrics
) -> Follower | None:
    """Make the thread; none where the index lives in the store.

    It carries the changes, then compares what was registered while the index was away.
    """
    outbox = outbox_of(settings, engine, clock)
    if outbox is None:
        return None
    from service.index.outbox import Follower  # noqa: PLC0415 - the client is loaded where it is used

    def observe(lag: Lag) -> None:
        metrics.lag.set(lag.changes)

    put_off: dict[int, datetime] = {}

    def compare() -> int:
        limit = settings.alert_candidate_limit
        return compare_waiting(engine, linkage, clock, limit=limit, put_off=put_off)

    return Follower(outbox, observe=observe, then=compare)
