"""The adapter that the settings choose."""

from __future__ import annotations

from functools import partial

from service.config import Settings
from service.index.mirror import Mirror
from service.index.sql import SqlIndex
from service.linkage import IndexFactory


def index_factory(settings: Settings, *, mirror: Mirror | None = None) -> IndexFactory:
    """Make the opener of the candidate index.

    Args:
        settings: Which adapter.
        mirror: The process's copy in memory; left out, the tables are read.
    """
    adapters: dict[str, IndexFactory] = {"sql": partial(SqlIndex, mirror=mirror)}
    return adapters[settings.index]
