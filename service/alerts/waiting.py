"""Compare later what was registered while the index of candidates was away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

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
from service.store.engine import for_reading, let_others_write
from service.store.unit_of_work import UnitOfWork, store_errors, unit_of_work

AT_ONCE = 50
"""Cases compared in one round: some seconds, so that changes are carried on between."""
AGAIN = timedelta(minutes=5)
"""How long a case that was compared in vain stays behind the others: what took the server too
long will do so again, and some seconds of its work each time are enough."""
LAGS = (
    "the index lags behind the store: what was not compared goes on waiting; "
    "run `empd index drain`, then `empd match run`"
)
"""Said where a comparison could not meet the newest cases."""
SLOW = (
    "the index ran out of time: what it found is stored, and the cases it could not compare "
    "with all others go on waiting; `empd match run` asks again"
)
"""Said where it could not meet every case in time."""


def compare_later(work: UnitOfWork, case: Case) -> None:
    """Remember that a case has to be compared; it commits with the case."""
    WaitingRepository(work.session).keep(case.id or 0)


def is_waiting(work: UnitOfWork, case: Case) -> bool:
    """Whether links of a case are still to be looked for."""
    return WaitingRepository(work.session).has(case.id or 0)


def compare_waiting(
    engine: Engine,
    linkage: Linkage,
    clock: Clock,
    *,
    limit: int,
    put_off: dict[int, datetime] | None = None,
) -> int:
    """Compare cases that wait, each in a transaction of its own.

    One that fails, or for which the index runs out of time, holds no other up.

    Args:
        engine: The store.
        linkage: Matching.
        clock: Source of the current time.
        limit: Candidates to score for each.
        put_off: Cases that were compared in vain, with when to try them again; kept from
            round to round by whoever goes on and on.

    Returns:
        How many were compared or needed no comparison any more.

    Raises:
        IndexUnavailable: If the index is away again; the others go on waiting.
        IndexLags: If it has not seen the newest cases yet; likewise.
    """
    later = {} if put_off is None else put_off
    now = clock()
    for case_id in [case_id for case_id, moment in later.items() if moment <= now]:
        del later[case_id]
    done = 0
    for case_id in _first(engine, later):
        is_done = False
        try:
            with unit_of_work(engine, operator("index"), clock=clock) as work:
                is_done = _compare(work, linkage, case_id, limit=limit)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one case must not keep the others waiting
            log().error("match.failed", error_class=type(error).__name__, where=place_of(error))
        let_others_write()
        if is_done:
            done += 1
        else:
            later[case_id] = now + AGAIN
    return done


def _first(engine: Engine, later: Collection[int]) -> list[int]:
    """The first cases that wait, but those put off."""
    with store_errors(), Session(for_reading(engine)) as session:
        waiting = WaitingRepository(session).first(AT_ONCE + len(later))
    return [case_id for case_id in waiting if case_id not in later][:AT_ONCE]


def _compare(work: UnitOfWork, linkage: Linkage, case_id: int, *, limit: int) -> bool:
    """Whether the case need not be compared again."""
    waiting = WaitingRepository(work.session)
    found = CaseRepository(work.session, work.actor).by_ids([case_id]).get(case_id)
    ids = (found.case.public_id,) if found else ()
    work.audit(AuditEvent("case:compare", case_ids=ids))
    if not waiting.has(case_id):
        return True
    if found is None or not is_open(found.case):
        waiting.drop([case_id])
        return True
    record = matching_records(work.session, [case_id])[case_id]
    raised = raise_alerts(work, linkage, StoredCase(found.case, record), limit=limit)
    if raised.lags:
        # Rolled back, and no other case is tried: they would all get half an answer.
        raise IndexLags(LAGS)
    if not raised.complete:
        log().warning("match.incomplete")
    return raised.complete
