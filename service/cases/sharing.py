"""Let another authority read a case in full, and end that again."""

from __future__ import annotations

from service.accounts.repository import AccountRepository
from service.audit.schemas import AuditEvent
from service.cases.operations import note_change, require_open
from service.cases.repository import CaseRepository
from service.cases.schemas import ShareIn
from service.errors import BadInput, FieldError
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork


def share_case(work: UnitOfWork, public_id: str, share: ShareIn) -> None:
    """Let another authority read a case in full.

    Raises:
        Forbidden: If another authority owns the case.
        BadInput: If the authority is unknown or the owner itself.
        Conflict: If the case is closed.
    """
    work.actor.require(Permission.CASE_SHARE)
    repository = CaseRepository(work.session, work.actor)
    case = repository.get_own(public_id).case
    authority = AccountRepository(work.session).authority(share.authority)
    if authority.id == case.authority_id:
        raise BadInput.of(FieldError("authority", "owns the case"))
    require_open(case)
    repository.share(case.id or 0, authority.id or 0, at=work.clock(), reason=share.reason)
    note_change(work, case, "share", {"authority": authority.code, "reason": share.reason})
    detail = {"recipient": authority.code, "handling_codes": case.handling_codes}
    work.audit(AuditEvent("case:share", case_ids=(public_id,), detail=detail))


def unshare_case(work: UnitOfWork, public_id: str, authority_code: str) -> None:
    """End a share.

    Raises:
        Forbidden: If another authority owns the case.
        BadInput: If the authority is unknown.
    """
    work.actor.require(Permission.CASE_SHARE)
    repository = CaseRepository(work.session, work.actor)
    case = repository.get_own(public_id).case
    authority = AccountRepository(work.session).authority(authority_code)
    repository.unshare(case.id or 0, authority.id or 0)
    note_change(work, case, "unshare", {"authority": authority.code})
    detail = {"recipient": authority.code}
    work.audit(AuditEvent("case:unshare", case_ids=(public_id,), detail=detail))
