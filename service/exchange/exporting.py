"""Export the cases of one authority in the columns that `import` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
_PARENTS = {"father": "father_name", "mother": "mother_name"}


def export_cases(work: UnitOfWork, authority_code: str) -> Iterator[dict[str, Any]]:
    """Cases of one authority, one dictionary of columns a case, in order of registration.

    Raises:
        Forbidden: If the actor does not act for that authority.
        BadInput: If the authority is unknown.
    """
    work.actor.require(Permission.CASE_READ)
    if not work.actor.reads_all and authority_code != work.actor.authority_code:
        raise Forbidden("only the authority that owns cases may export them")
    authority = AccountRepository(work.session).authority(authority_code)
    repository = CaseRepository(work.session, work.actor)
    work.audit(AuditEvent("case:export", detail={"authority": authority_code}))
    for case in repository.of_authority(authority.id or 0):
        claims = repository.claims(case.id or 0, standing_only=True)
        events = repository.events(case.id or 0, standing_only=True)
        yield _columns(case, list(claims), list(events))


def _columns(case: Case, claims: list[Claim], events: list[CaseEvent]) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: value for name in _PARTICULARS if (value := getattr(case, name)) not in ("", [], None)
    }
    for claim in claims:
        _add_claim(row, claim)
    for event in events:
        for column, value in (
            ("event_kind", event.kind),
            ("event_date", event.date_text),
            ("event_place", event.place),
            ("event_country", event.country),
        ):
            row.setdefault(column, []).append(value)
    return row


def _add_claim(row: dict[str, Any], claim: Claim) -> None:
    kind = ClaimKind(claim.kind)
    if kind in _TEXTS:
        row.setdefault(_TEXTS[kind], []).append(claim.value["text"])
    elif kind is ClaimKind.BIRTH:
        row.setdefault("date_of_birth", []).append(claim.value["date"])
        row.setdefault("date_of_birth_basis", []).append(claim.basis)
    else:
        _WRITERS[kind](row, claim.value)


def _add_sex(row: dict[str, Any], value: dict[str, Any]) -> None:
    row["sex"] = value["code"]


def _add_contact(row: dict[str, Any], value: dict[str, Any]) -> None:
    row.setdefault(value["kind"], []).append(value["value"])


def _add_document(row: dict[str, Any], value: dict[str, Any]) -> None:
    number = f"{value['kind']}:{value['number']}" if value.get("kind") else value["number"]
    row.setdefault("document", []).append(number)


def _add_address(row: dict[str, Any], value: dict[str, Any]) -> None:
    row.update({column: value[part] for part, column in _ADDRESS.items() if value.get(part)})


def _add_description(row: dict[str, Any], value: dict[str, Any]) -> None:
    row.update({_DESCRIPTION.get(part, part): text for part, text in value.items()})


def _add_name(row: dict[str, Any], value: dict[str, Any]) -> None:
    parts = {kind: text for text, kind in value["parts"]}
    if value["kind"] != "primary":
        text = " ".join(text for text, _ in value["parts"])
        row.setdefault("aliases", []).append(text)
    elif set(parts) <= {"given", "family", "father"} and "given_name" not in row:
        for kind, text in parts.items():
            if kind != "father":
                row[f"{kind}_name"] = text
    else:
        row.setdefault("full_name", []).append(" ".join(text for text, _ in value["parts"]))


def _add_relative(row: dict[str, Any], value: dict[str, Any]) -> None:
    if value["relation"] in _PARENTS:
        row.setdefault(_PARENTS[value["relation"]], []).append(value["name"])
    elif value["relation"] == "accompanying_adult":
        row.setdefault("accompanying_adult", []).append(value["name"])
        row.setdefault("accompanying_adult_phone", []).append(value.get("phone", ""))


_WRITERS: dict[ClaimKind, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    ClaimKind.NAME: _add_name,
    ClaimKind.SEX: _add_sex,
    ClaimKind.CONTACT: _add_contact,
    ClaimKind.DOCUMENT: _add_document,
    ClaimKind.ADDRESS: _add_address,
    ClaimKind.RELATIVE: _add_relative,
    ClaimKind.DESCRIPTION: _add_description,
}
