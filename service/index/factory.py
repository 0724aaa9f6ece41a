"""The adapter that the settings choose."""

from __future__ import annotations

from service.config import Settings
from service.index.sql import SqlIndex
from service.linkage import IndexFactory


def index_factory(settings: Settings) -> IndexFactory:
    """Make the opener of the candidate index."""
    adapters: dict[str, IndexFactory] = {"sql": SqlIndex}
    return adapters[settings.index]
