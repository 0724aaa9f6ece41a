"""Logs and metrics without personal data: only keys on the list pass."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

ALLOWED_KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "request_id",
        "route",
        "method",
        "status",
        "seconds",
        "actor_kind",
        "error_class",
        "where",
        "count",
        "generation",
        "profile",
        "host",
        "port",
    }
)
"""What may stand in a log line. Names, dates, queries and bodies never do."""


def _only_allowed(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def configure_logging(form: Literal["console", "json"]) -> None:
    """Send log lines to stderr."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Access logs would write query strings.
    logging.getLogger("uvicorn.access").disabled = True


def place_of(error: BaseException) -> str:
    """Where an error was raised: file, line and function of the innermost frame, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "nowhere"
    last = frames[-1]
    return f"{Path(last.filename).name}:{last.lineno} {last.name}"


def log() -> Any:
    """The structured logger."""
    return structlog.get_logger()


class Metrics:
    """Counters and histograms of one application, on a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "empd_requests_total",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "empd_request_seconds", "Seconds by route", ["route"], registry=self.registry
        )
        self.considered = Histogram(
            "empd_candidates_considered",
            "Candidates considered for one search",
            buckets=(0, 10, 50, 100, 200, 500, 1000, 5000),
            registry=self.registry,
        )
        self.lag = Gauge(
            "empd_index_lag_changes",
            "Changes in the store that searches in Elasticsearch do not see yet",
            registry=self.registry,
        )
        self.alerts = Counter(
            "empd_alerts_total", "Alerts raised by band", ["band"], registry=self.registry
        )
