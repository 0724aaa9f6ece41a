"""Compare later what was registered while the index of candidates was away."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlmodel import Session

from service.alerts.operations import raise_alerts
from service.alerts.repository import WaitingRepository
from service.audit.schemas import AuditEvent
from service.cases.models import Case
from service.cases.operations import StoredCase, is_open
from service.cases.records.repository import matching_records
from service.cases.repository import CaseRepository
from service.clock import Clock
from service.errors import IndexLags, Unavailable
from service.linkage import Linkage
from service.observability import log, place_of
from service.security.policy import operator
from service.store.engine import for_reading
from service.store.unit_of_work import UnitOfWork, store_errors, unit_of_work

AT_ONCE = 50
"""Cases compared in one round: some seconds, so that changes are carried on between."""
LAGS = (
    "the index lags behind the store or ran out of time: what was not compared goes on waiting; "
    "run `empd index drain`, then `empd match run`"
)
"""Said where a comparison could not meet every case."""


def compare_later(work: UnitOfWork, case: Case) -> None:
    """Remember that a case has to be compared; it commits with the case."""
    WaitingRepository(work.session).keep(case.id or 0)


def is_waiting(work: UnitOfWork, case: Case) -> bool:
    """Whether links of a case are still to be looked for."""
    return WaitingRepository(work.session).has(case.id or 0)


def compare_waiting(engine: Engine, linkage: Linkage, clock: Clock, *, limit: int) -> int:
    """Compare cases that wait, each in a transaction of its own.

    Args:
        engine: The store.
        linkage: Matching.
        clock: Source of the current time.
        limit: Candidates to score for each.

    Returns:
        How many were compared or needed no comparison any more.

    Raises:
        IndexUnavailable: If the index is away again; the others go on waiting.
        IndexLags: If it has not seen the newest cases yet; likewise.
    """
    with store_errors(), Session(for_reading(engine)) as session:
        waiting = WaitingRepository(session).first(AT_ONCE)
    done = 0
    for case_id in waiting:
        try:
            with unit_of_work(engine, operator("index"), clock=clock) as work:
                _compare(work, linkage, case_id, limit=limit)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one case must not keep the others waiting
            log().error("match.failed", error_class=type(error).__name__, where=place_of(error))
        else:
            done += 1
    return done


def _compare(work: UnitOfWork, linkage: Linkage, case_id: int, *, limit: int) -> None:
    waiting = WaitingRepository(work.session)
    found = CaseRepository(work.session, work.actor).by_ids([case_id]).get(case_id)
    ids = (found.case.public_id,) if found else ()
    work.audit(AuditEvent("case:compare", case_ids=ids))
    if not waiting.has(case_id):
        return
    if found is None or not is_open(found.case):
        waiting.drop([case_id])
        return
    record = matching_records(work.session, [case_id])[case_id]
    raised = raise_alerts(work, linkage, StoredCase(found.case, record), limit=limit)
    if not raised.complete:
        # Rolled back, and no other case is tried: they would all get half an answer.
        raise IndexLags(LAGS)
