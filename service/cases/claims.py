"""Between drafts, claim rows and person records: one place that knows the claim values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from matching.names.folding import fold
from matching.names.tokens import tokenize
from matching.record import (
    Address,
    BirthDate,
    CaseKind,
    Contact,
    Description,
    Document,
    Event,
    Name,
    NameKind,
    NamePart,
    NamePartKind,
    PartialDate,
    PersonRecord,
    Place,
    Relative,
    Sex,
)
from matching.record import Basis as ClaimBasis
from service.cases.models import Claim
from service.cases.schemas import BirthIn, Claims, ContactIn, NameIn
from service.cases.values import document_key, number_range, phone_number
from service.cases.vocabulary import ClaimKind, ContactKind, Relation
from service.json_writing import canonical_json

_TEXTS = frozenset(
    {
        ClaimKind.NATIONALITY,
        ClaimKind.COUNTRY_OF_BIRTH,
        ClaimKind.LANGUAGE,
        ClaimKind.PLACE_OF_BIRTH,
    }
)
"""Claims that are one text."""
_NOT_DESCRIBED = Description()
_KEPT = 16_384
"""Claims of one text kept: all codes and the places most named, some megabytes."""


@dataclass(frozen=True, slots=True)
class ClaimValue:
    """A claim before it has a row."""

    kind: ClaimKind
    value: dict[str, Any]
    basis: ClaimBasis
    key: str | None = None


def claim_values(claims: Claims, *, region: str, today: date) -> Iterator[ClaimValue]:
    """All claims of a draft.

    Args:
        claims: The checked draft.
        region: Country of the authority, for telephone numbers without country code.
        today: For ages without a day of their own.
    """
    for name in claims.names:
        yield _name_value(name, claims.basis)
    for birth in claims.births:
        yield _birth_value(birth, today)
    if claims.sex is not None and claims.sex is not Sex.UNKNOWN:
        yield ClaimValue(ClaimKind.SEX, {"code": claims.sex.value}, claims.basis)
    for kind, codes in (
        (ClaimKind.NATIONALITY, claims.nationalities),
        (ClaimKind.COUNTRY_OF_BIRTH, claims.countries_of_birth),
        (ClaimKind.LANGUAGE, [code.lower() for code in claims.languages]),
        (ClaimKind.PLACE_OF_BIRTH, claims.places_of_birth),
    ):
        for code in codes:
            yield _text_value(kind, code, claims.basis)
    yield from _compound_values(claims, region)


def _compound_values(claims: Claims, region: str) -> Iterator[ClaimValue]:
    for contact in claims.contacts:
        yield _contact_value(contact, claims.basis, region)
    for document in claims.documents:
        value = _given(number=document.number, kind=document.kind, country=document.country)
        yield ClaimValue(ClaimKind.DOCUMENT, value, claims.basis, document_key(document.number))
    for place in claims.addresses:
        value = _given(
            text=place.text, city=place.city, postcode=place.postcode, country=place.country
        )
        yield ClaimValue(ClaimKind.ADDRESS, value, claims.basis)
    for relative in claims.relatives:
        phone = phone_number(relative.phone, region) if relative.phone else ""
        value = {"relation": relative.relation.value, "name": relative.name, "phone": phone}
        key = None
        if relative.relation is Relation.ACCOMPANYING_ADULT:
            key = person_key(relative.name)
        yield ClaimValue(ClaimKind.RELATIVE, value, claims.basis, key)
    if claims.description is not None:
        value = claims.description.model_dump(exclude_defaults=True)
        yield ClaimValue(ClaimKind.DESCRIPTION, value, claims.basis)


def _given(**values: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@lru_cache(_KEPT)
def _text_value(kind: ClaimKind, text: str, basis: ClaimBasis) -> ClaimValue:
    """A claim that is one text; thousands of cases share most of these, and nobody changes one."""
    return ClaimValue(kind, {"text": text}, basis)


def _name_value(name: NameIn, basis: ClaimBasis) -> ClaimValue:
    value: dict[str, Any] = {
        "kind": name.kind.value,
        "parts": [[part.text, part.kind.value] for part in name.parts],
    }
    if name.script:
        value["script"] = name.script
    return ClaimValue(ClaimKind.NAME, value, name.basis or basis)


def _birth_value(birth: BirthIn, today: date) -> ClaimValue:
    if birth.date is not None:
        return ClaimValue(ClaimKind.BIRTH, {"date": birth.date}, birth.basis)
    low, high = number_range(birth.age or "")
    on = birth.on or today
    interval = PartialDate.from_age(low, high, on)
    value = {"date": interval.text, "age": birth.age, "on": on.isoformat()}
    return ClaimValue(ClaimKind.BIRTH, value, birth.basis)


def _contact_value(contact: ContactIn, basis: ClaimBasis, region: str) -> ClaimValue:
    if contact.kind is ContactKind.PHONE:
        normal = phone_number(contact.value, region)
    else:
        normal = contact.value.casefold()
    value = {"kind": contact.kind.value, "value": normal or contact.value}
    return ClaimValue(ClaimKind.CONTACT, value, basis, f"{contact.kind.value}:{normal}")


def person_key(name: str) -> str:
    """A name as its folded parts in alphabetical order, for equality across spellings."""
    return " ".join(sorted({fold(token) for token in tokenize(name)}))


def content_digest(values: Iterable[ClaimValue], events: Iterable[Mapping[str, Any]]) -> str:
    """A digest of all standing claims and events: equal only when nothing changed."""
    content = sorted(
        [_digested(item) for item in values]
        + [f"event|{canonical_json(event)}" for event in events]
    )
    return hashlib.blake2b("\n".join(content).encode(), digest_size=16).hexdigest()


def _digested(item: ClaimValue) -> str:
    value = item.value
    if item.kind in _TEXTS:
        return _digested_text(item.kind, item.basis, value["text"])
    # An age and the dates of birth that it stands for say the same.
    content = {"date": value["date"]} if item.kind is ClaimKind.BIRTH else value
    return f"{item.kind.value}|{item.basis.value}|{canonical_json(content)}"


@lru_cache(_KEPT)
def _digested_text(kind: ClaimKind, basis: ClaimBasis, text: str) -> str:
    return f"{kind.value}|{basis.value}|{canonical_json({'text': text})}"


def person_record(
    record_id: str,
    kind: str,
    claims: Iterable[tuple[str, Mapping[str, Any], str]],
    events: Iterable[Event],
) -> PersonRecord:
    """Put a case together as matching sees it.

    Args:
        record_id: Identifier to carry; matching does not look into it.
        kind: Kind of case.
        claims: `(kind, value, basis)` of the standing claims.
        events: The standing events.
    """
    by_kind: dict[str, list[tuple[Mapping[str, Any], str]]] = {}
    for claim_kind, value, basis in claims:
        by_kind.setdefault(claim_kind, []).append((value, basis))

    given = by_kind.get
    sexes = {value["code"] for value, _ in given(ClaimKind.SEX, ())}
    return PersonRecord(
        record_id=record_id,
        kind=CaseKind(kind),
        names=tuple([_name(value) for value, _ in given(ClaimKind.NAME, ())]),
        births=tuple(
            [
                BirthDate(PartialDate.parse(value["date"]), ClaimBasis(basis))
                for value, basis in given(ClaimKind.BIRTH, ())
            ]
        ),
        # Contradicting claims of sex are no knowledge of it.
        sex=Sex(sexes.pop()) if len(sexes) == 1 else Sex.UNKNOWN,
        nationalities=_texts(given(ClaimKind.NATIONALITY, ())),
        countries_of_birth=_texts(given(ClaimKind.COUNTRY_OF_BIRTH, ())),
        places_of_birth=_texts(given(ClaimKind.PLACE_OF_BIRTH, ())),
        languages=_texts(given(ClaimKind.LANGUAGE, ())),
        addresses=tuple([Address(**value) for value, _ in given(ClaimKind.ADDRESS, ())]),
        documents=tuple([Document(**value) for value, _ in given(ClaimKind.DOCUMENT, ())]),
        contacts=tuple([Contact(**value) for value, _ in given(ClaimKind.CONTACT, ())]),
        relatives=tuple(
            [
                Relative(value["relation"], Name.of(value["name"]))
                for value, _ in given(ClaimKind.RELATIVE, ())
            ]
        ),
        events=tuple(events),
        description=_description([value for value, _ in given(ClaimKind.DESCRIPTION, ())]),
    )


def _texts(claims: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[str, ...]:
    return tuple([value["text"] for value, _ in claims])


def _name(value: Mapping[str, Any]) -> Name:
    parts = tuple(NamePart(text, NamePartKind(kind)) for text, kind in value["parts"])
    return Name(parts, NameKind(value["kind"]))


def _description(values: Sequence[Mapping[str, Any]]) -> Description:
    if not values:
        return _NOT_DESCRIBED
    merged: dict[str, Any] = {}
    for value in values:
        merged.update(value)
    for field in ("height_cm", "weight_kg"):
        if field in merged:
            merged[field] = number_range(merged[field])
    return Description(**merged)


def claim_value_of(claim: Claim) -> ClaimValue:
    """A stored claim in the form that digests use."""
    return ClaimValue(ClaimKind(claim.kind), claim.value, ClaimBasis(claim.basis), claim.key)


def event_value(event: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a row of an event, for digests."""
    return {
        "kind": event["kind"],
        "date": event["date_text"],
        "place": event["place"],
        "country": event["country"],
    }


def matching_event(kind: str, date_text: str, place: str, country: str) -> Event:
    """A stored event as matching sees it."""
    when = PartialDate.parse(date_text) if date_text else None
    return Event(kind, when, Place(place, country))
