"""The columns of files of persons, as `docs/file-format.md` lists them."""

from __future__ import annotations

from difflib import get_close_matches

from service.errors import BadInput, FieldError

SEPARATOR = "|"
"""Between several values in one cell."""

COLUMNS: dict[str, str] = {
    "record_id": "the owner's own reference, unique within the authority",
    "kind": "missing, encountered or unidentified",
    "full_name": "whole names in any script; several with |",
    "given_name": "given name or names",
    "family_name": "family name",
    "father_name": "father's name",
    "mother_name": "mother's name",
    "aliases": "other names used; several with |",
    "sex": "F, M, X or U",
    "date_of_birth": "YYYY, YYYY-MM, YYYY-MM-DD or A..B; several with |",
    "date_of_birth_basis": "claimed, documented or assessed",
    "age": "15 or 15..17, full years on the day of the event or of the import",
    "nationality": "ISO 3166-1; several with |",
    "country_of_birth": "ISO 3166-1",
    "place_of_birth": "as written",
    "languages": "ISO 639; several with |",
    "height_cm": "160 or 155..165",
    "weight_kg": "50 or 45..55",
    "eye_colour": "INTERPOL code or words",
    "hair_colour": "INTERPOL code or words",
    "distinguishing_marks": "as written",
    "phone": "telephone numbers; several with |",
    "email": "e-mail addresses; several with |",
    "document": "document numbers, optionally kind:number; several with |",
    "address": "street and house",
    "city": "city or suburb",
    "postcode": "postcode",
    "country": "ISO 3166-1, of the address",
    "event_kind": "disappearance, encounter, sighting or arrival; left out, by kind",
    "event_date": "like date_of_birth; several with |, one an event",
    "event_place": "as written; several with |",
    "event_country": "ISO 3166-1; several with |",
    "circumstances": "as written",
    "accompanying_adult": "names of adults with the child; several with |",
    "accompanying_adult_phone": "their telephone numbers, in the same order",
    "sis_category": "a.i, a.ii, b, c, d.i, d.ii, d.iii or e (SIS Article 32(1))",
    "case_type": "runaway, unaccompanied_minor, parental_abduction, ...",
    "legal_regime": "gdpr or led",
    "handling_codes": "H0 to H3; several with |",
    "handling_note": "needed with H3",
    "evaluation": "source and information, such as B2",
    "trafficking_belief": "yes, no or unknown",
    "trafficking_basis": "needed with yes",
    "release": "interpol, europol; several with |",
}
"""Every column with its meaning."""

MOST_SHOWN = 40
"""Characters of an unknown column's name that a message repeats at most."""
_BETWEEN_WORDS = str.maketrans("", "", "_- ")


def check_columns(found: list[str]) -> None:
    """Refuse a header with unknown or repeated columns.

    What cannot be the name of a column is told by its place: of a file without a header, or one
    that is no table, the first values would be repeated.

    Raises:
        BadInput: Naming each column and the nearest known one.
    """
    if not found:
        raise BadInput.of(FieldError("header", "is missing", 1))
    near = {name: _nearest(name) for name in found if name not in COLUMNS}
    if len(near) == len(set(found)) and not any(near.values()):
        raise BadInput.of(FieldError("header", "names no known column of a table in UTF-8", 1))
    errors = []
    for place, name in enumerate(found, 1):
        if name in near:
            hint = f"; did you mean {near[name]}?" if near[name] else ""
            shown = name if _may_be_a_name(name) else f"column {place}"
            errors.append(FieldError(shown, f"is no known column{hint}", 1))
    twice = sorted({name for name in found if found.count(name) > 1} & COLUMNS.keys())
    errors.extend(FieldError(name, "stands in the header twice", 1) for name in twice)
    if errors:
        raise BadInput.of(*errors)


def _nearest(name: str) -> str:
    return next(iter(get_close_matches(name, COLUMNS, n=1, cutoff=0.5)), "")


def _may_be_a_name(name: str) -> bool:
    letters = name.translate(_BETWEEN_WORDS)
    return letters.isascii() and letters.isalpha() and len(name) <= MOST_SHOWN
