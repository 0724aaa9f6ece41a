"""The forms of a case as the bodies of its operations."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData

from service.cases.schemas import CaseOut
from service.cases.vocabulary import Relation
from service.web.forms import Draft, age_range, date_parts, many, rows, text
from service.web.wording import countries, languages

_NAME_PARTS = ("given", "father", "grandfather", "family")
_DESCRIPTION = ("height_cm", "weight_kg", "eye_colour", "hair_colour", "marks")
_PARTICULARS = (
    "sis_category",
    "case_type",
    "legal_regime",
    "evaluation",
    "handling_note",
    "circumstances",
)
TITLES: dict[str, str] = {
    "kind": "Kind of case",
    "record_id": "Your own reference",
    "name-full": "Name",
    "name-kind": "Use of this name",
    "name-given": "Given name",
    "name-father": "Father's name",
    "name-grandfather": "Grandfather's name",
    "name-family": "Family name",
    "birth-day": "Day",
    "birth-month": "Month",
    "birth-year": "Year",
    "age-low": "Age from",
    "age-high": "Age to",
    "birth-basis": "How the age is known",
    "sex": "Sex",
    "nationality": "Nationality as claimed",
    "language": "Language",
    "place_of_birth": "Place of birth",
    "phone": "Telephone",
    "email": "E-mail",
    "document-number": "Number of the document",
    "document-kind": "Kind of document",
    "document-country": "Issued by (country)",
    "relative-relation": "Relation",
    "relative-name": "Name of the relative",
    "relative-phone": "Telephone of the relative",
    "adult-name": "Name of the adult",
    "adult-phone": "Telephone of the adult",
    "height_cm": "Height in cm",
    "weight_kg": "Weight in kg",
    "eye_colour": "Colour of the eyes",
    "hair_colour": "Colour of the hair",
    "marks": "Distinguishing marks",
    "event-kind": "What happened",
    "event-day": "Day",
    "event-month": "Month",
    "event-year": "Year",
    "event-place": "Place",
    "event-country": "Country",
    "event-circumstances": "Circumstances of the event",
    "sis_category": "SIS category, Article 32(1)",
    "case_type": "Type of case",
    "legal_regime": "Legal regime",
    "handling_codes": "Handling codes",
    "handling_note": "Handling note",
    "evaluation": "Evaluation code",
    "trafficking_belief": "Believed to be a victim of trafficking",
    "trafficking_basis": "What the belief rests on",
    "release": "Released to partner services",
    "circumstances": "Circumstances",
    "reason": "Reason for the change",
    "withdraw_claims": "Claims that no longer stand",
    "withdraw_events": "Events that no longer stand",
    "authority": "Code of the authority",
    "share-reason": "Reason for sharing",
    "close-reason": "Why the case ends",
    "note": "Note",
}
"""Labels of all fields; rows of a repeated field share theirs."""


def registration_draft(form: FormData) -> Draft:
    """The registration form as the body of a new case."""
    draft = Draft(form)
    # The first field after the kind: complaints about the whole lead there.
    draft.origins["names"] = "name-0-full"
    draft.copy("kind", "record_id", *_PARTICULARS)
    _add_claims(draft)
    draft.put("handling_codes", many(form, "handling_codes"), "handling_codes")
    draft.put("release", many(form, "release"), "release")
    draft.put("trafficking", _trafficking(form), "trafficking_basis")
    return draft


def amendment_draft(form: FormData, case: CaseOut) -> Draft:
    """The amendment form as the body of a change; particulars only where they differ."""
    claims = Draft(form)
    _add_claims(claims)
    draft = Draft(form, origins=claims.origins, errors=claims.errors)
    draft.put("add", claims.body, "name-0-full")
    draft.put("expected_version", text(form, "version"), "")
    draft.copy("reason")
    for name in ("withdraw_claims", "withdraw_events"):
        draft.put(name, many(form, name), name)
    for name in _PARTICULARS:
        if text(form, name) != (getattr(case, name) or ""):
            draft.put(name, text(form, name), name)
            draft.body.setdefault(name, "" if name in {"handling_note", "circumstances"} else None)
    for name in ("handling_codes", "release"):
        if set(many(form, name)) != set(getattr(case, name) or ()):
            draft.body[name] = many(form, name)
            draft.origins[name] = name
    believed = _trafficking(form)
    if believed != {"belief": case.trafficking_belief, "basis": case.trafficking_basis}:
        draft.put("trafficking", believed, "trafficking_basis")
    return draft


def amendment_defaults(case: CaseOut) -> dict[str, str | list[str]]:
    """The particulars as they stand, to begin with."""
    single = {name: str(getattr(case, name) or "") for name in _PARTICULARS}
    return {
        **single,
        "handling_codes": list(case.handling_codes or ()),
        "release": list(case.release or ()),
        "trafficking_belief": case.trafficking_belief or "unknown",
        "trafficking_basis": case.trafficking_basis or "",
    }


def _trafficking(form: FormData) -> dict[str, str]:
    return {
        "belief": text(form, "trafficking_belief") or "unknown",
        "basis": text(form, "trafficking_basis"),
    }


def _add_claims(draft: Draft) -> None:
    """Everything about the person and the event."""
    _add_names(draft)
    _add_births(draft)
    _add_origin(draft)
    _add_contacts(draft)
    _add_relatives(draft)
    described = {name: text(draft.form, name) for name in _DESCRIPTION if text(draft.form, name)}
    for name in _DESCRIPTION:
        draft.origins[f"description.{name}"] = name
    draft.put("description", described, next(iter(described), "height_cm"))
    _add_event(draft)


def _add_names(draft: Draft) -> None:
    for row in rows(draft.form, "name"):
        full = text(draft.form, f"{row}-full")
        given = [
            (part, text(draft.form, f"{row}-{part}"))
            for part in _NAME_PARTS
            if text(draft.form, f"{row}-{part}")
        ]
        if not (full or given):
            continue
        name: dict[str, Any] = {"kind": text(draft.form, f"{row}-kind") or "primary"}
        if full:
            name["full"] = full
        if given:
            name["parts"] = [{"text": value, "kind": part} for part, value in given]
        path = draft.add("names", name, f"{row}-full")
        for number, (part, _) in enumerate(given):
            draft.origins[f"{path}.parts.{number}"] = f"{row}-{part}"


def _add_births(draft: Draft) -> None:
    basis = text(draft.form, "birth-basis") or "claimed"
    born = date_parts(draft, "birth")
    if born:
        draft.add("births", {"date": born, "basis": basis}, "birth-day")
    age = age_range(draft, "age-low", "age-high")
    if age:
        draft.add("births", {"age": age, "basis": basis}, "age-low")


def _add_origin(draft: Draft) -> None:
    draft.copy("sex")
    for name, field, known in (
        ("nationality", "nationalities", countries()),
        ("language", "languages", languages()),
    ):
        codes = {title.casefold(): code for code, title in known}
        for row in rows(draft.form, name):
            typed = text(draft.form, row)
            if typed:
                draft.add(field, codes.get(typed.casefold(), typed), row)
    place = text(draft.form, "place_of_birth")
    if place:
        draft.add("places_of_birth", place, "place_of_birth")


def _add_contacts(draft: Draft) -> None:
    for kind in ("phone", "email"):
        for row in rows(draft.form, kind):
            value = text(draft.form, row)
            if value:
                draft.add("contacts", {"kind": kind, "value": value}, row)
    for row in rows(draft.form, "document"):
        number = text(draft.form, f"{row}-number")
        kind, country = (text(draft.form, f"{row}-{part}") for part in ("kind", "country"))
        if number or kind or country:
            value = {"number": number, "kind": kind, "country": _country(country)}
            path = draft.add("documents", value, f"{row}-number")
            draft.origins[f"{path}.country"] = f"{row}-country"


def _add_relatives(draft: Draft) -> None:
    found = [
        (row, text(draft.form, f"{row}-relation") or Relation.OTHER.value)
        for row in rows(draft.form, "relative")
    ]
    for row, relation in [*found, ("adult", Relation.ACCOMPANYING_ADULT.value)]:
        name, phone = (text(draft.form, f"{row}-{part}") for part in ("name", "phone"))
        if name or phone:
            value = {"relation": relation, "name": name, "phone": phone}
            path = draft.add("relatives", value, f"{row}-name")
            draft.origins[f"{path}.phone"] = f"{row}-phone"


def _add_event(draft: Draft) -> None:
    when = date_parts(draft, "event")
    place, country, circumstances = (
        text(draft.form, f"event-{part}") for part in ("place", "country", "circumstances")
    )
    if not (when or place or country or circumstances):
        return
    event = {
        "kind": text(draft.form, "event-kind"),
        "date": when or None,
        "place": place,
        "country": _country(country),
        "circumstances": circumstances,
    }
    path = draft.add("events", event, "event-kind")
    for part, origin in (("date", "event-day"), ("place", "event-place")):
        draft.origins[f"{path}.{part}"] = origin
    draft.origins[f"{path}.country"] = "event-country"
    draft.origins[f"{path}.circumstances"] = "event-circumstances"


def _country(typed: str) -> str | None:
    """A country's code from its code or English name; None when nothing was typed."""
    codes = {title.casefold(): code for code, title in countries()}
    return codes.get(typed.casefold(), typed) or None
