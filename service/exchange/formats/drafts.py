"""From cells of a row to a checked draft of a case, and back again for export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from matching.record import CaseKind
from service.cases.schemas import CaseDraft
from service.cases.validation import check_against_today
from service.errors import BadInput, FieldError
from service.exchange.formats.reading import Cells, SourceRow
from service.wrong_input import bad_input_from

_EVENT_BY_KIND = {
    CaseKind.MISSING.value: "disappearance",
    CaseKind.ENCOUNTERED.value: "encounter",
    CaseKind.UNIDENTIFIED.value: "encounter",
}
_NAME_PARTS = (("given_name", "given"), ("father_name", "father"), ("family_name", "family"))
_LISTS = {
    "nationality": "nationalities",
    "country_of_birth": "countries_of_birth",
    "place_of_birth": "places_of_birth",
    "languages": "languages",
    "handling_codes": "handling_codes",
    "release": "release",
}
_SINGLE = (
    "record_id",
    "kind",
    "sex",
    "sis_category",
    "case_type",
    "legal_regime",
    "handling_note",
    "evaluation",
    "circumstances",
)
_DESCRIPTION = {
    "height_cm": "height_cm",
    "weight_kg": "weight_kg",
    "eye_colour": "eye_colour",
    "hair_colour": "hair_colour",
    "distinguishing_marks": "marks",
}
_FIELD_TO_COLUMN = {
    "names": "full_name",
    "births": "date_of_birth",
    "contacts": "phone",
    "documents": "document",
    "addresses": "address",
    "relatives": "accompanying_adult",
    "events": "event_date",
    "description": "height_cm",
    "body": "row",
    "trafficking": "trafficking_basis",
    **{ours: column for column, ours in _LISTS.items()},
}
"""Where a complaint about the draft is found in the file."""


def draft_of(row: SourceRow, *, today: date, keep_unreadable: tuple[str, ...] = ()) -> CaseDraft:
    """Check one row.

    Args:
        row: The row as read and mapped.
        today: For future dates.
        keep_unreadable: Columns that are kept as text instead of rejecting the row.

    Raises:
        BadInput: Naming row and column of everything wrong.
    """
    try:
        return _checked(row.cells, row.number, today)
    except BadInput as problem:
        columns = {item.field.split(".")[0] for item in problem.errors}
        if not columns or not columns <= set(keep_unreadable):
            raise
    kept = {name: values for name, values in row.cells.items() if name not in columns}
    notes = [f"{name} as written: {' '.join(row.cells[name])}" for name in sorted(columns)]
    kept["circumstances"] = ["\n".join([*row.cells.get("circumstances", []), *notes])]
    return _checked(kept, row.number, today)


def _checked(cells: Cells, number: int, today: date) -> CaseDraft:
    for column, values in cells.items():
        if column == "accompanying_adult_phone":
            _check_adults(cells, number)
        if column in _SINGLE and len(values) > 1 and column not in {"circumstances", "record_id"}:
            raise BadInput.of(FieldError(column, "takes one value", number))
    try:
        draft = CaseDraft.model_validate(_body(cells))
        check_against_today(draft, today)
    except ValidationError as error:
        raise _in_columns(bad_input_from(error.errors(include_url=False)), number) from None
    except BadInput as error:
        raise _in_columns(error, number) from None
    return draft


def _check_adults(cells: Cells, number: int) -> None:
    """A telephone number stands beside the adult whose it is, or it would be lost."""
    names = cells.get("accompanying_adult", [])
    for place, phone in enumerate(cells["accompanying_adult_phone"]):
        if phone and not (place < len(names) and names[place]):
            reason = "stands without the name of the adult; put it under phone"
            raise BadInput.of(FieldError("accompanying_adult_phone", reason, number))


def _in_columns(problem: BadInput, number: int) -> BadInput:
    return BadInput.of(
        *(FieldError(_column(item.field), item.reason, number) for item in problem.errors)
    )


def _column(field: str) -> str:
    head, _, rest = field.partition(".")
    if head == "births" and rest.endswith(".age"):
        return "age"
    if head == "description" and rest in _DESCRIPTION.values():
        return next(column for column, ours in _DESCRIPTION.items() if ours == rest)
    return _FIELD_TO_COLUMN.get(head, head)


def _body(cells: Cells) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for column in _SINGLE:
        if column in cells:
            body[column] = "|".join(cells[column])
    for column, ours in _LISTS.items():
        if column in cells:
            body[ours] = [value for value in cells[column] if value]
    if "trafficking_belief" in cells or "trafficking_basis" in cells:
        body["trafficking"] = {
            "belief": _first(cells, "trafficking_belief") or "unknown",
            "basis": _first(cells, "trafficking_basis"),
        }
    body["names"] = _names(cells)
    body["births"] = _births(cells)
    body["contacts"] = _contacts(cells)
    body["documents"] = [_document(value) for value in cells.get("document", []) if value]
    body["addresses"] = _addresses(cells)
    body["relatives"] = _relatives(cells)
    body["events"] = _events(cells)
    description = {
        ours: _first(cells, column) for column, ours in _DESCRIPTION.items() if column in cells
    }
    if description:
        body["description"] = description
    return body


def _first(cells: Cells, column: str) -> str:
    return cells.get(column, [""])[0]


def _names(cells: Cells) -> list[dict[str, Any]]:
    names: list[dict[str, Any]] = [{"full": text} for text in cells.get("full_name", []) if text]
    parts = [
        {"text": " ".join(cells[column]), "kind": kind}
        for column, kind in _NAME_PARTS
        if column in cells
    ]
    # A father's name alone says who the father is, not what the person is called.
    if any(part["kind"] != "father" for part in parts):
        names.insert(0, {"parts": parts})
    names.extend({"full": text, "kind": "alias"} for text in cells.get("aliases", []) if text)
    return names


def _births(cells: Cells) -> list[dict[str, Any]]:
    bases = cells.get("date_of_birth_basis", ["claimed"])
    births = [
        {"date": text, "basis": bases[min(place, len(bases) - 1)]}
        for place, text in enumerate(cells.get("date_of_birth", []))
        if text
    ]
    day = _first(cells, "event_date")
    on = {"on": day} if len(day) == len("YYYY-MM-DD") else {}
    births.extend({"age": text, "basis": bases[0], **on} for text in cells.get("age", []) if text)
    return births


def _contacts(cells: Cells) -> list[dict[str, str]]:
    return [
        {"kind": kind, "value": value}
        for kind in ("phone", "email")
        for value in cells.get(kind, [])
        if value
    ]


def _document(text: str) -> dict[str, str]:
    kind, separator, number = text.partition(":")
    return {"kind": kind, "number": number} if separator else {"number": text}


def _addresses(cells: Cells) -> list[dict[str, str]]:
    address = {
        "text": " ".join(cells.get("address", [])),
        "city": _first(cells, "city"),
        "postcode": _first(cells, "postcode"),
    }
    given = {name: value for name, value in address.items() if value}
    if given and "country" in cells:
        given["country"] = _first(cells, "country")
    return [given] if given else []


def _relatives(cells: Cells) -> list[dict[str, str]]:
    found = [
        {"relation": relation, "name": value}
        for column, relation in (("father_name", "father"), ("mother_name", "mother"))
        for value in cells.get(column, [])
        if value
    ]
    phones = cells.get("accompanying_adult_phone", [])
    for place, value in enumerate(cells.get("accompanying_adult", [])):
        if value:
            phone = phones[place] if place < len(phones) else ""
            found.append({"relation": "accompanying_adult", "name": value, "phone": phone})
    return found


def _events(cells: Cells) -> list[dict[str, str]]:
    columns = ("event_kind", "event_date", "event_place", "event_country")
    count = max((len(cells.get(column, [])) for column in columns), default=0)
    default = _EVENT_BY_KIND.get(_first(cells, "kind"), "sighting")
    events = []
    for place in range(count):
        event = {
            name: values[place]
            for name, column in zip(("kind", "date", "place", "country"), columns, strict=True)
            if place < len(values := cells.get(column, [])) and values[place]
        }
        if event:
            events.append({"kind": default, **event})
    return events


def cells_of(record: Mapping[str, Any]) -> dict[str, str]:
    """Join the lists of an exported record for a CSV row."""
    return {
        column: "|".join(str(item) for item in value) if isinstance(value, list) else str(value)
        for column, value in record.items()
    }
