"""Compare documents, telephone numbers and e-mail addresses."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz.distance import OSA

from matching.evidence import Evidence, Outcome, unsaid
from matching.profile import Profile
from matching.record import Document, Person

MOST_DOCUMENTS = 20
MIN_LENGTH = 5
"""Shorter numbers agree by chance."""
LOCAL_DIGITS = 8
"""Digits at the end of a telephone number that name a line within a country."""
_DIGITS = "0123456789"
_CHECKED_LENGTH = 9
"""Characters of a document number before its check digit (ICAO Doc 9303, part 4)."""
_WEIGHTS = (7, 3, 1)
CONFUSED = str.maketrans("OIQSBZG", "0105826")
"""Letters that are read for digits, and the digits."""


def compare_documents(left: Person, right: Person, profile: Profile) -> Evidence:
    """Document numbers; only those of one kind and country can disagree."""
    ones, others = left.documents, right.documents
    if not ones and not others:
        return unsaid("document")
    values = (_list(d.number for d in ones), _list(d.number for d in others))
    pairs = [(one, other) for one in numbered(left) for other in numbered(right)]
    if not pairs:
        return Evidence("document", Outcome.MISSING, 0.0, *values, "document.missing")
    if any(_same(normal_number(one.number), normal_number(other.number)) for one, other in pairs):
        weight = profile.weight("document", "agree")
        return Evidence("document", Outcome.AGREE, weight, *values, "document.same")
    if any(_slips(one, other) for one, other in pairs):
        weight = profile.weight("document", "close")
        return Evidence("document", Outcome.CLOSE, weight, *values, "document.slip")
    if any(_one_series(one, other) for one, other in pairs):
        weight = profile.weight("document", "disagree")
        return Evidence("document", Outcome.DISAGREE, weight, *values, "document.different")
    return Evidence("document", Outcome.NOT_COMPARABLE, 0.0, *values, "document.other_kind")


def _slips(one: Document, other: Document) -> bool:
    if one.kind and other.kind and one.kind != other.kind:
        return False
    return _slip(normal_number(one.number), normal_number(other.number))


def _one_series(one: Document, other: Document) -> bool:
    return bool(one.kind) and (one.kind, one.country) == (other.kind, other.country)


def _same(one: str, other: str) -> bool:
    return one == other and is_number(one)


def numbered(record: Person) -> tuple[Document, ...]:
    """The documents of a record that have a number to compare."""
    found = (item for item in record.documents if is_number(normal_number(item.number)))
    return tuple(found)[:MOST_DOCUMENTS]


@lru_cache(maxsize=100_000)
def is_number(normal: str) -> bool:
    """Whether a number is long enough, holds a digit and is not one sign over and over."""
    enough = len(normal) >= MIN_LENGTH and len(set(normal)) > 1
    return enough and any(letter.isdigit() for letter in normal)


def _slip(one: str, other: str) -> bool:
    if min(len(one), len(other)) <= MIN_LENGTH:
        return False
    return one.translate(CONFUSED) == other.translate(CONFUSED) or OSA.distance(one, other) == 1


@lru_cache(maxsize=100_000)
def normal_number(number: str) -> str:
    """A number in capitals without separators, and without the check digit of a passport."""
    plain = "".join(letter for letter in number.upper() if letter.isalnum())
    body, last = plain[:_CHECKED_LENGTH], plain[_CHECKED_LENGTH:]
    if len(last) == 1 and last in _DIGITS and body.isascii() and check_digit(body) == int(last):
        return body
    return plain


def check_digit(number: str) -> int:
    """The check digit of a machine-readable number (ICAO Doc 9303, part 3, 4.9).

    Args:
        number: Letters A to Z, digits, and `<` for nothing.

    Raises:
        ValueError: If another character stands in it.
    """
    total = 0
    for place, letter in enumerate(number):
        value = 0 if letter == "<" else int(letter, 36)
        total += value * _WEIGHTS[place % len(_WEIGHTS)]
    return total % 10


def _list(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def compare_phones(left: Person, right: Person, profile: Profile) -> Evidence:
    """Telephone numbers; a new one is no disagreement, one without its country comes close."""
    if not left.contacts and not right.contacts:
        return unsaid("phone")
    one, other = contacts(left, "phone"), contacts(right, "phone")
    found = _contacts("phone", one, other, profile)
    if found.outcome is Outcome.NOT_COMPARABLE and same_line(one, other):
        weight = profile.weight("phone", "close")
        return Evidence("phone", Outcome.CLOSE, weight, found.left, found.right, "phone.local")
    return found


def compare_emails(left: Person, right: Person, profile: Profile) -> Evidence:
    """E-mail addresses; a new one is no disagreement."""
    if not left.contacts and not right.contacts:
        return unsaid("email")
    return _contacts("email", contacts(left, "email"), contacts(right, "email"), profile)


def contacts(record: Person, kind: str) -> set[str]:
    """The contacts of one kind that reach somebody; addresses whatever their case."""
    found = (item.value.strip().casefold() for item in record.contacts if item.kind == kind)
    if kind != "phone":
        return {value for value in found if value}
    return {number for number in map(_phone, found) if is_number(number)}


@lru_cache(maxsize=100_000)
def _phone(text: str) -> str:
    digits = "".join(str(unicodedata.digit(letter, "")) for letter in text)
    if text.startswith("00"):
        return f"+{digits.removeprefix('00')}"
    return f"+{digits}" if text.startswith("+") else digits


def same_line(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two numbers end alike and one of them is written without its country."""
    return any(
        local(left) and local(left) == local(right) and not left[0] == right[0] == "+"
        for left in one
        for right in other
    )


def local(phone: str) -> str:
    """The last eight digits of a number, or nothing where it has fewer."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    return digits[-LOCAL_DIGITS:] if len(digits) >= LOCAL_DIGITS else ""


def _contacts(kind: str, one: set[str], other: set[str], profile: Profile) -> Evidence:
    values = (_list(one), _list(other))
    if not one or not other:
        return Evidence(kind, Outcome.MISSING, 0.0, *values, f"{kind}.missing")
    if one & other:
        return Evidence(kind, Outcome.AGREE, profile.weight(kind, "agree"), *values, f"{kind}.same")
    return Evidence(kind, Outcome.NOT_COMPARABLE, 0.0, *values, f"{kind}.other")
