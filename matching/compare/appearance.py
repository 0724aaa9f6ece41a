"""Compare height and weight as ranges, eyes and hair by colour."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from matching.compare.attributes import equal
from matching.compare.texts import is_placeholder
from matching.dates.relations import DAYS_PER_YEAR
from matching.evidence import Evidence, Outcome, unsaid
from matching.profile import Profile
from matching.record import Person

HEIGHT_TOLERANCE_CM = 5
"""Officers guess: heights this far apart still agree."""
WEIGHT_TOLERANCE_KG = 8
GROWTH_CM_A_YEAR, GROWTH_KG_A_YEAR = 7.0, 5.0
"""What a child may gain in a year of the growth spurt (Tanner 1962)."""
MOST_YEARS = 4.0
"""Growth between two records beyond this says nothing more."""
GROWN_UP = 20
_CODES = {
    "bla": "black", "bro": "brown", "brod": "dark brown", "brol": "light brown", "blu": "blue",
    "gre": "green", "gry": "grey", "gra": "grey", "haz": "hazel", "blo": "blond", "yel": "blond",
    "blonde": "blond", "red": "red", "reb": "red brown",
}  # fmt: skip
"""Codes as INTERPOL notices have them, and other spellings."""
_FAMILIES = (
    frozenset({"black", "dark brown"}),
    frozenset({"dark brown", "brown", "light brown", "hazel"}),
    frozenset({"blond", "fair", "light brown", "dyed blond"}),
    frozenset({"red", "auburn", "ginger", "red brown"}),
    frozenset({"blue", "grey", "blue grey"}),
    frozenset({"green", "hazel", "grey green"}),
)
"""Colours that one officer calls so and the next otherwise."""


def compare_height(left: Person, right: Person, profile: Profile) -> Evidence:
    """Height in centimetres; the later record may be taller by what a child grows."""
    one, other = left.description.height_cm, right.description.height_cm
    if one is None and other is None:
        return unsaid("height")
    return _ranges("height", "cm", (one, other), gap(left, right, "height"), profile)


def compare_weight(left: Person, right: Person, profile: Profile) -> Evidence:
    """Weight in kilograms; children gain, anybody may lose."""
    one, other = left.description.weight_kg, right.description.weight_kg
    if one is None and other is None:
        return unsaid("weight")
    return _ranges("weight", "kg", (one, other), gap(left, right, "weight"), profile)


def _ranges(
    field: str,
    unit: str,
    sides: tuple[tuple[int, int] | None, tuple[int, int] | None],
    beyond: float,
    profile: Profile,
) -> Evidence:
    values = (_range(sides[0], unit), _range(sides[1], unit))
    if sides[0] is None or sides[1] is None:
        return Evidence(field, Outcome.MISSING, 0.0, *values, f"{field}.missing")
    return equal(field, beyond <= 0, profile, values)


def _range(value: tuple[int, int] | None, unit: str) -> str:
    return "" if value is None else f"{value[0]}..{value[1]} {unit}"


def gap(left: Person, right: Person, what: str) -> float:
    """How far two ranges lie apart beyond tolerance and growth; not above 0 where they agree."""
    is_height = what == "height"
    one = left.description.height_cm if is_height else left.description.weight_kg
    other = right.description.height_cm if is_height else right.description.weight_kg
    if one is None or other is None:
        return 0.0
    tolerance = HEIGHT_TOLERANCE_CM if is_height else WEIGHT_TOLERANCE_KG
    a_year = GROWTH_CM_A_YEAR if is_height else GROWTH_KG_A_YEAR
    years = growing_years(left, right)
    left_more = one[0] - other[1] - max(0.0, -years) * a_year
    right_more = other[0] - one[1] - max(0.0, years) * a_year
    return max(left_more, right_more) - tolerance


def growing_years(left: Person, right: Person) -> float:
    """Years from the left record to the right one in which the person may have grown."""
    first, second = seen_on(left), seen_on(right)
    if first is None or second is None or not (may_grow(left) and may_grow(right)):
        return 0.0
    years = (second - first).days / DAYS_PER_YEAR
    return min(max(years, -MOST_YEARS), MOST_YEARS)


def seen_on(record: Person) -> date | None:
    """The day of the last dated event, which the description is taken to be of."""
    return max((event.date.earliest for event in record.events if event.date), default=None)


def may_grow(record: Person) -> bool:
    """Whether the person may be below twenty; an unknown age may."""
    day = seen_on(record)
    youngest = max((born.date.latest for born in record.births), default=None)
    return day is None or youngest is None or day.year - youngest.year < GROWN_UP


def compare_eyes(left: Person, right: Person, profile: Profile) -> Evidence:
    """Colour of the eyes by code or word."""
    return _colour("eye_colour", left.description.eye_colour, right.description.eye_colour, profile)


def compare_hair(left: Person, right: Person, profile: Profile) -> Evidence:
    """Colour of the hair by code or word; it can be dyed."""
    one, other = left.description.hair_colour, right.description.hair_colour
    return _colour("hair_colour", one, other, profile)


@lru_cache(maxsize=10_000)
def colour(text: str) -> str:
    """A colour in small letters and one spelling; nothing where it is not known."""
    said = text.casefold().strip().replace("gray", "grey")
    return "" if is_placeholder(text) else _CODES.get(said, said)


def _colour(field: str, left: str, right: str, profile: Profile) -> Evidence:
    if not left and not right:
        return unsaid(field)
    one, other = colour(left), colour(right)
    if not one or not other:
        return Evidence(field, Outcome.MISSING, 0.0, left, right, f"{field}.missing")
    if one != other and any(one in family and other in family for family in _FAMILIES):
        weight = profile.weight(field, "close")
        return Evidence(field, Outcome.CLOSE, weight, left, right, f"{field}.similar")
    return equal(field, one == other, profile, (left, right))
