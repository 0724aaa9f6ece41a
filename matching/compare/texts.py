"""Fields of free text: the best pair of values decides, by one similarity and two thresholds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from matching.evidence import Evidence, Outcome, unsaid
from matching.names.folding import fold
from matching.names.parts import PLACEHOLDERS
from matching.names.tokens import tokenize
from matching.places.gazetteer import known_place, lies_within, place_key
from matching.profile import Profile
from matching.record import Person

MOST_VALUES = 20
"""Values of one field of one record that are compared, the first in order."""
NOTHING_KNOWN = PLACEHOLDERS | {"", "none", "n/a", "na", "nil", "keine", "aucun", "no", "nothing"}
_NUMBER = re.compile(r"\d+")
LEVELS = ("disagree", "close", "agree")
_OUTCOMES = {"agree": Outcome.AGREE, "close": Outcome.CLOSE, "disagree": Outcome.DISAGREE}
_WORDS = {"agree": "same", "close": "similar", "disagree": "different"}


@dataclass(frozen=True, slots=True)
class TextField:
    """One field of text.

    Attributes:
        name: Of the field, in evidence and profile.
        values: What a record says; empty texts do not count.
        normal: The form in which values are compared.
        scorer: A rapidfuzz scorer, higher is more alike.
        agree: Least similarity that agrees.
        close: Least similarity that comes close.
        is_special: Whether a value may come close in a way that the scorer does not see.
        special: That way, for two values as written.
        numbers: Whether values whose numbers differ come close at most.
    """

    name: str
    values: Callable[[Person], Sequence[str]]
    normal: Callable[[str], str]
    scorer: Any
    agree: float
    close: float
    is_special: Callable[[str], bool] = lambda _: False
    special: Callable[[str, str], bool] = lambda _one, _other: False
    numbers: bool = False

    def said(self, record: Person) -> list[str]:
        """The distinct values of a record in a fixed order."""
        values = self.values(record)
        if not values:
            return []
        said = {value for value in values if value and self.normal(value)}
        return sorted(value for value in said if not is_placeholder(value))[:MOST_VALUES]

    def level(self, left: str, right: str) -> int:
        """Place in `LEVELS` of two values; symmetric."""
        alike = self.scorer(self.normal(left), self.normal(right))
        if alike >= self.agree:
            return 2 if not self.numbers or numbers_fit(left, right) else 1
        if alike >= self.close:
            return 1
        may = self.is_special(left) and self.is_special(right)
        return 1 if may and self.special(left, right) else 0

    def compare(self, left: Person, right: Person, profile: Profile) -> Evidence:
        """The best agreement between any value of one record and any of the other."""
        lefts, rights = self.said(left), self.said(right)
        if not lefts and not rights:
            return unsaid(self.name)
        if not lefts or not rights:
            values = (", ".join(lefts), ", ".join(rights))
            return Evidence(self.name, Outcome.MISSING, 0.0, *values, f"{self.name}.missing")
        place, one, other = max(
            ((self.level(one, other), one, other) for one in lefts for other in rights),
            key=lambda item: (item[0], *sorted(item[1:])),
        )
        level = LEVELS[place]
        reason = f"{self.name}.{_WORDS[level]}"
        weight = profile.weight(self.name, level)
        return Evidence(self.name, _OUTCOMES[level], weight, one, other, reason)


@lru_cache(maxsize=100_000)
def is_placeholder(text: str) -> bool:
    """Whether a text says in words that nothing is known."""
    return text.casefold().strip(" .-?") in NOTHING_KNOWN


@lru_cache(maxsize=100_000)
def numbers_in(text: str) -> frozenset[str]:
    """The numbers in a text, such as those of houses."""
    return frozenset(_NUMBER.findall(text))


def numbers_fit(left: str, right: str) -> bool:
    """Whether the numbers of two texts agree, or one has none."""
    one, other = numbers_in(left), numbers_in(right)
    return not one or not other or bool(one & other)


@lru_cache(maxsize=100_000)
def fold_words(text: str) -> str:
    """A place or street as folded words."""
    return " ".join(fold(token) for token in tokenize(text))


def _postcode(text: str) -> str:
    return text.replace(" ", "").upper()


def _is_known(text: str) -> bool:
    return known_place(text) is not None


PLACE_OF_BIRTH = TextField(
    "place_of_birth",
    lambda record: record.places_of_birth,
    place_key,
    JaroWinkler.similarity,
    0.95,
    0.86,
    _is_known,
    lies_within,
)
"""Place of birth by folded name, exonyms resolved; a country comes close to a place in it."""
CITY = TextField(
    "city",
    lambda record: [item.city for item in record.addresses],
    place_key,
    JaroWinkler.similarity,
    0.95,
    0.86,
)
"""City or suburb of an address."""
ADDRESS = TextField(
    "address",
    lambda record: [item.text for item in record.addresses],
    fold_words,
    fuzz.token_sort_ratio,
    88.0,
    68.0,
    numbers=True,
)
"""Street and house, words in any order; rapidfuzz ratio from 0 to 100."""
POSTCODE = TextField(
    "postcode",
    lambda record: [item.postcode for item in record.addresses],
    _postcode,
    DamerauLevenshtein.normalized_similarity,
    1.0,
    0.74,
)
"""Postcode: one slip in up to seven characters still comes close."""
MARKS = TextField(
    "marks",
    lambda record: [record.description.marks],
    str.casefold,
    fuzz.token_set_ratio,
    85.0,
    60.0,
)
"""Distinguishing marks: words in common count; rapidfuzz ratio from 0 to 100."""
TEXT_FIELDS = (PLACE_OF_BIRTH, CITY, ADDRESS, POSTCODE, MARKS)
