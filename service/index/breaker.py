"""A circuit breaker: what failed several times in a row is not asked again for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from service.clock import Clock

FAILURES_TO_OPEN = 3
"""Failures in a row that open it: one may be a restarting node, three are an outage."""
PAUSE = timedelta(seconds=5)
"""How long nobody is sent there; as long as clients are told to wait with 503."""


class Breaker:
    """Closed while calls succeed; open after failures; then one probe at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._shut_until = datetime.min.replace(tzinfo=UTC)

    def allows(self) -> bool:
        """Whether to try a call now; when the pause is over, one caller probes for all."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return True
            now = self._clock()
            if now < self._shut_until:
                return False
            # The others wait for the probe's result, or for another pause if it never comes.
            self._shut_until = now + PAUSE
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A call was not answered."""
        with self._lock:
            self._failures += 1
            self._shut_until = self._clock() + PAUSE
