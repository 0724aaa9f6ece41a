"""Codes as people read them: titles of code lists, countries, languages, dates."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import pycountry

from service.cases.values import EXTRA_COUNTRIES

TITLES: dict[str, dict[str, str]] = {
    "case_kind": {
        "missing": "Missing person",
        "encountered": "Person encountered",
        "unidentified": "Unidentified person",
    },
    "sex": {"F": "female", "M": "male", "X": "other", "U": "unknown"},
    "band": {
        "strong": "strong link",
        "probable": "probable link",
        "possible": "possible link",
        "unlikely": "unlikely link",
    },
    "outcome": {
        "agree": "agree",
        "close": "close",
        "disagree": "disagree",
        "missing": "missing",
        "not_comparable": "not comparable",
    },
    "alert_status": {
        "open": "waits for a decision",
        "unsure": "unsure, still waits",
        "same": "decided: same person",
        "different": "decided: different persons",
        "lapsed": "lapsed, the evidence went away",
    },
    "verdict": {
        "same": "The same person",
        "different": "Different persons",
        "unsure": "Unsure, more has to be found out",
    },
    "colour": {
        "yellow": "yellow link: to be verified",
        "white": "white link: same person",
        "green": "green link: different persons",
        "none": "no link",
    },
    "link": {"match": "Possible match", "duplicate": "Possible duplicate"},
    "basis": {
        "claimed": "stated by the person",
        "documented": "documented",
        "assessed": "assessed by an official",
    },
    "name_kind": {
        "primary": "main name",
        "alias": "also known as",
        "nickname": "nickname",
        "birth": "name at birth",
    },
    "event_kind": {
        "disappearance": "Disappeared",
        "encounter": "Encountered",
        "sighting": "Seen",
        "arrival": "Arrived",
    },
    "relation": {
        "father": "father",
        "mother": "mother",
        "sibling": "brother or sister",
        "accompanying_adult": "accompanying adult",
        "other": "other",
    },
    "sis_category": {
        "a.i": "a(i) missing, to be placed under protection for their own sake",
        "a.ii": "a(ii) missing, to be placed under protection against a threat",
        "b": "b missing, no protection needed",
        "c": "c child at risk of abduction by a parent, relative or guardian",
        "d.i": "d(i) child at risk of trafficking, forced marriage or gender-based violence",
        "d.ii": "d(ii) child at risk of involvement in terrorist offences",
        "d.iii": "d(iii) child at risk of recruitment by armed groups",
        "e": "e vulnerable adult who must be prevented from travelling",
    },
    "legal_regime": {
        "gdpr": "GDPR: child protection, asylum, administration",
        "led": "Directive (EU) 2016/680: law enforcement",
    },
    "handling_code": {
        "H0": "H0 no further restriction",
        "H1": "H1 not for evidence in court without permission",
        "H2": "H2 not to be passed on without permission",
        "H3": "H3 other restrictions, see the note",
    },
    "channel": {"interpol": "Interpol (yellow notices)", "europol": "Europol (hit/no-hit)"},
    "claim": {
        "name": "Name",
        "birth": "Born",
        "sex": "Sex",
        "nationality": "Nationality",
        "country_of_birth": "Country of birth",
        "place_of_birth": "Place of birth",
        "language": "Language",
        "contact": "Contact",
        "document": "Document",
        "address": "Address",
        "description": "Description",
        "relative": "Person nearby",
    },
}
"""Titles of each code list; a code without one is shown as its own words."""


def words(code: object) -> str:
    """A code as words."""
    return str(code).replace("_", " ")


def titled(code: object, of: str) -> str:
    """The title of a code.

    Args:
        code: A member of the list, or its value.
        of: Name of the code list.
    """
    return TITLES[of].get(str(code)) or words(code)


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Code and English name of every country, by name."""
    found = [
        (country.alpha_2, getattr(country, "common_name", country.name))
        for country in pycountry.countries
    ]
    found += [(code, "Kosovo") for code in EXTRA_COUNTRIES]
    return tuple(sorted(found, key=lambda item: item[1]))


@cache
def _country_names() -> dict[str, str]:
    return dict(countries())


def country_name(code: str | None) -> str:
    """A country's name with its code; what is no code stands for itself."""
    name = _country_names().get(code or "")
    return f"{name} ({code})" if name else code or ""


@cache
def languages() -> tuple[tuple[str, str], ...]:
    """Code and English name of the languages with a two-letter code, by name."""
    found = [
        (language.alpha_2, language.name)
        for language in pycountry.languages
        if hasattr(language, "alpha_2")
    ]
    return tuple(sorted(found, key=lambda item: item[1]))


@cache
def _language_names() -> dict[str, str]:
    return dict(languages())


def language_name(code: str) -> str:
    """A language's name with its code; what is no such code stands for itself."""
    name = _language_names().get(code)
    return f"{name} ({code})" if name else code


def bits(weight: float) -> str:
    """A weight with its sign, such as `+4.1` or `−1.6`."""
    rounded = round(weight, 1) or 0.0
    return f"{rounded:+.1f}".replace("-", "\N{MINUS SIGN}") if rounded else "0.0"


def day(moment: date | datetime | None) -> str:
    """A day such as `3 May 2026`."""
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def minute(moment: datetime | None) -> str:
    """A point in time such as `3 May 2026, 14:05 UTC`."""
    return f"{day(moment)}, {moment:%H:%M} UTC" if moment else ""


def partial_day(text: str) -> str:
    """A partial date such as `2009-03` or `2008..2010` as words."""
    low, separator, high = text.partition("..")
    if separator:
        return f"between {partial_day(low)} and {partial_day(high)}"
    parts = [int(part) for part in text.split("-") if part.isdigit()]
    if len(parts) == len(("year", "month", "day")):
        return day(date(*parts))
    if len(parts) == len(("year", "month")):
        return f"{date(parts[0], parts[1], 1):%B %Y}"
    return text
