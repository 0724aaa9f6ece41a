"""The adapter that the settings choose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from service.clock import Clock, system_clock
from service.config import Settings
from service.index.mirror import Mirror
from service.index.sql import SqlIndex
from service.linkage import IndexFactory

if TYPE_CHECKING:
    from service.index.outbox import Outbox


def index_factory(
    settings: Settings, *, mirror: Mirror | None = None, clock: Clock = system_clock
) -> IndexFactory:
    """Make the opener of the candidate index.

    Args:
        settings: Which adapter.
        mirror: The process's copy in memory; left out, the tables are read.
        clock: Source of the current time.
    """
    if settings.index == "sql":
        return partial(SqlIndex, mirror=mirror, clock=clock)
    # The client is loaded where it is used only.
    from service.index.elastic import elastic_factory  # noqa: PLC0415

    return elastic_factory(settings, clock, mirror)


def outbox_of(settings: Settings, engine: Engine, clock: Clock) -> Outbox | None:
    """What carries changes to Elasticsearch; none where the index lives in the store."""
    if settings.index == "sql":
        return None
    from service.index.elastic_cluster import Cluster  # noqa: PLC0415 - as above
    from service.index.outbox import Outbox  # noqa: PLC0415

    return Outbox(engine, Cluster(settings, clock), clock)
