"""Compare documents, telephone numbers and e-mail addresses."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz.distance import DamerauLevenshtein

from matching.evidence import Evidence, Outcome
from matching.profile import Profile
from matching.record import PersonRecord

_MIN_LENGTH = 5
"""Shorter numbers agree by chance."""


def compare_documents(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Document numbers; only those of one kind and country can disagree."""
    one = [(normal_number(d.number), d) for d in left.documents]
    other = [(normal_number(d.number), d) for d in right.documents]
    values = (_list(d.number for d in left.documents), _list(d.number for d in right.documents))
    if not one or not other:
        return Evidence("document", Outcome.MISSING, 0.0, *values, "document.missing")
    pairs = [(a, b) for a in one for b in other]
    if any(a[0] == b[0] and len(a[0]) >= _MIN_LENGTH for a, b in pairs):
        weight = profile.weight("document", "agree")
        return Evidence("document", Outcome.AGREE, weight, *values, "document.same")
    slip = any(
        min(len(a[0]), len(b[0])) > _MIN_LENGTH and DamerauLevenshtein.distance(a[0], b[0]) == 1
        for a, b in pairs
    )
    if slip:
        weight = profile.weight("document", "close")
        return Evidence("document", Outcome.CLOSE, weight, *values, "document.slip")
    same_kind = any(
        a[1].kind and (a[1].kind, a[1].country) == (b[1].kind, b[1].country) for a, b in pairs
    )
    if same_kind:
        weight = profile.weight("document", "disagree")
        return Evidence("document", Outcome.DISAGREE, weight, *values, "document.different")
    return Evidence("document", Outcome.NOT_COMPARABLE, 0.0, *values, "document.other_kind")


def normal_number(number: str) -> str:
    """A number without separators, upper case."""
    return "".join(letter for letter in number.upper() if letter.isalnum())


def _list(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def compare_phones(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Telephone numbers; a new one is no disagreement."""
    return _contacts("phone", left, right, profile)


def compare_emails(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """E-mail addresses; a new one is no disagreement."""
    return _contacts("email", left, right, profile)


def _contacts(kind: str, left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    one = {item.value for item in left.contacts if item.kind == kind}
    other = {item.value for item in right.contacts if item.kind == kind}
    values = (_list(one), _list(other))
    if not one or not other:
        return Evidence(kind, Outcome.MISSING, 0.0, *values, f"{kind}.missing")
    if one & other:
        return Evidence(kind, Outcome.AGREE, profile.weight(kind, "agree"), *values, f"{kind}.same")
    return Evidence(kind, Outcome.NOT_COMPARABLE, 0.0, *values, f"{kind}.other")
