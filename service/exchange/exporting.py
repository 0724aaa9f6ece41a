"""Export the cases of one authority in the columns that `import` reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.accounts.repository import AccountRepository
from service.audit.schemas import AuditEvent
from service.cases.models import Case, CaseEvent, Claim
from service.cases.repository import CaseRepository
from service.cases.vocabulary import ClaimKind
from service.errors import Forbidden
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

_TEXTS = {
    ClaimKind.NATIONALITY: "nationality",
    ClaimKind.COUNTRY_OF_BIRTH: "country_of_birth",
    ClaimKind.PLACE_OF_BIRTH: "place_of_birth",
    ClaimKind.LANGUAGE: "languages",
}
_PARTICULARS = (
    "record_id",
    "kind",
    "sis_category",
    "case_type",
    "legal_regime",
    "handling_codes",
    "handling_note",
    "evaluation",
    "circumstances",
    "trafficking_belief",
    "trafficking_basis",
    "release",
)
_DESCRIPTION = {"marks": "distinguishing_marks"}
_ADDRESS = {"text": "address", "city": "city", "postcode": "postcode", "country": "country"}
_NAME_COLUMNS = frozenset({"given_name", "family_name"})
CASES_A_ROW = 500
"""Cases named in one row of the trail."""
_PARENTS = {"father": "father_name", "mother": "mother_name"}


@dataclass(frozen=True, slots=True)
class ExportedCase:
    """One case in columns, and what they cannot hold: claims by kind, with their number."""

    columns: dict[str, Any]
    left_out: Counter[str]


def export_cases(work: UnitOfWork, authority_code: str) -> Iterator[ExportedCase]:
    """Cases of one authority in order of registration.

    Raises:
        Forbidden: If the actor does not act for that authority.
        BadInput: If the authority is unknown.
    """
    work.actor.require(Permission.CASE_READ)
    if not work.actor.reads_all and authority_code != work.actor.authority_code:
        raise Forbidden("only the authority that owns cases may export them")
    authority = AccountRepository(work.session).authority(authority_code)
    repository = CaseRepository(work.session, work.actor)
    detail = {"authority": authority_code}
    if not repository.has_cases(authority.id or 0):
        work.audit(AuditEvent("case:export", detail=detail))
    for cases in _batched(repository.of_authority(authority.id or 0), CASES_A_ROW):
        ids = tuple(case.public_id for case in cases)
        work.audit(AuditEvent("case:export", case_ids=ids, detail=detail))
        for case in cases:
            claims = repository.claims(case.id or 0, standing_only=True)
            events = repository.events(case.id or 0, standing_only=True)
            photographs = len(repository.photographs(case.id or 0))
            row, left_out = _columns(case, list(claims), list(events))
            left_out.update({"photograph": photographs} if photographs else {})
            yield ExportedCase(row, left_out)


def _batched(cases: Iterable[Case], size: int) -> Iterator[list[Case]]:
    source = iter(cases)
    while some := list(islice(source, size)):
        yield some


def _columns(
    case: Case, claims: list[Claim], events: list[CaseEvent]
) -> tuple[dict[str, Any], Counter[str]]:
    row: dict[str, Any] = {
        name: value for name in _PARTICULARS if (value := getattr(case, name)) not in ("", [], None)
    }
    left_out: Counter[str] = Counter()
    for claim in claims:
        if not _add_claim(row, claim):
            left_out[claim.kind] += 1
    for event in events:
        for column, value in (
            ("event_kind", event.kind),
            ("event_date", event.date_text),
            ("event_place", event.place),
            ("event_country", event.country),
        ):
            row.setdefault(column, []).append(value)
    return row, left_out


def _add_claim(row: dict[str, Any], claim: Claim) -> bool:
    """Write a claim into its columns; False when there is no room for it."""
    kind = ClaimKind(claim.kind)
    if kind in _TEXTS:
        row.setdefault(_TEXTS[kind], []).append(claim.value["text"])
    elif kind is ClaimKind.BIRTH:
        row.setdefault("date_of_birth", []).append(claim.value["date"])
        row.setdefault("date_of_birth_basis", []).append(claim.basis)
    else:
        return _WRITERS[kind](row, claim.value)
    return True


def _set_once(row: dict[str, Any], cells: dict[str, Any]) -> bool:
    if row.keys() & cells.keys():
        return False
    row.update(cells)
    return True


def _add_sex(row: dict[str, Any], value: dict[str, Any]) -> bool:
    return _set_once(row, {"sex": value["code"]})


def _add_contact(row: dict[str, Any], value: dict[str, Any]) -> bool:
    row.setdefault(value["kind"], []).append(value["value"])
    return True


def _add_document(row: dict[str, Any], value: dict[str, Any]) -> bool:
    number = f"{value['kind']}:{value['number']}" if value.get("kind") else value["number"]
    row.setdefault("document", []).append(number)
    return True


def _add_address(row: dict[str, Any], value: dict[str, Any]) -> bool:
    if row.keys() & _ADDRESS.values():
        return False
    cells = {column: value[part] for part, column in _ADDRESS.items() if value.get(part)}
    return _set_once(row, cells)


def _add_description(row: dict[str, Any], value: dict[str, Any]) -> bool:
    return _set_once(row, {_DESCRIPTION.get(part, part): text for part, text in value.items()})


def _add_name(row: dict[str, Any], value: dict[str, Any]) -> bool:
    parts: dict[str, list[str]] = {}
    for text, kind in value["parts"]:
        parts.setdefault(kind, []).append(text)
    whole = " ".join(text for text, _ in value["parts"])
    if value["kind"] != "primary":
        row.setdefault("aliases", []).append(whole)
    elif set(parts) <= {"given", "family", "father"} and not row.keys() & _NAME_COLUMNS:
        row.update({f"{k}_name": " ".join(v) for k, v in parts.items() if k != "father"})
    else:
        row.setdefault("full_name", []).append(whole)
    return True


def _add_relative(row: dict[str, Any], value: dict[str, Any]) -> bool:
    if value["relation"] in _PARENTS:
        row.setdefault(_PARENTS[value["relation"]], []).append(value["name"])
    elif value["relation"] == "accompanying_adult":
        row.setdefault("accompanying_adult", []).append(value["name"])
        row.setdefault("accompanying_adult_phone", []).append(value.get("phone", ""))
    else:
        return False
    return True


_WRITERS: dict[ClaimKind, Callable[[dict[str, Any], dict[str, Any]], bool]] = {
    ClaimKind.NAME: _add_name,
    ClaimKind.SEX: _add_sex,
    ClaimKind.CONTACT: _add_contact,
    ClaimKind.DOCUMENT: _add_document,
    ClaimKind.ADDRESS: _add_address,
    ClaimKind.RELATIVE: _add_relative,
    ClaimKind.DESCRIPTION: _add_description,
}
