"""The matching record of a case as one short text, quick to read: a projection of its claims.

A positional JSON list: what scoring reads for hundreds of candidates a search is one row
a case, not ten. Numbers stand for the members of an enumeration by their place below;
places are never changed, only added to. Empty values at the end are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
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
    Person,
    PersonRecord,
    Place,
    Relative,
    Sex,
)
from service.json_writing import compact_json

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
    cells: list[Any] = [
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
    return compact_json(_trimmed(cells))


def decode_persons(bodies: Mapping[int, str]) -> dict[int, StoredPerson]:
    """Records as `encode_record` wrote them, by id, each field decoded when asked for.

    Raises:
        ValueError: If a text is none.
    """
    found, _ = _read(f"[{','.join(bodies.values())}]")
    if not all(type(cells) is list for cells in found):
        raise ValueError("a row holds no record")
    return {
        case_id: StoredPerson(case_id, cells) for case_id, cells in zip(bodies, found, strict=True)
    }


def is_body(body: str) -> bool:
    """Whether a text can be read as a record."""
    try:
        cells, end = _read(body)
    except ValueError:
        return False
    return isinstance(cells, list) and end == len(body)


class StoredPerson:
    """A stored record of which each field is decoded when a comparison asks for it."""

    __slots__ = ("_case_id", "_cells")

    def __init__(self, case_id: int, cells: list[Any]) -> None:
        """Hold the values of the row; fields at its end may be missing."""
        self._case_id = case_id
        self._cells = cells if len(cells) == len(_EMPTY) else cells + _EMPTY[len(cells) :]

    @property
    def record_id(self) -> str:
        """Id of the case."""
        return str(self._case_id)

    @property
    def kind(self) -> CaseKind:
        """Kind of the case."""
        return _KINDS[self._cells[_KIND]]

    @property
    def sex(self) -> Sex:
        """Sex as recorded."""
        return _SEXES[self._cells[_SEX]]

    @property
    def names(self) -> tuple[Name, ...]:
        """All names."""
        return tuple([_name(cells) for cells in self._cells[_NAME]])

    @property
    def births(self) -> tuple[BirthDate, ...]:
        """Claims about birth."""
        cells = self._cells[_BIRTH]
        return tuple(map(_birth, cells[::2], cells[1::2]))

    @property
    def nationalities(self) -> tuple[str, ...]:
        """Countries by code."""
        return tuple(self._cells[_NATIONALITY])

    @property
    def countries_of_birth(self) -> tuple[str, ...]:
        """Countries by code."""
        return tuple(self._cells[_BORN_IN])

    @property
    def places_of_birth(self) -> tuple[str, ...]:
        """As written."""
        return tuple(self._cells[_BIRTHPLACE])

    @property
    def languages(self) -> tuple[str, ...]:
        """By code."""
        return tuple(self._cells[_LANGUAGE])

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All addresses."""
        return tuple([_address(*cells) for cells in self._cells[_ADDRESS]])

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents."""
        return tuple([Document(*cells) for cells in self._cells[_DOCUMENT]])

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Telephone numbers and e-mail addresses."""
        cells = self._cells[_CONTACT]
        return tuple(map(Contact, cells[::2], cells[1::2]))

    @property
    def relatives(self) -> tuple[Relative, ...]:
        """Persons near the subject."""
        return tuple([Relative(one, _name(name)) for one, *name in self._cells[_RELATIVE]])

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened to the subject."""
        return tuple([_event(*cells) for cells in self._cells[_EVENT]])

    @property
    def description(self) -> Description:
        """What the subject looks like."""
        return _description(*self._cells[_DESCRIPTION])


(
    _KIND, _SEX, _NAME, _BIRTH, _NATIONALITY, _BORN_IN, _BIRTHPLACE, _LANGUAGE,
    _ADDRESS, _DOCUMENT, _CONTACT, _RELATIVE, _EVENT, _DESCRIPTION,
) = range(14)  # fmt: skip
"""Places of the fields in a row."""
_FIELDS = [field.name for field in fields(PersonRecord)]


def whole(person: Person) -> PersonRecord:
    """The same with every field decoded, for who asks for many fields again and again."""
    return PersonRecord(**{name: getattr(person, name) for name in _FIELDS})


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
