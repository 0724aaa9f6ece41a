"""Birth, sex, nationality and kind of a case in one integer, and their bits during retrieval."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.dates.relations import is_placeholder
from matching.record import CaseKind, PartialDate, PersonRecord, Precision, Sex

IntArray = NDArray[np.int64]
IdArray = NDArray[np.uint32]
"""Case ids, four bytes each."""
PackedArray = NDArray[np.uint32]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

_WITHIN = (13, 14, 15)
"""Codes in place of a month: the year is the middle of an interval of one, two or three years
to either side."""
_WIDEST = 3
"""Years to either side; a wider interval says too little and counts as unknown."""
FIRST_YEAR = 1850
"""Eight bits hold the years 1851 to 2105; 0 is an unknown year."""
_LAST_YEAR = FIRST_YEAR + 255
_MONTH_SHIFT, _DAY_SHIFT, _SEX_SHIFT, _NATION_SHIFT, _KIND_SHIFT = 8, 12, 17, 19, 29
_YEAR_MASK, _MONTH_MASK, _DAY_MASK, _SEX_MASK, _NATION_MASK, _KIND_MASK = 255, 15, 31, 3, 1023, 3
_LETTERS = 26

_KINDS = {kind.value: place for place, kind in enumerate(CaseKind)}
_SEXES = {Sex.UNKNOWN: 0, Sex.FEMALE: 1, Sex.MALE: 2, Sex.OTHER: 0}


@dataclass(frozen=True, slots=True)
class AttributeBits:
    """Bits of dates, sex and nationality during retrieval: rounder than the assessment's."""

    same_day: float = 16.0
    swapped_day: float = 10.0
    same_day_near_year: float = 8.0
    same_day_other_year: float = 7.0
    same_month: float = 5.0
    same_year: float = 4.0
    near_year: float = -0.5
    year_apart: float = -1.5
    far_year: float = -7.0
    inside_interval: float = 3.0
    sex_agrees: float = 1.2
    sex_differs: float = -4.0
    nation_agrees: float = 4.0
    nation_differs: float = -3.5


BITS = AttributeBits()
"""Set on train seed 11 of the population; see docs/decisions/0008-retrieval.md."""


def pack(record: PersonRecord) -> int:
    """The attributes of a record; a placeholder day counts as unknown."""
    year = month = day = 0
    if record.births:
        year, month, day = _pack_date(record.births[0].date)
    nation = _nation_code(record.nationalities[0]) if record.nationalities else 0
    return (
        year
        | month << _MONTH_SHIFT
        | day << _DAY_SHIFT
        | _SEXES[record.sex] << _SEX_SHIFT
        | nation << _NATION_SHIFT
        | _KINDS[record.kind.value] << _KIND_SHIFT
    )


