"""Registration and amendment as the officer meets them: store, index, compare, flag, log."""

from __future__ import annotations

from dataclasses import dataclass

from matching.retrieval import index_entry
from service.alerts.models import Alert
from service.alerts.operations import Raised, lapse_all, raise_alerts
from service.alerts.waiting import compare_later
from service.cases.operations import StoredCase, amend_case, close_case, store_case
from service.cases.schemas import CaseAmendment, CaseClosure, CaseDraft
from service.errors import IndexNotReady, IndexUnavailable
from service.linkage import Linkage
from service.risk.operations import refresh_signs
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Intake:
    """A case just taken in, with the possible links it raised.

    `compared` is false while the index of candidates does not answer, or has not seen
    the newest cases yet: the case is stored all the same, and compared later.
    """

    stored: StoredCase
    alerts: list[Alert]
    compared: bool = True


def register_case(
    work: UnitOfWork, linkage: Linkage, draft: CaseDraft, *, limit: int, authority_code: str = ""
) -> Intake:
    """Take a new case in; everything commits together or nothing does.

    Raises:
        Forbidden: If the actor may not register for that authority.
        BadInput: If a value cannot be.
        Conflict: If the authority has a case with this `record_id`.
        IndexUnavailable: If the index in the store cannot be written.
    """
    stored = store_case(work, draft, authority_code=authority_code)
    return _link(work, linkage, stored, limit=limit)


def amend(
    work: UnitOfWork, linkage: Linkage, public_id: str, amendment: CaseAmendment, *, limit: int
) -> Intake:
    """Change a case, bring the index in step and compare again."""
    stored = amend_case(work, public_id, amendment)
    return _link(work, linkage, stored, limit=limit)


def close(work: UnitOfWork, linkage: Linkage, public_id: str, closure: CaseClosure) -> None:
    """End a case: it leaves the index and its waiting alerts lapse."""
    case = close_case(work, public_id, closure)
    linkage.open_index(work.session).remove([case.id or 0])
    lapse_all(work, case)
    refresh_signs(work, [case.id or 0])


def _link(work: UnitOfWork, linkage: Linkage, stored: StoredCase, *, limit: int) -> Intake:
    work.session.flush()
    linkage.open_index(work.session).upsert([index_entry(stored.case.id or 0, stored.record)])
    try:
        raised = raise_alerts(work, linkage, stored, limit=limit)
    except (IndexUnavailable, IndexNotReady):
        # Nobody waits at the counter for a server that is away.
        compare_later(work, stored.case)
        raised = Raised([], complete=False)
    refresh_signs(work, [stored.case.id or 0])
    return Intake(stored, raised.alerts, raised.complete)
