"""Reason codes as sentences an officer can read."""

from __future__ import annotations

from matching.evidence import Evidence

REASONS: dict[str, str] = {
    "name.missing": "One side gives no name.",
    "name.same": "The names are written alike.",
    "name.other_order": "The same parts stand in another order.",
    "name.spelling": "The names are spelt differently but read alike.",
    "name.joined": "Two parts of one name are written as one in the other.",
    "name.transliteration": "The names agree across scripts.",
    "name.nickname": "One name is a pet form or another language's form of the other.",
    "name.similar": "The names are similar.",
    "name.fewer_parts": "One name has parts that the other leaves out.",
    "name.partly_same": "Some parts agree, others do not.",
    "name.partly_different": "Only common parts agree, others contradict.",
    "name.given_differs": "The names agree but for the given one, as those of siblings do.",
    "name.different": "The names do not agree.",
    "date.missing": "One side gives no date of birth.",
    "date.exact": "The same day of birth.",
    "date.swapped": "The same date with day and month exchanged.",
    "date.calendar": "The same day, 7 or 8 years apart: a calendar read wrongly.",
    "date.digit": "One digit differs.",
    "date.year_slip": "The same day in a neighbouring or mistyped year.",
    "date.month": "The same month of birth.",
    "date.year": "The same year of birth.",
    "date.placeholder": "The same year; the day is one that stands for an unknown one.",
    "date.near_year": "The dates of birth are about a year apart at most.",
    "date.overlap": "The age ranges overlap.",
    "date.same_year_other_day": "The same year, another day.",
    "date.apart_2": "Up to two years apart.",
    "date.apart_5": "Up to five years apart.",
    "date.apart": "More than five years apart.",
    "relatives.same": "A parent or companion bears the same name.",
    "relatives.similar": "A parent or companion bears a similar name.",
    "relatives.different": "Parents or companions bear other names.",
    "events.possible": "The encounter fits the disappearance in time.",
    "events.impossible": "The encounter lies well before the disappearance.",
    "document.same": "The same document number.",
    "document.slip": "Document numbers one character apart.",
    "document.different": "Different numbers of the same kind of document.",
    "document.other_kind": "Documents of different kinds.",
    "phone.same": "The same telephone number.",
    "phone.other": "Other telephone numbers; people change them.",
    "email.same": "The same e-mail address.",
    "email.other": "Other e-mail addresses; people change them.",
}
"""Sentence of each reason code that has one of its own."""

_FIELDS = {
    "sex": "sex",
    "nationality": "nationality",
    "country_of_birth": "country of birth",
    "place_of_birth": "place of birth",
    "language": "language",
    "address": "address",
    "city": "city",
    "postcode": "postcode",
    "document": "document",
    "phone": "telephone",
    "email": "e-mail address",
    "height": "height",
    "eye_colour": "colour of the eyes",
    "hair_colour": "colour of the hair",
    "marks": "distinguishing marks",
    "relatives": "relatives",
    "events": "events",
    "name": "name",
    "date_of_birth": "date of birth",
}
_PATTERNS = {
    "missing": "One side gives no {field}.",
    "same": "The {field} agrees.",
    "similar": "The {field} is similar.",
    "different": "The {field} differs.",
}


def sentence(reason: str) -> str:
    """The sentence of a reason code; an unknown code stands for itself.

    Args:
        reason: Such as `name.transliteration`.
    """
    if reason in REASONS:
        return REASONS[reason]
    field, _, what = reason.partition(".")
    pattern = _PATTERNS.get(what)
    return pattern.format(field=_FIELDS.get(field, field)) if pattern else reason


def field_title(field: str) -> str:
    """A field's name as a person reads it."""
    return _FIELDS.get(field, field.replace("_", " "))


def explain(item: Evidence) -> str:
    """What one piece of evidence says, with its bits."""
    return f"{sentence(item.reason)} ({item.weight:+.1f} bits)"
