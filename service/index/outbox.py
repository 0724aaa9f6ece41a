"""What the store's index noted as changed is carried to Elasticsearch, in order and for certain.

The changes are rows that were written in the records' own transactions, numbered in the
order of their commits. A drain reads those after the last one that searches can see,
writes what is held of their cases now, refreshes, and only then moves the mark. Each
document carries the number of its change as version: doing it twice, or late, or by two
at once changes nothing, so a drain may be killed at any moment.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from sqlalchemy import Engine
from sqlmodel import Session

from service.clock import Clock
from service.errors import IndexNotReady, Unavailable
from service.identifiers import new_public_id
from service.index.elastic_cluster import NOT_BUILT, Cluster, Document
from service.index.elastic_query import document
from service.index.marks import OUT_OF_STEP, end_turn, move_mark, read_mark, take_turn
from service.index.sql import SqlIndex
from service.observability import log, place_of
from service.store.engine import for_reading
from service.store.unit_of_work import store_errors

BATCH = 2_000
"""Changes carried at a time: a bulk request of some megabytes, written within a second."""
TURN = timedelta(seconds=15)
"""A drain that was killed holds the others up for this long; searches are right meanwhile."""
POLL_SECONDS = 0.5
"""How often the follower looks for changes; until they are carried, searches read them here."""
REST_SECONDS = 5.0
"""Pause after Elasticsearch did not answer."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far Elasticsearch is behind: numbers of the last change carried and of the last made."""

    carried: int
    made: int

    @property
    def changes(self) -> int:
        """Changes that wait."""
        return max(self.made - self.carried, 0)


def lag_of(session: Session) -> Lag:
    """How far Elasticsearch is behind the store."""
    carried = read_mark(session)
    return Lag(carried, max(SqlIndex(session).last_change(), carried))


class Outbox:
    """The drain of one process."""

    def __init__(self, engine: Engine, cluster: Cluster, clock: Clock) -> None:
        self._engine = engine
        self._cluster = cluster
        self._clock = clock
        self._owner = new_public_id()

    def lag(self) -> Lag:
        """How far Elasticsearch is behind the store."""
        with store_errors(), Session(for_reading(self._engine)) as session:
            return lag_of(session)

    def drain(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Carry everything that waits, unless another process is doing so.

        Args:
            progress: Told how many are carried, and how many there were to carry.

        Returns:
            How many changes were carried.

        Raises:
            IndexUnavailable: If Elasticsearch does not take them; they go on waiting.
            IndexNotReady: If it has no index.
            StoreBusy: If the database does not answer.
        """
        done = 0
        waiting = self.lag().changes
        if not waiting:
            return 0
        try:
            while carried := self._drain_some():
                done += carried
                if progress is not None:
                    progress(done, max(waiting, done))
        finally:
            with store_errors(), Session(self._engine) as session, session.begin():
                end_turn(session, self._owner)
        return done

    def carry(self, progress: Callable[[int, int], None] | None = None) -> bool:
        """Have everything carried that waits now, by whoever's turn it is.

        Beside a server that follows the changes it is the server's: then this waits, until
        the server has come that far, or has come no further for a whole turn.

        Args:
            progress: Told how many are carried, and how many there were to carry.

        Returns:
            Whether all that waited is carried.

        Raises:
            IndexUnavailable: If Elasticsearch does not take them; they go on waiting.
            IndexNotReady: If it has no index.
            StoreBusy: If the database does not answer.
        """
        begin = carried = self.lag()
        # One look more than a turn takes: by then a drain that was killed has lost its turn.
        patience = math.ceil(TURN.total_seconds() / POLL_SECONDS) + 1
        looks = 0
        while True:
            self.drain(progress)
            now = self.lag()
            if progress is not None:
                done = min(now.carried, begin.made) - begin.carried
                progress(done, begin.changes)
            if now.carried >= begin.made:
                return True
            looks = looks + 1 if now.carried <= carried.carried else 0
            if looks > patience:
                return False
            carried = now
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Let the connections go."""
        self._cluster.close()

    def _drain_some(self) -> int:
        with store_errors(), Session(self._engine) as session, session.begin():
            if not take_turn(session, self._owner, self._clock(), TURN):
                return 0
        with store_errors(), Session(for_reading(self._engine)) as session:
            after = read_mark(session)
            if after == OUT_OF_STEP:
                raise IndexNotReady(NOT_BUILT)
            index = SqlIndex(session)
            changes = index.changes(after, BATCH)
            if not changes:
                return 0
            newest = {change.case_id: change.seq for change in changes}
            held = index.held(newest)
        documents: list[Document] = [
            (case_id, document(held[case_id]) if case_id in held else None, seq)
            for case_id, seq in newest.items()
        ]
        # An index that is being filled is kept in step as well: nothing is left to catch up.
        generations = list(self._cluster.generations())
        self._cluster.write(generations, documents)
        self._cluster.refresh(generations)
        with store_errors(), Session(self._engine) as session, session.begin():
            move_mark(session, changes[-1].seq)
        return len(changes)


class Follower:
    """A thread of the serving process that keeps Elasticsearch in step."""

    def __init__(
        self, outbox: Outbox, *, observe: Callable[[Lag], None], then: Callable[[], object]
    ) -> None:
        """Make it; `start` starts it.

        Args:
            outbox: What carries the changes.
            observe: Told the lag after each round.
            then: What else waited for Elasticsearch; done after a round that succeeded.
        """
        self._outbox = outbox
        self._observe = observe
        self._then = then
        self._stop = Event()
        self._thread = Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self.once()

    def once(self) -> float:
        """Carry what waits.

        Returns:
            Seconds to wait before the next time.
        """
        try:
            self._outbox.drain()
            self._observe(self._outbox.lag())
            self._then()
        except Unavailable as error:
            log().warning("outbox_waits", error_class=type(error).__name__)
            self._observe_lag()
            return REST_SECONDS
        except Exception as error:  # noqa: BLE001 - the thread must outlive what nobody foresaw
            log().error("outbox_failed", error_class=type(error).__name__, where=place_of(error))
            return REST_SECONDS
        return POLL_SECONDS

    def _observe_lag(self) -> None:
        try:
            self._observe(self._outbox.lag())
        except Unavailable as error:
            log().warning("outbox_waits", error_class=type(error).__name__)
