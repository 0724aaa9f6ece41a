"""One unit of work: a session, an actor, and the audit rows without which nothing is answered.

What changes the store keeps the write lock from its start, and its audit rows commit with it.
What only reads sees a snapshot and keeps nobody waiting; its audit rows are written when it
ends, in a short transaction of their own that commits before the answer leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from matching.explain import LANGUAGES
from service.audit.repository import AuditRepository
from service.audit.schemas import AuditEvent
from service.clock import Clock
from service.errors import AuditMissing, Conflict, StoreBusy
from service.security.policy import Actor
from service.store.engine import for_reading


class UnitOfWork:
    """Everything one request may do to the store; only it commits."""

    def __init__(  # noqa: PLR0913 - what a request is made of
        self,
        session: Session,
        actor: Actor,
        *,
        clock: Clock,
        request_id: str = "",
        language: str = LANGUAGES[0],
        trail: Engine | None = None,
    ) -> None:
        self.session = session
        self.actor = actor
        self.clock = clock
        self.request_id = request_id
        self.language = language
        self._trail = trail
        self._events: list[AuditEvent] = []
        self._late: list[Callable[[Session], None]] = []
        self._audited = False

    def audit(self, event: AuditEvent) -> None:
        """Note an access; the row is written with the commit."""
        self._events.append(event)
        self._audited = True

    def write_late(self, write: Callable[[Session], None]) -> None:
        """Write something together with the audit rows, also when the work itself only reads."""
        self._late.append(write)

    def commit(self) -> None:
        """Write the audit rows and commit.

        Raises:
            AuditMissing: If nothing was noted: no audit row, no answer.
        """
        if not self._audited:
            raise AuditMissing("the access was not logged and is refused")
        if self._trail is None:
            self._finish(self.session)
            return
        # A thread holds one connection at a time: two each would use up the pool.
        self.session.commit()
        with Session(self._trail) as session:
            self._finish(session)

    def _finish(self, session: Session) -> None:
        for write in self._late:
            write(session)
        AuditRepository(session).append(
            self._events, self.actor, at=self.clock(), request_id=self.request_id
        )
        self._late.clear()
        self._events.clear()
        session.commit()


@contextmanager
def unit_of_work(  # noqa: PLR0913 - what a request is made of
    engine: Engine,
    actor: Actor,
    *,
    clock: Clock,
    request_id: str = "",
    language: str = LANGUAGES[0],
    reads: bool = False,
) -> Iterator[UnitOfWork]:
    """Open a unit of work, commit on success, roll back on any error.

    Args:
        engine: The store.
        actor: Who acts.
        clock: Source of the current time.
        request_id: Of the request, for the trail.
        language: Of explanations.
        reads: Whether it writes nothing but its audit rows.

    Raises:
        StoreBusy: If the database is locked or away.
        Conflict: If another was quicker to store the same.
        AuditMissing: If the work was not logged.
    """
    bound = for_reading(engine) if reads else engine
    with store_errors(), Session(bound, expire_on_commit=False) as session:
        work = UnitOfWork(
            session,
            actor,
            clock=clock,
            request_id=request_id,
            language=language,
            trail=engine if reads else None,
        )
        yield work
        work.commit()


@contextmanager
def store_errors() -> Iterator[None]:
    """Say the database's errors in our words; their own texts may hold values.

    Raises:
        StoreBusy: If the database is locked, away, or has no connection left.
        Conflict: If what was to be stored exists already: somebody was quicker.
    """
    try:
        yield
    except (OperationalError, PoolTimeout):
        raise StoreBusy("the database does not answer; try again shortly") from None
    except IntegrityError:
        raise Conflict("it was stored or changed meanwhile; read it again") from None
