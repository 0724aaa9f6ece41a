"""A released case in the shape of a yellow notice.

Modelled on what is publicly described of INTERPOL's notices interface; the field
set is closed: no issuing authority, no circumstances, no belief of trafficking.
Minimum data after the Rules on the Processing of Data, Article 90(3).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pycountry

from matching.names.scripts import to_latin
from matching.names.tokens import tokenize
from matching.record import MAX_AGE_YEARS, NamePartKind, PartialDate, PersonRecord, Precision, Sex
from service.cases.models import Case, Photograph

BASE = "/notices/v1/yellow"
FIRST_NUMBER = 10_000
"""Entity numbers start here, so that they look like nobody's count of cases."""
_EYES = {
    "black": "BLA",
    "blue": "BLU",
    "brown": "BRO",
    "hazel": "BROH",
    "green": "GRE",
    "grey": "GRY",
}
_HAIR = {
    "black": "BLA", "brown": "BRO", "fair": "BROF", "grey": "GRY", "bald": "HAIB", "red": "RED",
    "white": "WHI", "blond": "YELB", "auburn": "REDA",
}  # fmt: skip
_CODES = frozenset(
    [*_EYES.values(), *_HAIR.values(), "BLUL", "BROD", "BROL", "OTHC", "OTHD", "OTHL"]
)
FULL_AGE = 18
_WIDEST_PUBLIC_BIRTH_YEARS = 1
"""A notice needs at least the year of birth: a wider range is no year."""


def entity_id(case: Case) -> str:
    """The notice's number as `YYYY/N`."""
    return f"{case.registered_at.year}/{FIRST_NUMBER + (case.id or 0)}"


def case_number(path_id: str) -> int | None:
    """The internal id behind `YYYY-N`, or None when it is not of this form."""
    year, separator, number = path_id.partition("-")
    if not (
        separator and year.isascii() and year.isdigit() and number.isascii() and number.isdigit()
    ):
        return None
    return int(number[:18]) - FIRST_NUMBER


def names_of(record: PersonRecord) -> tuple[str | None, str | None]:
    """Forename and family name in Latin capitals; a single name is the family name."""
    if not record.names:
        return None, None
    parts = record.names[0].parts
    family = [part for part in parts if part.kind is NamePartKind.FAMILY]
    given = [part for part in parts if part.kind is not NamePartKind.FAMILY]
    if family:
        return _latin(part.text for part in given), _latin(part.text for part in family)
    tokens = tokenize(record.names[0].text)
    if len(tokens) == 1:
        return None, _latin(tokens)
    return _latin(tokens[:-1]), _latin(tokens[-1:])


def _latin(texts: Iterable[str]) -> str | None:
    tokens = [to_latin(token) for text in texts for token in tokenize(text)]
    return " ".join(token for token in tokens if token).upper() or None


def birth_text(record: PersonRecord) -> str | None:
    """The date of birth as `YYYY/MM/DD`, `YYYY/MM` or `YYYY`, or None without a year."""
    for born in record.births:
        value = born.date
        if value.precision is not Precision.RANGE:
            return value.text.replace("-", "/")
        if value.latest.year - value.earliest.year < _WIDEST_PUBLIC_BIRTH_YEARS:
            return str(value.earliest.year)
    return None


def lacks(record: PersonRecord, photographs: int) -> list[str]:
    """What a case lacks of the minimum of Article 90(3); empty when it may be shown."""
    _, family = names_of(record)
    described = record.description
    checks = {
        "family name": family is not None,
        "sex": record.sex is not Sex.UNKNOWN,
        "year of birth": birth_text(record) is not None,
        "physical description or photograph": bool(
            photographs
            or described.height_cm
            or described.eye_colour
            or described.hair_colour
            or described.marks
        ),
    }
    return [name for name, there in checks.items() if not there]


