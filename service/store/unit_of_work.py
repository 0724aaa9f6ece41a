"""One unit of work: a session, an actor, and the audit rows that commit with the access."""

from __future__ import annotations

from collections.abc import Iterator
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


class UnitOfWork:
    """Everything one request may do to the store; only it commits."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        *,
        clock: Clock,
        request_id: str = "",
        language: str = LANGUAGES[0],
    ) -> None:
        self.session = session
        self.actor = actor
        self.clock = clock
        self.request_id = request_id
        self.language = language
        self._events: list[AuditEvent] = []
        self._audited = False

    def audit(self, event: AuditEvent) -> None:
        """Note an access; the row is written with the commit."""
        self._events.append(event)
        self._audited = True

    def commit(self) -> None:
        """Write the audit rows and commit.

        Raises:
            AuditMissing: If nothing was noted: no audit row, no answer.
        """
        if not self._audited:
            raise AuditMissing("the access was not logged and is refused")
        AuditRepository(self.session).append(
            self._events, self.actor, at=self.clock(), request_id=self.request_id
        )
        self._events.clear()
        self.session.commit()


@contextmanager
def unit_of_work(
    engine: Engine,
    actor: Actor,
    *,
    clock: Clock,
    request_id: str = "",
    language: str = LANGUAGES[0],
) -> Iterator[UnitOfWork]:
    """Open a unit of work, commit on success, roll back on any error.

    Raises:
        StoreBusy: If the database is locked or away.
        Conflict: If another was quicker to store the same.
        AuditMissing: If the work was not logged.
    """
    with store_errors(), Session(engine, expire_on_commit=False) as session:
        work = UnitOfWork(session, actor, clock=clock, request_id=request_id, language=language)
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
