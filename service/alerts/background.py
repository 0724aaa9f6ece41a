"""Matching as a job: the cases that wait are compared share by share, each share committed.

A job that was killed leaves its unfinished shares in the queue; the next one goes on there.
Comparing holds no lock, so that others go on registering. The order of shares does not
matter: both cases of a pair are stored and indexed before either is compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlmodel import Session

from service.accounts.repository import AccountRepository
from service.alerts.bulk import Compared, Comparer, InMemory, ThroughIndex, store_links
from service.alerts.operations import alerted_pairs, shown_cases
from service.alerts.repository import MatchRunRepository, WaitingRepository
from service.alerts.waiting import LAGS, SLOW
from service.audit.schemas import AuditEvent
from service.errors import Conflict, IndexLags, IndexUnavailable, Unavailable
from service.forking import in_order
from service.jobs import JobContext
from service.risk.operations import refresh_signs
from service.security.policy import Permission
from service.store.engine import for_reading
from service.store.unit_of_work import UnitOfWork, store_errors

SHARE = 250
"""Cases compared by one process at a time and committed together: about a second of work."""
IN_MEMORY_AT_MOST = 50_000
"""Open cases up to which all are read into memory: there that is quicker than asking the
index for each, and takes half a gigabyte at most."""
LAGGING_AT_MOST = 0.5
"""Share of its cases that met a lagging index from which a run stops: the next shares would get
half an answer as well. A few are no reason, since somebody may carry the changes meanwhile."""
ATTEMPTS = 3
"""Another job may raise the same link from its other side; twice in a row is all but impossible."""


@dataclass(frozen=True, slots=True)
class MatchStatus:
    """How far matching is.

    Attributes:
        waiting: Cases that were stored and not compared yet.
        running: Whether the newest job has not ended; one that was killed looks the same.
        done: Cases that the newest job has compared.
        alerts: Links that it raised.
        unseen: Cases that it tried and could not compare with all others, since the index
            lagged or ran out of time; they wait on, and others that it did not reach may too.
        seconds: From its begin to its newest share.
    """

    waiting: int
    running: bool
    done: int
    alerts: int
    unseen: int
    seconds: float

    def as_json(self) -> dict[str, object]:
        """The status as a plain object."""
        return {
            "waiting": self.waiting,
            "running": self.running,
            "done": self.done,
            "alerts": self.alerts,
            "unseen": self.unseen,
            "seconds": round(self.seconds, 1),
            "cases_per_second": round(self.done / self.seconds, 1) if self.seconds else None,
        }


def match_waiting(context: JobContext, authorities: Sequence[str] | None = None) -> int:
    """Compare what was stored but not compared yet with the collection.

    Args:
        context: Where the job runs.
        authorities: Codes of the owners whose cases to compare; None means all.

    Returns:
        How many alerts were raised.

    Raises:
        Forbidden: If the actor may not store cases.
        BadInput: If there is no such authority.
        IndexUnavailable: If the index does not answer, or ran out of time for some cases.
        IndexLags: If it has not seen the newest cases yet. What was compared stands, the
            others go on waiting.
    """
    context.actor.require(Permission.CASE_WRITE)
    context.progress("reading", 0, None)
    with store_errors(), Session(for_reading(context.engine)) as session:
        owners = _owners(session, authorities)
        total = WaitingRepository(session).count(owners)
        if not total:
            return 0
        comparer = _in_memory(context, session)
    return _Job(context, comparer or _through_index(context), total).run(_shares(context, owners))


def match_status(work: UnitOfWork) -> MatchStatus:
    """How many cases wait, and how the newest job does."""
    work.actor.require(Permission.CASE_WRITE)
    run = MatchRunRepository(work.session).newest()
    waiting = WaitingRepository(work.session).count()
    work.audit(AuditEvent("match:status"))
    if run is None:
        return MatchStatus(waiting, running=False, done=0, alerts=0, unseen=0, seconds=0)
    seconds = (run.touched_at - run.started_at).total_seconds()
    is_running = run.finished_at is None
    return MatchStatus(waiting, is_running, run.cases, run.alerts, run.unseen, seconds)


def _owners(session: Session, authorities: Sequence[str] | None) -> list[int] | None:
    if authorities is None:
        return None
    accounts = AccountRepository(session)
    return [accounts.authority(code).id or 0 for code in authorities]


def _in_memory(context: JobContext, session: Session) -> InMemory | None:
    collection = context.linkage.open_index(session).frequencies([]).total
    return InMemory.read(session, context.linkage) if collection <= IN_MEMORY_AT_MOST else None


def _through_index(context: JobContext) -> ThroughIndex:
    with suppress(Unavailable):
        # What does not answer here may have a stand-in that answers for it.
        context.carry()
    return ThroughIndex.open(context.engine, context.linkage)


def _shares(context: JobContext, owners: Collection[int] | None) -> Iterator[list[int]]:
    """Waiting cases in the order in which they were stored; read as they are asked for."""
    last = 0
    while True:
        with store_errors(), Session(for_reading(context.engine)) as session:
            share = WaitingRepository(session).first(SHARE, after=last, authority_ids=owners)
        if not share:
            return
        last = share[-1]
        yield share


class _Job:
    """One run over the waiting cases."""

    def __init__(self, context: JobContext, comparer: Comparer, total: int) -> None:
        self._context = context
        self._comparer = comparer
        self._total = total
        self._done = 0
        self._alerts = 0
        self._unseen = 0
        with context.work() as work:
            self._run = MatchRunRepository(work.session).begin(work.clock())
            work.audit(AuditEvent("match:begin", detail={"waiting": total}))

    def run(self, shares: Iterator[list[int]]) -> int:
        """Compare and commit share after share; how many alerts were raised."""
        lagging = 0
        for compared in in_order(self._comparer, shares):
            self._alerts += self._settle(compared)
            self._done += len(compared.case_ids) - len(compared.unseen)
            self._unseen += len(compared.unseen)
            lagging += compared.lagging
            self._context.progress("matching", self._done, max(self._total, self._done))
            if compared.lagging > LAGGING_AT_MOST * len(compared.case_ids):
                break
        self._end()
        if lagging:
            raise IndexLags(LAGS)
        if self._unseen:
            raise IndexUnavailable(SLOW)
        return self._alerts

    def _end(self) -> None:
        with self._context.work() as work:
            MatchRunRepository(work.session).end(self._run, self._unseen, work.clock())
            detail = {"cases": self._done, "alerts": self._alerts, "unseen": self._unseen}
            work.audit(AuditEvent("match:end", detail=detail))

    def _settle(self, compared: Compared) -> int:
        for attempt in range(ATTEMPTS):
            try:
                with self._context.work() as work:
                    return self._store(work, compared)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        return 0

    def _store(self, work: UnitOfWork, compared: Compared) -> int:
        linkage, generation = self._context.linkage, self._comparer.generation
        raised = store_links(work, linkage, compared, generation)
        done = set(compared.case_ids) - compared.unseen
        WaitingRepository(work.session).drop(done)
        # The other sides too: what they share with third cases may mean something else now.
        involved = {side for alert in raised for side in (alert.left_id, alert.right_id)}
        refresh_signs(work, involved | set(compared.case_ids))
        cases = len(done)
        MatchRunRepository(work.session).count(self._run, cases, len(raised), work.clock())
        shown = shown_cases(alerted_pairs(work, raised))
        detail = {"cases": cases, "alerts": len(raised)}
        work.audit(AuditEvent("alert:raise", case_ids=shown, detail=detail))
        return len(raised)