def summary(
    case: Case, record: PersonRecord, base_url: str, photographs: list[Photograph]
) -> dict[str, Any]:
    """A notice as it stands in a list."""
    forename, family = names_of(record)
    number = entity_id(case)
    return {
        "forename": forename,
        "name": family,
        "date_of_birth": birth_text(record),
        "entity_id": number,
        "nationalities": list(record.nationalities),
        "_links": links(number, base_url, photographs),
    }


def links(number: str, base_url: str, photographs: list[Photograph]) -> dict[str, Any]:
    """Links of one notice."""
    own = f"{base_url}{BASE}/{number.replace('/', '-')}"
    found: dict[str, Any] = {"self": {"href": own}, "images": {"href": f"{own}/images"}}
    if photographs:
        found["thumbnail"] = {"href": f"{own}/images/{photographs[0].public_id}"}
    return found


def detail(
    case: Case, record: PersonRecord, base_url: str, photographs: list[Photograph], today: date
) -> dict[str, Any]:
    """A notice in full."""
    described = record.description
    lost = next((event for event in record.events if event.kind == "disappearance"), None)
    # Where an adult was met is for nobody to read here; where they were lost is why one asks.
    shown = lost or (record.events[0] if record.events and is_child(record, today) else None)
    parents = {relative.relation: relative.name.text for relative in record.relatives}
    body = summary(case, record, base_url, photographs)
    return {
        **body,
        "birth_name": None,
        "place_of_birth": next(iter(record.places_of_birth), None),
        "country_of_birth_id": next(iter(record.countries_of_birth), None),
        "sex_id": record.sex.value if record.sex in {Sex.FEMALE, Sex.MALE} else "U",
        "languages_spoken_ids": [_language(code) for code in record.languages] or None,
        "height": _middle(described.height_cm, 100),
        "weight": _middle(described.weight_kg, 1),
        "eyes_colors_id": _code(described.eye_colour, _EYES),
        "hairs_id": _code(described.hair_colour, _HAIR),
        "distinguishing_marks": described.marks or None,
        "place": (shown.place.name.upper() or None) if shown else None,
        "country": (shown.place.country or None) if shown else None,
        "date_of_event": _event_date(shown.date) if shown else None,
        **_parent(parents.get("father"), "father"),
        **_parent(parents.get("mother"), "mother"),
        "_embedded": {"links": []},
    }


def is_child(record: PersonRecord, today: date) -> bool:
    """Whether every claim of birth says under 18."""
    return bool(record.births) and all(
        today.year - born.date.earliest.year < FULL_AGE for born in record.births
    )


def age_fits(record: PersonRecord, today: date, low: int | None, high: int | None) -> bool:
    """Whether some claim of birth fits an age range; unknown fits none that is asked for."""
    if low is None and high is None:
        return True
    asked = PartialDate.from_age(low or 0, MAX_AGE_YEARS if high is None else high, today)
    return any(
        born.date.earliest <= asked.latest and born.date.latest >= asked.earliest
        for born in record.births
    )


def _event_date(value: PartialDate | None) -> str | None:
    if value is None or value.precision is Precision.RANGE:
        return None
    return value.text.replace("-", "/")


def _parent(name: str | None, who: str) -> dict[str, str | None]:
    tokens = tokenize(name) if name else ()
    family = _latin(tokens[-1:]) if len(tokens) > 1 else None
    return {f"{who}_name": family, f"{who}_forename": _latin(tokens[:-1] or tokens)}


def _middle(value: tuple[int, int] | None, unit: int) -> float | int | None:
    if value is None:
        return None
    middle = (value[0] + value[1]) / 2
    return round(middle) if unit == 1 else round(middle / unit, 2)


def _code(text: str, table: dict[str, str]) -> list[str] | None:
    if text.upper() in _CODES:
        return [text.upper()]
    found = table.get(text.casefold())
    return [found] if found else None


def _language(code: str) -> str:
    attribute = "alpha_2" if len(code) == len("de") else "alpha_3"
    found = pycountry.languages.get(**{attribute: code.lower()})
    if found is None:
        return code.upper()
    written: str = getattr(found, "bibliographic", found.alpha_3)
    return written.upper()
