"""Compare place of birth and addresses, whatever their spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from matching.evidence import Evidence, Outcome
from matching.names.folding import fold
from matching.names.tokens import tokenize
from matching.profile import Profile
from matching.record import PersonRecord

_AGREE_SIMILARITY, _CLOSE_SIMILARITY = 0.95, 0.86
"""Jaro-Winkler of folded place names."""
_STREET_AGREE, _STREET_CLOSE = 88.0, 68.0
"""rapidfuzz token-sort ratio of folded addresses, 0 to 100."""
_POSTCODE_SLIPS = 1
_LEVELS = {"agree": Outcome.AGREE, "close": Outcome.CLOSE, "disagree": Outcome.DISAGREE}
_WORDS = {"agree": "same", "close": "similar", "disagree": "different"}
_ORDER = ("disagree", "close", "agree")


@lru_cache(maxsize=100_000)
def fold_place(text: str) -> str:
    """A place or street as folded words."""
    return " ".join(fold(token) for token in tokenize(text))


def _best(
    field: str,
    sides: tuple[Iterable[str], Iterable[str]],
    profile: Profile,
    level_of: Callable[[str, str], str],
) -> Evidence:
    lefts, rights = (sorted({value for value in side if value}) for side in sides)
    if not lefts or not rights:
        values = (", ".join(lefts), ", ".join(rights))
        return Evidence(field, Outcome.MISSING, 0.0, *values, f"{field}.missing")
    level, left, right = max(
        ((level_of(one, other), one, other) for one in lefts for other in rights),
        key=lambda item: (_ORDER.index(item[0]), *sorted(item[1:])),
    )
    reason = f"{field}.{_WORDS[level]}"
    return Evidence(field, _LEVELS[level], profile.weight(field, level), left, right, reason)


def _place_level(left: str, right: str) -> str:
    similarity = JaroWinkler.similarity(fold_place(left), fold_place(right))
    if similarity >= _AGREE_SIMILARITY:
        return "agree"
    return "close" if similarity >= _CLOSE_SIMILARITY else "disagree"


def _street_level(left: str, right: str) -> str:
    similarity = fuzz.token_sort_ratio(fold_place(left), fold_place(right))
    if similarity >= _STREET_AGREE:
        return "agree"
    return "close" if similarity >= _STREET_CLOSE else "disagree"


def _postcode_level(left: str, right: str) -> str:
    one, other = (text.replace(" ", "").upper() for text in (left, right))
    if one == other:
        return "agree"
    slips = DamerauLevenshtein.distance(one, other)
    return "close" if slips <= _POSTCODE_SLIPS else "disagree"


def compare_place_of_birth(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Place of birth by folded name."""
    sides = (left.places_of_birth, right.places_of_birth)
    return _best("place_of_birth", sides, profile, _place_level)


def compare_address(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Street and house, words in any order."""
    sides = ([a.text for a in left.addresses], [a.text for a in right.addresses])
    return _best("address", sides, profile, _street_level)


def compare_city(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """City or suburb of an address."""
    sides = ([a.city for a in left.addresses], [a.city for a in right.addresses])
    return _best("city", sides, profile, _place_level)


def compare_postcode(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Postcode, one slip allowed."""
    sides = ([a.postcode for a in left.addresses], [a.postcode for a in right.addresses])
    return _best("postcode", sides, profile, _postcode_level)