def _pack_date(value: PartialDate) -> tuple[int, int, int]:
    first, last = value.earliest.year, value.latest.year
    if not FIRST_YEAR < first <= last < _LAST_YEAR:
        return 0, 0, 0
    if value.precision is Precision.RANGE:
        reach = max((last - first + 1) // 2, 1)
        middle = (first + last) // 2 - FIRST_YEAR
        return (middle, _WITHIN[reach - 1], 0) if reach <= _WIDEST else (0, 0, 0)
    if value.precision is Precision.DAY and not is_placeholder(value):
        return first - FIRST_YEAR, value.earliest.month, value.earliest.day
    month = value.earliest.month if value.precision is Precision.MONTH else 0
    return first - FIRST_YEAR, month, 0


def _nation_code(country: str) -> int:
    """1 to 676 for two capital letters; anything else is unknown, and must not touch other bits."""
    one, other = (ord(letter) - ord("A") for letter in country.ljust(2)[:2])
    is_code = len(country) == 2 and 0 <= one < _LETTERS and 0 <= other < _LETTERS  # noqa: PLR2004 - alpha-2
    return one * _LETTERS + other + 1 if is_code else 0


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a packed integer holds; 0 stands for unknown."""

    year: int
    month: int
    day: int
    sex: int
    nation: int
    kind: int


def unpack(packed: int) -> Attributes:
    """The attributes in an integer that `pack` made."""
    year = packed & _YEAR_MASK
    return Attributes(
        year + FIRST_YEAR if year else 0,
        (packed >> _MONTH_SHIFT) & _MONTH_MASK,
        (packed >> _DAY_SHIFT) & _DAY_MASK,
        (packed >> _SEX_SHIFT) & _SEX_MASK,
        (packed >> _NATION_SHIFT) & _NATION_MASK,
        (packed >> _KIND_SHIFT) & _KIND_MASK,
    )


def repack(held: Attributes) -> int:
    """The integer that `unpack` read attributes from."""
    return (
        (held.year - FIRST_YEAR if held.year else 0)
        | held.month << _MONTH_SHIFT
        | held.day << _DAY_SHIFT
        | held.sex << _SEX_SHIFT
        | held.nation << _NATION_SHIFT
        | held.kind << _KIND_SHIFT
    )


def of_kinds(packed: PackedArray, kinds: Collection[str]) -> BoolArray:
    """Which cases are of the given kinds; no kinds means all, shape (cases,)."""
    if not kinds:
        return np.ones(len(packed), dtype=bool)
    codes = [_KINDS[kind] for kind in sorted(kinds)]
    found: BoolArray = np.isin((packed >> np.uint32(_KIND_SHIFT)) & np.uint32(_KIND_MASK), codes)
    return found


def kind_code(kind: str) -> int:
    """The number of a kind of case inside a packed integer."""
    return _KINDS[kind]


def attribute_bits(asked: int, packed: PackedArray, bits: AttributeBits = BITS) -> FloatArray:
    """Bits of date of birth, sex and nationality for many candidates; unknown gives 0.

    Args:
        asked: Packed attributes of the query.
        packed: Packed attributes of the candidates, shape (candidates,).
        bits: What each agreement says.

    Returns:
        Bits, shape (candidates,).
    """
    query = unpack(asked)
    found: FloatArray = _year_bits(query, bits)[packed & np.uint32(_YEAR_MASK | 15 << _MONTH_SHIFT)]
    if query.day:
        _add_days(query, packed, found, bits)
    if query.sex:
        sexes = (packed >> np.uint32(_SEX_SHIFT)) & np.uint32(_SEX_MASK)
        found += _codes(sexes, query.sex, bits.sex_agrees, bits.sex_differs)
    if query.nation:
        nations = (packed >> np.uint32(_NATION_SHIFT)) & np.uint32(_NATION_MASK)
        found += _codes(nations, query.nation, bits.nation_agrees, bits.nation_differs)
    return found


def most_without_day(asked: int, bits: AttributeBits = BITS) -> float:
    """The most bits that attributes give who has neither the birthday asked for nor a slip of it.

    A slip exchanges day and month or is a year off: `IndexQuery.days` has them all.
    """
    query = unpack(asked)
    born = float(_year_bits(query, bits).max())
    if query.day:
        born = max(born, bits.same_day_other_year)
    sex = bits.sex_agrees if query.sex else 0.0
    return born + sex + (bits.nation_agrees if query.nation else 0.0)


def _codes(codes: PackedArray, asked: int, agrees: float, differs: float) -> FloatArray:
    said = np.where(codes == asked, np.float32(agrees), np.float32(differs))
    return np.where(codes == 0, np.float32(0), said)


def _year_bits(query: Attributes, bits: AttributeBits) -> FloatArray:
    """Bits for every year and month, or interval, that a case may hold, shape (4096,)."""
    held = np.arange(1 << _DAY_SHIFT)
    years, months = held & _YEAR_MASK, held >> _MONTH_SHIFT
    found = np.zeros(len(held), dtype=np.float32)
    if not query.year:
        return found
    reach = np.maximum(months - _WITHIN[0] + 1, 0)
    own = max(query.month - _WITHIN[0] + 1, 0)
    apart = np.maximum(np.abs(years - (query.year - FIRST_YEAR)) - reach - own, 0)
    found[:] = np.maximum(bits.year_apart * (apart - 1), bits.far_year)
    found[apart == 1] = bits.near_year
    found[apart == 0] = bits.inside_interval
    if not own:
        found[(apart == 0) & (reach == 0)] = bits.same_year
        found[(apart == 0) & (months == query.month) & (months > 0)] = bits.same_month
    found[years == 0] = 0
    return found


def _add_days(
    query: Attributes, packed: PackedArray, found: FloatArray, bits: AttributeBits
) -> None:
    """Put what an equal or swapped day says in place of what year and month say."""
    days = (packed >> np.uint32(_MONTH_SHIFT)) & np.uint32(0x1FF)
    same = np.flatnonzero(days == (query.month | query.day << 4))
    apart = np.abs(_years(packed[same]) - query.year)
    said = np.where(apart == 1, bits.same_day_near_year, bits.same_day_other_year)
    found[same] = np.where(apart == 0, bits.same_day, said)
    if query.day <= 12 and query.day != query.month:  # noqa: PLR2004 - months of a year
        swapped = np.flatnonzero(days == (query.day | query.month << 4))
        found[swapped[_years(packed[swapped]) == query.year]] = bits.swapped_day


def _years(packed: PackedArray) -> IntArray:
    return (packed & np.uint32(_YEAR_MASK)).astype(np.int64) + FIRST_YEAR
