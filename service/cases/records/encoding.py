"""The matching record of a case as one short text, quick to read: a projection of its claims.

A positional JSON list: what scoring reads for hundreds of candidates a search is one row
a case, not ten. Numbers stand for the members of an enumeration by their place below;
places are never changed, only added to. Empty values at the end are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from matching.record import (
    Address,
    Basis,
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

_KINDS = (CaseKind.MISSING, CaseKind.ENCOUNTERED, CaseKind.UNIDENTIFIED)
_SEXES = (Sex.UNKNOWN, Sex.FEMALE, Sex.MALE, Sex.OTHER)
_BASES = (Basis.CLAIMED, Basis.DOCUMENTED, Basis.ASSESSED)
_NAMES = (NameKind.PRIMARY, NameKind.ALIAS, NameKind.NICKNAME, NameKind.BIRTH)
_PARTS = (
    NamePartKind.UNSPECIFIED,
    NamePartKind.GIVEN,
    NamePartKind.FAMILY,
    NamePartKind.FATHER,
    NamePartKind.GRANDFATHER,
)
_read = json.JSONDecoder().raw_decode
_KEPT = 32_768
"""Values of one type kept decoded: all birthdays of fifty years and more, some megabytes."""


def encode_record(record: PersonRecord) -> str:
    """A record as text; the id is left out, it is the row's own."""
    fields: list[Any] = [
        _KINDS.index(record.kind),
        _SEXES.index(record.sex),
        [_name_list(name) for name in record.names],
        [cell for birth in record.births for cell in (birth.date.text, _BASES.index(birth.basis))],
        record.nationalities,
        record.countries_of_birth,
        record.places_of_birth,
        record.languages,
        [_trimmed([a.country, a.city, a.postcode, a.text]) for a in record.addresses],
        [_trimmed([d.number, d.kind, d.country]) for d in record.documents],
        [cell for contact in record.contacts for cell in (contact.kind, contact.value)],
        [[relative.relation, *_name_list(relative.name)] for relative in record.relatives],
        [_event_list(event) for event in record.events],
        _description_list(record.description),
    ]
    return json.dumps(_trimmed(fields), ensure_ascii=False, separators=(",", ":"))


def decode_record(case_id: int, body: str) -> PersonRecord:
    """A record as `encode_record` wrote it.

    Args:
        case_id: Internal id, carried as the record's id.
        body: The text.
    """
    fields, _ = _read(body)
    fields += _EMPTY[len(fields) :]
    (kind, sex, names, births, nationalities, born_in, birthplaces, languages, *others) = fields
    addresses, documents, contacts, relatives, events, description = others
    return PersonRecord(
        str(case_id),
        _KINDS[kind],
        tuple([_name(name) for name in names]),
        tuple(map(_birth, births[::2], births[1::2])),
        _SEXES[sex],
        tuple(nationalities),
        tuple(born_in),
        tuple(birthplaces),
        tuple(languages),
        tuple([_address(*address) for address in addresses]),
        tuple([Document(*document) for document in documents]),
        tuple(map(Contact, contacts[::2], contacts[1::2])),
        tuple([Relative(relation, _name(name)) for relation, *name in relatives]),
        tuple([_event(*event) for event in events]),
        _description(*description),
    )


_EMPTY: list[Any] = [0, 0, *[()] * 12]
"""What stands in the place of each field of a record that was left out."""
_UNSAID: tuple[Any, ...] = (0, 0, 0, 0, "", "", "")
"""The same for a description."""


def _trimmed(values: list[Any]) -> list[Any]:
    while values and not values[-1]:
        values.pop()
    return values


def _name_list(name: Name) -> list[Any]:
    parts = [cell for part in name.parts for cell in (part.text, _PARTS.index(part.kind))]
    return [_NAMES.index(name.kind), *parts]


def _name(cells: Sequence[Any]) -> Name:
    kind, *parts = cells
    return Name(tuple(map(_part, parts[::2], parts[1::2])), _NAMES[kind])


@lru_cache(_KEPT)
def _part(text: str, kind: int) -> NamePart:
    return NamePart(text, _PARTS[kind])


@lru_cache(_KEPT)
def _birth(text: str, basis: int) -> BirthDate:
    return BirthDate(PartialDate.parse(text), _BASES[basis])


def _address(country: str = "", city: str = "", postcode: str = "", text: str = "") -> Address:
    return Address(text, city, postcode, country)


def _event_list(event: Event) -> list[Any]:
    when = event.date.text if event.date else ""
    return _trimmed([event.kind, when, event.place.country, event.place.name])


def _event(kind: str, when: str = "", country: str = "", place: str = "") -> Event:
    return Event(kind, PartialDate.parse(when) if when else None, _place(place, country))


@lru_cache(_KEPT)
def _place(name: str, country: str) -> Place:
    return Place(name, country)


def _description_list(found: Description) -> list[Any]:
    ranges: Iterable[tuple[int, int] | None] = (found.height_cm, found.weight_kg)
    numbers = [number for given in ranges for number in given or (0, 0)]
    return _trimmed([*numbers, found.eye_colour, found.hair_colour, found.marks])


@lru_cache(_KEPT)
def _description(*cells: Any) -> Description:
    shortest, tallest, lightest, heaviest, *words = (*cells, *_UNSAID[len(cells) :])
    height = (shortest, tallest) if tallest else None
    weight = (lightest, heaviest) if heaviest else None
    return Description(height, weight, *words)
