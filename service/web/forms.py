"""Form fields as the objects that operations take, and complaints beside the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

NAME_ROWS = 4
_SPLIT = ","
_PARTS = (("given_name", "given"), ("father_name_part", "father"), ("family_name", "family"))


def text(form: FormData, name: str) -> str:
    """One field, trimmed; empty when it was left out."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def many(form: FormData, name: str) -> list[str]:
    """All values of a field; commas separate several in one."""
    found: list[str] = []
    for value in form.getlist(name):
        if isinstance(value, str):
            found.extend(part.strip() for part in value.split(_SPLIT) if part.strip())
    return found


def values(form: FormData) -> dict[str, str]:
    """What was typed, to show it again."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def case_body(form: FormData) -> dict[str, Any]:
    """The registration form as the body of POST /api/v1/cases."""
    body: dict[str, Any] = {"kind": text(form, "kind"), **claims_body(form)}
    for name in ("record_id", "sis_category", "case_type", "legal_regime", "evaluation"):
        body[name] = text(form, name) or None
    for name in ("handling_note", "circumstances"):
        body[name] = text(form, name) or None
    body["handling_codes"] = many(form, "handling_codes")
    body["release"] = many(form, "release")
    body["trafficking"] = {
        "belief": text(form, "trafficking_belief") or "unknown",
        "basis": text(form, "trafficking_basis"),
    }
    return body


def claims_body(form: FormData) -> dict[str, Any]:
    """The fields about the person, for registration and amendment."""
    phones = [{"kind": "phone", "value": value} for value in many(form, "phone")]
    emails = [{"kind": "email", "value": value} for value in many(form, "email")]
    body: dict[str, Any] = {
        "names": _names(form),
        "births": _births(form),
        "sex": text(form, "sex") or None,
        "nationalities": many(form, "nationality"),
        "languages": many(form, "languages"),
        "contacts": phones + emails,
        "documents": [{"number": value} for value in many(form, "document")],
        "relatives": _relatives(form),
        "events": _events(form),
    }
    if text(form, "place_of_birth"):
        body["places_of_birth"] = [text(form, "place_of_birth")]
    described = {
        name: text(form, name)
        for name in ("height_cm", "weight_kg", "eye_colour", "hair_colour", "marks")
        if text(form, name)
    }
    if described:
        body["description"] = described
    return body


def _names(form: FormData) -> list[dict[str, Any]]:
    names: list[dict[str, Any]] = []
    parts = [
        {"text": text(form, field), "kind": kind} for field, kind in _PARTS if text(form, field)
    ]
    if parts:
        names.append({"parts": parts})
    for row in range(1, NAME_ROWS + 1):
        if text(form, f"name_{row}"):
            kind = text(form, f"name_kind_{row}") or "primary"
            names.append({"full": text(form, f"name_{row}"), "kind": kind})
    return names


def _births(form: FormData) -> list[dict[str, Any]]:
    basis = text(form, "birth_basis") or "claimed"
    births = [{"date": value, "basis": basis} for value in many(form, "born")]
    births += [{"age": value, "basis": basis} for value in many(form, "age")]
    return births


def _relatives(form: FormData) -> list[dict[str, str]]:
    found = [
        {"relation": relation, "name": text(form, field)}
        for relation, field in (("father", "father_name"), ("mother", "mother_name"))
        if text(form, field)
    ]
    if text(form, "adult_name") or text(form, "adult_phone"):
        found.append(
            {
                "relation": "accompanying_adult",
                "name": text(form, "adult_name"),
                "phone": text(form, "adult_phone"),
            }
        )
    return found


def _events(form: FormData) -> list[dict[str, str]]:
    event = {
        name: text(form, f"event_{name}")
        for name in ("kind", "date", "place", "country")
        if text(form, f"event_{name}")
    }
    return [event] if set(event) - {"kind"} else []


def search_body(form: FormData) -> dict[str, Any]:
    """The search form as the body of POST /api/v1/search."""
    filters: dict[str, Any] = {
        "kinds": many(form, "filter_kind"),
        "sex": text(form, "filter_sex") or None,
        "nationality": text(form, "filter_nationality") or None,
        "age": text(form, "filter_age") or None,
        "place": text(form, "filter_place"),
        "country": text(form, "filter_country") or None,
        "event_from": text(form, "filter_from") or None,
        "event_until": text(form, "filter_until") or None,
    }
    return {
        "purpose": text(form, "purpose"),
        "reference": text(form, "reference"),
        "query": {
            "names": [text(form, "name")] if text(form, "name") else [],
            "born": text(form, "born") or None,
            "age": text(form, "age") or None,
            "sex": text(form, "sex") or None,
            "nationalities": many(form, "nationality"),
            "phones": many(form, "phone"),
            "documents": [{"number": value} for value in many(form, "document")],
            "mother_name": text(form, "mother_name") or None,
            "filters": filters,
        },
    }


FIELD_OF: Mapping[str, str] = {
    "names": "name_1",
    "births": "born",
    "nationalities": "nationality",
    "contacts": "phone",
    "documents": "document",
    "relatives": "adult_name",
    "events": "event_date",
    "description": "height_cm",
    "trafficking": "trafficking_basis",
}
"""The form field to which a complaint about the body leads."""


def form_field(path: str) -> str:
    """The form field of a complaint such as `births.0.date`."""
    parts = [part for part in path.removeprefix("add.").removeprefix("query.").split(".") if part]
    if not parts:
        return "kind"
    if parts[0] == "filters" and len(parts) > 1:
        return f"filter_{parts[1]}"
    if parts[-1] in {"age", "height_cm", "weight_kg"} and len(parts) > 1:
        return parts[-1]
    if parts[0] == "events" and len(parts) > len(["events", "0"]):
        return f"event_{parts[-1]}"
    return FIELD_OF.get(parts[0], parts[0])
