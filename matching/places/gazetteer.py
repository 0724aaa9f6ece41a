"""Read the shipped names of places: exonyms, countries, distances."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from matching.names.folding import fold
from matching.names.tokens import tokenize

_EARTH_KM = 6371.0
_GENERIC = frozenset(
    fold(word)
    for word in (
        "city",
        "province",
        "district",
        "governorate",
        "region",
        "ville",
        "stadt",
        "wilaya",
    )
)
"""Words that say what kind of place it is, not which."""
_OUTER = re.compile(r"[,;/(]")
"""What follows these says where the place lies."""


@dataclass(frozen=True, slots=True)
class Known:
    """A place by its key: folded first name, its country, whether it is the country itself."""

    key: str
    country: str
    is_country: bool


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Known places by folded name, and the middle of countries in degrees north and east."""

    places: dict[str, Known]
    middles: dict[str, tuple[float, float]]


@cache
def gazetteer() -> Gazetteer:
    """The shipped data; the same folded name in two countries stands for neither."""
    text = resources.files("matching.places").joinpath("exonyms.toml").read_text("utf-8")
    data = tomllib.loads(text)
    found: dict[str, Known | None] = {}
    for table, is_country in (("countries", True), ("places", False)):
        for entry in data[table]:
            country, _, names = entry.partition(": ")
            folds = [_folded(name) for name in names.split("/")]
            known = Known(folds[0], country, is_country)
            for folded in folds:
                other = found.setdefault(folded, known)
                if other is not None and other != known and not other.is_country:
                    found[folded] = None
    middles = {country: (float(n), float(e)) for country, (n, e) in data["middle"].items()}
    return Gazetteer({name: known for name, known in found.items() if known}, middles)


def _folded(text: str) -> str:
    words = [fold(token) for token in tokenize(text)]
    return " ".join([word for word in words if word not in _GENERIC] or words)


@lru_cache(maxsize=100_000)
def place_key(text: str) -> str:
    """A place as folded words, in the first of its names that are known.

    What stands behind a comma or in brackets says where it lies and is left out.
    """
    inner = _OUTER.split(text.strip(), maxsplit=1)[0]
    folded = _folded(inner) or _folded(text)
    known = gazetteer().places.get(folded)
    return known.key if known else folded


@lru_cache(maxsize=100_000)
def known_place(text: str) -> Known | None:
    """The known place of a name, or None."""
    return gazetteer().places.get(_folded(_OUTER.split(text.strip(), maxsplit=1)[0]))


def lies_within(one: str, other: str) -> bool:
    """Whether one name is of a country and the other of a place in it."""
    first, second = known_place(one), known_place(other)
    if first is None or second is None or first.country != second.country:
        return False
    return first.is_country != second.is_country


@lru_cache(maxsize=10_000)
def kilometres(one: str, other: str) -> float:
    """Great-circle distance between the middles of two countries; 0 where one is not known."""
    middles = gazetteer().middles
    if one not in middles or other not in middles:
        return 0.0
    (north, east), (other_north, other_east) = (
        tuple(map(math.radians, middles[code])) for code in (one, other)
    )
    angle = math.sin(north) * math.sin(other_north) + math.cos(north) * math.cos(
        other_north
    ) * math.cos(east - other_east)
    return _EARTH_KM * math.acos(min(1.0, max(-1.0, angle)))
